import assert from 'node:assert/strict';
import { ApiFailure } from '../../../../sandbox/kubernetes/api-failure.ts';
import type { KubeObject } from '../../../../sandbox/kubernetes/object.ts';
import { patched } from '../../../../sandbox/kubernetes/patch/patches.ts';
import { serverSideApply } from '../../../../sandbox/kubernetes/patch/server-side-apply.ts';
import { trackUpdate } from '../../../../sandbox/kubernetes/patch/tracked-update.ts';
import { recordedSequences } from './recorded.ts';
import type { RecordedWrite } from './recorded.ts';
import { typeOf } from './schemas.ts';

describe('writes that were recorded from a real API server', () => {
  for (const [name, writes] of recordedSequences) {
    describe(name, () => {
      let current: KubeObject | undefined;
      for (const [index, write] of writes.entries()) {
        const before = write.creates ? undefined : current;
        current = write.object ?? current;
        const how = [write.subresource, write.force && 'by force'].filter(Boolean).join(' ');
        const outcome = write.object ? 'succeeds' : `fails with ${write.failure?.code}`;
        it(`${index}: ${write.op} ${how} by ${write.manager} ${outcome}`.replaceAll('  ', ' '), () => {
          if (write.object) answersAs(write, write.object, before);
          else failsAs(write, before);
        });
      }
    });
  }
});

function answersAs(write: RecordedWrite, expected: KubeObject, before: KubeObject | undefined): void {
  const written = perform(write, before);
  const { elsewhere = [] } = write;
  assert.deepEqual(content(written, elsewhere), content(expected, elsewhere));

  // Defaults come between the patch and its owner, so the owner's part is judged from the real server's object.
  const next = write.op === 'create' ? without(expected, elsewhere) : expected;
  const sent = write.op === 'create' || write.op === 'update' ? (write.sent as KubeObject) : written;
  const { managedFields } = sent.metadata;
  const owned =
    write.op === 'apply'
      ? written
      : trackUpdate({
          ...requestOf(write, expected),
          previous: before,
          next: { ...next, metadata: { ...next.metadata, managedFields } },
        });
  assert.deepEqual(owned.metadata.managedFields, expected.metadata.managedFields);
}

/** With the same fields in conflict; the words are ours. */
function failsAs({ failure, ...write }: RecordedWrite, before: KubeObject | undefined): void {
  assert.throws(
    () => perform(write, before),
    (error) => {
      assert(error instanceof ApiFailure, String(error));
      assert.deepEqual(isConflict(error.code), isConflict(failure?.code));
      assert.deepEqual(causesOf(error.details), causesOf(failure?.details));
      return true;
    },
  );
}

function isConflict(code = 0): boolean {
  return code === 409;
}

/** The object that the write asks for. */
function perform(write: RecordedWrite, before: KubeObject | undefined): KubeObject {
  const { op, sent, force } = write;
  if (op === 'apply') {
    return serverSideApply({
      ...requestOf(write, before ?? (sent as KubeObject)),
      live: before,
      applied: sent as KubeObject,
      force,
    });
  }
  if (op === 'create' || op === 'update') return write.object ?? (sent as KubeObject);
  assert(before);
  return patched(op, before, sent, typeOf(before).schema);
}

function requestOf(write: RecordedWrite, { apiVersion, kind }: KubeObject) {
  const { manager, subresource, object } = write;
  const type = typeOf({ apiVersion, kind });
  const times = object?.metadata.managedFields?.map(({ time = '' }) => time) ?? [];
  const [time = ''] = times.sort().reverse();
  const { schema, isCustom, hasStatus } = type;
  return { schema, isCustom, hasStatus, apiVersion, manager, time, subresource };
}

function content(object: KubeObject, elsewhere: readonly string[]): object {
  const { managedFields: _, ...metadata } = without(object, elsewhere).metadata;
  return { ...without(object, elsewhere), metadata };
}

function without(object: KubeObject, paths: readonly string[]): KubeObject {
  const copy = structuredClone(object);
  for (const path of paths) {
    const steps = path.split('.');
    const last = steps.pop() ?? '';
    const holder = steps.reduce<unknown>((value, step) => (value as Record<string, unknown> | undefined)?.[step], copy);
    if (holder) delete (holder as Record<string, unknown>)[last];
  }
  return copy;
}

/** The real server tells those of several managers in any order. */
function causesOf(details: ApiFailure['details']): string[] {
  return (details?.causes ?? []).map(({ field, message }) => `${field}: ${message}`).sort();
}
