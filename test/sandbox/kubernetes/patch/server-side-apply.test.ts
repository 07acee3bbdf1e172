import assert from 'node:assert/strict';
import fc from 'fast-check';
import { ApiFailure } from '../../../../sandbox/kubernetes/api-failure.ts';
import type { KubeObject } from '../../../../sandbox/kubernetes/object.ts';
import { serverSideApply } from '../../../../sandbox/kubernetes/patch/server-side-apply.ts';
import { trackUpdate } from '../../../../sandbox/kubernetes/patch/tracked-update.ts';
import type { Schema } from '../../../../operator/admission/schema.ts';

const first = '2026-01-01T00:00:00Z';
const later = '2026-01-01T00:00:05Z';

const text: Schema = { type: 'string' };
const item: Schema = {
  type: 'object',
  properties: {
    port: { type: 'integer' },
    protocol: { type: 'string', default: 'TCP' },
    target: text,
    options: { type: 'object', additionalProperties: text },
  },
};
const schema: Schema = {
  type: 'object',
  properties: {
    apiVersion: text,
    kind: text,
    metadata: { type: 'object', properties: { name: text } },
    data: { type: 'object', additionalProperties: text },
    selector: { type: 'object', additionalProperties: text, 'x-kubernetes-map-type': 'atomic' },
    tags: { type: 'array', items: text, 'x-kubernetes-list-type': 'set' },
    ports: {
      type: 'array',
      items: item,
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': ['port', 'protocol'],
    },
    args: { type: 'array', items: text },
    free: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
  },
};

const keyOf = ({ port, protocol = 'TCP' }: { port?: number; protocol?: string }): string => `${port}/${protocol}`;

/** Objects whose lists and maps have any of a few items; the values are given. */
function objectsOf(values: readonly string[]): fc.Arbitrary<KubeObject> {
  const value = fc.constantFrom(...values);
  const map = fc.dictionary(fc.constantFrom('a', 'b', 'c'), value, { minKeys: 1 });
  const whole = fc.array(value, { minLength: values.length, maxLength: values.length });
  const port = fc.record(
    { port: fc.constantFrom(80, 443), protocol: fc.constantFrom('TCP', 'UDP'), target: value, options: map },
    { requiredKeys: ['port'] },
  );
  const fields = {
    data: map,
    selector: value.map((a) => ({ a })),
    tags: fc.uniqueArray(fc.constantFrom('x', 'y', 'z'), { minLength: 1 }),
    ports: fc.uniqueArray(port, { minLength: 1, selector: keyOf }),
    args: whole,
    free: fc.dictionary(
      fc.constantFrom('p', 'q'),
      fc.oneof(map, fc.dictionary(fc.constantFrom('r'), map, { minKeys: 1 })),
      {
        minKeys: 1,
      },
    ),
    list: whole.map((args) => ({ args })),
  };
  return fc.record(fields, { requiredKeys: [] }).map(({ list, free, ...rest }) => {
    const all = { ...free, ...list };
    return object(Object.keys(all).length > 0 ? { ...rest, free: all } : rest);
  });
}

const anObject = objectsOf(['1', '2']);
/** Two of these are in conflict only where one has a map and the other a text. */
const anAgreedObject = objectsOf(['1']);
const force = fc.boolean();

