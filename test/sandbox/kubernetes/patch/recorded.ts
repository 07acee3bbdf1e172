/**
 * What a real API server (1.36) answered to sequences of writes: one file for each sequence, one line for each write.
 *
 * Left out are the fields that differ from run to run (uid, resourceVersion, creationTimestamp, generation).
 */
import { readFileSync, readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { FailureDetails } from '../../../../sandbox/kubernetes/api-failure.ts';
import type { KubeObject } from '../../../../sandbox/kubernetes/object.ts';

export interface RecordedWrite {
  readonly op: 'create' | 'update' | 'apply' | 'json' | 'merge' | 'strategic';
  readonly manager: string;
  readonly force?: boolean;
  readonly subresource?: string;
  readonly creates?: boolean;
  readonly sent: unknown;
  /** The object after the write, when it succeeded. */
  readonly object?: KubeObject;
  readonly failure?: { readonly code: number; readonly message?: string; readonly details?: FailureDetails };
  /** Paths that defaults, allocation or the endpoint decide, not the patch. */
  readonly elsewhere?: readonly string[];
}

const folder = join(import.meta.dirname, 'recorded');

export const recordedSequences: ReadonlyMap<string, readonly RecordedWrite[]> = new Map(
  readdirSync(folder)
    .sort()
    .map((file) => {
      const lines = readFileSync(join(folder, file), 'utf8').trimEnd().split('\n');
      return [basename(file, '.jsonl').replaceAll('-', ' '), lines.map((line) => JSON.parse(line) as RecordedWrite)];
    }),
);
