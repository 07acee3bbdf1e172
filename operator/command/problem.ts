/** What is wrong with a manifest, and where: one line for people, editors and the logs of a CI. */
import type { Place } from '../config-sync/formats/syntax-problem.ts';
import type { Manifest } from './manifest.ts';

export interface Problem extends Place {
  readonly file: string;
  /** Such as `NacosConfig/orders.yaml`; '' where no object could be read. */
  readonly title: string;
  /** Such as `spec.content`; '' where it is about the object as a whole. */
  readonly field: string;
  readonly message: string;
}

export function problemOf(manifest: Manifest, field: string, message: string): Problem {
  const { file, title } = manifest;
  return { ...manifest.placeOf(field), file, title, field, message };
}

export function problemText({ column, field, file, line, message, title }: Problem): string {
  const subject = [title, field].filter((text) => text !== '').join(' ');
  return `${file}:${line}:${column}${subject === '' ? '' : ` ${subject}`}: ${message}`;
}

export function inOrder(problems: readonly Problem[]): Problem[] {
  return problems.toSorted((a, b) => {
    if (a.file !== b.file) return a.file < b.file ? -1 : 1;
    return a.line - b.line || a.column - b.column;
  });
}