describe('serverSideApply', () => {
  it('changes nothing when the same is applied again', () => {
    fc.assert(
      fc.property(anObject, anObject, (base, applied) => {
        const live = apply('x', created(base), applied, true);
        assert.deepEqual(apply('x', live, structuredClone(applied), false, later), live);
      }),
      { numRuns: 40 },
    );
  });

  it('gives back what was before when a manager applies without conflict, and then nothing any more', () => {
    let runs = 0;
    fc.assert(
      fc.property(anAgreedObject, anAgreedObject, (base, applied) => {
        const before = created(base);
        const after = applyUnlessConflict('x', before, applied);
        if (!after) return;
        runs += 1;
        const back = apply('x', after, object({}));
        assert.deepEqual(inOneOrder(back), inOneOrder(before));
      }),
      { numRuns: 100 },
    );
    assert(runs > 30, `only ${runs} applies without conflict`);
  });

  it('leaves every field of an applied configuration as applied', () => {
    fc.assert(
      fc.property(anObject, anObject, anObject, force, (base, first, second, again) => {
        const live = apply('y', apply('x', created(base), first, true), second, true);
        const { managedFields: _, ...metadata } = live.metadata;
        const result = apply('z', { ...live, metadata }, second, again);
        assert.deepEqual(apply('z', result, second, false, later), result);
        for (const [key, wanted] of Object.entries(second.data ?? {})) {
          assert.equal((result.data as Record<string, string>)[key], wanted);
        }
        if (second.args) assert.deepEqual(result.args, second.args);
        if (second.selector) assert.deepEqual(result.selector, second.selector);
      }),
      { numRuns: 40 },
    );
  });

  it('does not change the live object', () => {
    fc.assert(
      fc.property(anObject, anObject, (base, applied) => {
        const live = created(base);
        const copy = structuredClone(live);
        apply('x', live, applied, true);
        assert.deepEqual(live, copy);
      }),
      { numRuns: 40 },
    );
  });

  it('refuses what others own with another value, and takes it by force', () => {
    const live = created(object({ data: { a: '1', b: '1' } }));
    const applied = object({ data: { a: '2' } });
    assert.throws(() => apply('x', live, applied), {
      code: 409,
      message: 'Apply failed with 1 conflict: conflict with "creator" using v1: .data.a',
    });
    const taken = apply('x', live, applied, true);
    assert.deepEqual(
      taken.metadata.managedFields?.map(({ manager, fieldsV1 }) => [manager, fieldsV1]),
      [
        ['x', { 'f:data': { 'f:a': {} } }],
        ['creator', { 'f:data': { '.': {}, 'f:b': {} } }],
      ],
    );
  });

  it('lets two managers own a field that both want equal, and keeps it when one leaves', () => {
    const shared = object({ data: { a: '1' } });
    const both = apply('y', apply('x', undefined, shared), shared);
    const left = apply('x', both, object({}));
    assert.deepEqual(left.data, { a: '1' });
    assert.deepEqual(
      left.metadata.managedFields?.map(({ manager }) => manager),
      ['y'],
    );
  });

  it('does not mistake a map for items of a list', () => {
    const live = apply('x', undefined, object({ tags: ['x'] }));
    assert.deepEqual(apply('x', live, object({ tags: { y: 'z' } })).tags, { y: 'z' });
  });

  it('refuses a list whose items cannot be told apart', () => {
    const port = { port: 80, target: '1' };
    assert.throws(() => apply('x', undefined, object({ ports: [port, port] })), {
      message: /\.ports: .*port, protocol/,
    });
  });

  it('fills in the defaults of list keys', () => {
    const live = apply('x', undefined, object({ ports: [{ port: 80, target: '1' }] }));
    const changed = apply('x', live, object({ ports: [{ port: 80, protocol: 'TCP', target: '2' }] }));
    assert.deepEqual(changed.ports, [{ port: 80, protocol: 'TCP', target: '2' }]);
  });
});

function object(rest: object): KubeObject {
  // Records of fast-check have no prototype, unlike what JSON.parse returns.
  const plain = JSON.parse(JSON.stringify(rest)) as object;
  return { apiVersion: 'v1', kind: 'Thing', metadata: { name: 'n' }, ...plain };
}

function created(next: KubeObject): KubeObject {
  return trackUpdate({ ...requestOf('creator'), previous: undefined, next });
}

function apply(
  manager: string,
  live: KubeObject | undefined,
  applied: KubeObject,
  force = false,
  time = first,
): KubeObject {
  return serverSideApply({ ...requestOf(manager), time, live, applied, force });
}

function applyUnlessConflict(manager: string, live: KubeObject, applied: KubeObject): KubeObject | undefined {
  try {
    return apply(manager, live, applied);
  } catch (error) {
    if (error instanceof ApiFailure && error.reason === 'Conflict') return undefined;
    throw error;
  }
}

function requestOf(manager: string) {
  return { schema, manager, apiVersion: 'v1', time: first, isCustom: true };
}

/** Lists that fall together by key may have another order afterwards. */
function inOneOrder({ tags, ports, ...rest }: KubeObject): object {
  const inOrder = (a: string, b: string): number => (a < b ? -1 : 1);
  const textOf = (entry: unknown): string =>
    Object.entries(entry as object)
      .map((field) => JSON.stringify(field))
      .sort(inOrder)
      .join();
  const sorted = (list: unknown): unknown => (Array.isArray(list) ? list.map(textOf).sort(inOrder) : list);
  return { ...rest, tags: sorted(tags), ports: sorted(ports) };
}
