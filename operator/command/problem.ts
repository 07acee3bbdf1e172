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

/** A field of an object. */
export interface Origin {
  readonly manifest: Manifest;
  readonly field: string;
}

export function problemOf(manifest: Manifest, field: string, message: string): Problem {
  const { file, title } = manifest;
  return { ...manifest.placeOf(field), file, title, field, message };
}

/** What is wrong with the spec of an object: messages about one name their field first. */
export function specProblem(manifest: Manifest, { message }: Error): Problem {
  const field = /`(spec(?:\.\w+)*)`/.exec(message)?.[1] ?? 'spec';
  return problemOf(manifest, field, message);
}

export function warningText(warning: Problem): string {
  return problemText({ ...warning, message: `warning: ${warning.message}` });
}

export function problemText({ column, field, file, line, message, title }: Problem): string {
  const subject = [title, field].filter((text) => text !== '').join(' ');
  return `${file}:${line}:${column}${subject === '' ? '' : ` ${subject}`}: ${message}`;
}

/** For programs; `docs/command-line.md` tells the form. */
export function problemJson({ column, field, file, line, message, title: object }: Problem): object {
  return { file, line, column, object, field, message };
}

/** Such as `no problems`, `1 problem`. */
export function counted(count: number, noun: string): string {
  return `${count === 0 ? 'no' : count} ${noun}${count === 1 ? '' : 's'}`;
}

export function inOrder(problems: readonly Problem[]): Problem[] {
  return problems.toSorted((a, b) => {
    if (a.file !== b.file) return a.file < b.file ? -1 : 1;
    return a.line - b.line || a.column - b.column;
  });
}
