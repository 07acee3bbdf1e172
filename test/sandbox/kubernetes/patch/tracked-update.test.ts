import assert from 'node:assert/strict';
import type { KubeObject, ManagedFieldsEntry } from '../../../../sandbox/kubernetes/object.ts';
import { trackUpdate } from '../../../../sandbox/kubernetes/patch/tracked-update.ts';
import { typeOf } from './schemas.ts';

const first = '2026-01-01T00:00:00Z';
const later = '2026-01-01T00:00:05Z';

describe('trackUpdate', () => {
  it('gives what is created to its creator, without what the server sets', () => {
    const created = track({ manager: 'kubectl', next: configMap({ a: '1' }, { uid: 'u', generation: 1 }) });
    assert.deepEqual(created.metadata.managedFields, [
      {
        apiVersion: 'v1',
        fieldsType: 'FieldsV1',
        fieldsV1: { 'f:data': { '.': {}, 'f:a': {} } },
        manager: 'kubectl',
        operation: 'Update',
        time: first,
      },
    ]);
  });

  it('moves changed fields to who changed them, and forgets removed ones', () => {
    const created = track({ manager: 'a', next: configMap({ x: '1', y: '1', z: '1' }) });
    const changed = track({
      manager: 'b',
      previous: created,
      next: withData(created, { x: '2', y: '1' }),
      time: later,
    });
    assert.deepEqual(owners(changed), { a: { 'f:data': { '.': {}, 'f:y': {} } }, b: { 'f:data': { 'f:x': {} } } });
  });

  it('keeps everything, times included, when nothing changes', () => {
    const created = track({ manager: 'a', next: configMap({ x: '1' }) });
    const same = track({ manager: 'b', previous: created, next: structuredClone(created), time: later });
    assert.deepEqual(same, created);
  });

  it('takes the managedFields of the object when a client sends none', () => {
    const created = track({ manager: 'a', next: configMap({ x: '1' }) });
    const sent = configMap({ x: '1', y: '1' });
    const changed = track({ manager: 'b', previous: created, next: sent });
    assert.deepEqual(Object.keys(owners(changed)), ['a', 'b']);
  });

  for (const [title, managedFields] of [
    ['an empty list', []],
    ['a list of one empty entry', [{} as ManagedFieldsEntry]],
  ] as const) {
    it(`stops tracking an object whose managedFields are set to ${title}`, () => {
      const created = track({ manager: 'a', next: configMap({ x: '1' }) });
      const next = configMap({ x: '2' }, { managedFields });
      const reset = track({ manager: 'b', previous: created, next });
      assert.equal(reset.metadata.managedFields, undefined);
      const again = track({ manager: 'b', previous: reset, next: configMap({ x: '3' }) });
      assert.equal(again.metadata.managedFields, undefined);
    });
  }

  it('ignores nonsense in managedFields', () => {
    const created = track({ manager: 'a', next: configMap({ x: '1' }) });
    for (const fieldsV1 of ['text', [], 1]) {
      const entry = { ...created.metadata.managedFields?.[0], fieldsV1 } as ManagedFieldsEntry;
      const next = withData({ ...created, metadata: { ...created.metadata, managedFields: [entry] } }, { x: '1' });
      const kept = track({ manager: 'b', previous: created, next });
      assert.deepEqual(kept.metadata.managedFields, created.metadata.managedFields);
    }
  });

  it('gives nobody what an endpoint cannot change', () => {
    const type = typeOf({ apiVersion: 'v1', kind: 'Service' });
    const next: KubeObject = {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 's' },
      spec: { type: 'ClusterIP' },
      status: { loadBalancer: { ingress: [{ ip: '1.2.3.4' }] } },
    };
    const request = { ...type, apiVersion: 'v1', manager: 'a', time: first };
    const created = trackUpdate({ ...request, previous: undefined, next });
    assert.deepEqual(owners(created), { a: { 'f:spec': { 'f:type': {} } } });
  });
});

function track(request: { manager: string; previous?: KubeObject; next: KubeObject; time?: string }): KubeObject {
  const { schema } = typeOf({ apiVersion: 'v1', kind: 'ConfigMap' });
  const { manager, previous, next, time = first } = request;
  return trackUpdate({ schema, apiVersion: 'v1', manager, time, previous, next });
}

function configMap(data: object, metadata: Partial<KubeObject['metadata']> = {}): KubeObject {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'c', ...metadata }, data };
}

function withData(object: KubeObject, data: object): KubeObject {
  return { ...object, data };
}

function owners({ metadata: { managedFields = [] } }: KubeObject): Record<string, unknown> {
  return Object.fromEntries(managedFields.map(({ manager, fieldsV1 }) => [manager, fieldsV1]));
}
