/** The cells of one kind's rows, all of them, also those of `-o wide`, and the pieces that those of several kinds share. */
import { isJsonObject } from '../../../../operator/admission/json.ts';
import type { KubeObject } from '../../object.ts';
import { age } from '../age.ts';

export type Cells = (object: KubeObject, nowMs: number) => readonly unknown[];

export const none = '<none>';

export function ageOf({ metadata }: KubeObject, nowMs: number): string {
  return age(metadata.creationTimestamp, nowMs);
}

export function orNone(text: string): string {
  return text === '' ? none : text;
}

export function numberAt(parent: unknown, key: string): number {
  const value = isJsonObject(parent) ? parent[key] : undefined;
  return typeof value === 'number' ? value : 0;
}
