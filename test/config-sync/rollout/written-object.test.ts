import assert from 'node:assert/strict';
import type { NacosConfigSync } from '../../../operator/api/resources.ts';
import {
  noteOf,
  rolloutOf,
  targetsOf,
  writeAnnotations,
} from '../../../operator/config-sync/rollout/written-object.ts';
import type { KubeObject } from '../../../operator/kube/resource.ts';
import { md5Of } from '../../../operator/nacos/index.ts';
import { syncOf } from '../bulk/samples.ts';

const bridge = 'bridge.nacos.io';
const at = '2026-01-01T12:00:00.000Z';
const later = '2026-01-01T12:00:00.001Z';
const md5 = 'a'.repeat(32);
const controller = { apiVersion: `${bridge}/v1alpha1`, kind: 'NacosConfigSync', name: 'sync', controller: true };

function syncWith(rollout: NacosConfigSync['spec']['rollout'], spec: Partial<NacosConfigSync['spec']> = {}) {
  return syncOf({ source: 'Both', rollout, ...spec });
}

const on = { auto: true, debounceSeconds: 5 };
const off = { auto: false, debounceSeconds: 5 };
const sync = syncWith(on);

/** A mirror of the sync whose uid is `ownerUid`. */
function mirror(ownerUid: string, kind = 'ConfigMap'): KubeObject {
  const annotations = { [`${bridge}/content-md5`]: md5, [`${bridge}/changed-at`]: at };
  const ownerReferences = [{ ...controller, uid: ownerUid }];
  return {
    kind,
    metadata: {
      name: 'app',
      namespace: 'shop',
      uid: 'u',
      labels: { [`${bridge}/mirror`]: 'true' },
      annotations,
      ownerReferences,
    },
  };
}

function ofUsers(annotations: Record<string, string>, labels: Record<string, string> = {}): KubeObject {
  const ours = Object.fromEntries(Object.entries(annotations).map(([name, value]) => [`${bridge}/${name}`, value]));
  return { kind: 'ConfigMap', metadata: { name: 'app', namespace: 'shop', uid: 'u', labels, annotations: ours } };
}

const byUs = { 'written-by': 'sync', 'content-md5': md5 };

describe('what an object tells of the writes of a NacosConfigSync', () => {
  const annotation = `${bridge}/rolled-out.ConfigMap.app`;
  const changedAtMs = Date.parse(at);
  const cases: readonly [title: string, object: KubeObject | undefined, note: object | undefined][] = [
    ['there is none', undefined, undefined],
    ['a mirror of it', mirror('uid-of-sync'), { annotation, present: `${md5} keys`, changedAtMs }],
    ['a mirror of another one', mirror('uid-of-another'), undefined],
    ['users alone have written it', ofUsers({}), undefined],
    ['it has made it', ofUsers(byUs), { annotation, present: `${md5} keys`, changedAtMs: undefined }],
    [
      'it has written into it',
      ofUsers({ ...byUs, 'changed-at': at }),
      { annotation, present: `${md5} ${at}`, changedAtMs },
    ],
    ['another one has written it last', ofUsers({ ...byUs, 'written-by': 'other' }), undefined],
    ['a mirror that has its name by hand', ofUsers(byUs, { [`${bridge}/mirror`]: 'true' }), undefined],
    [
      'its annotation is no time',
      ofUsers({ ...byUs, 'changed-at': 'soon' }),
      { annotation, present: `${md5} soon`, changedAtMs: undefined },
    ],
  ];
  for (const [title, object, note] of cases) {
    it(`is ${note ? 'a note for its workloads' : 'nothing'}, where this is so: ${title}`, () => {
      assert.deepEqual(noteOf(sync, 'ConfigMap', object), note && { former: [], ...note });
    });
  }

  it('is no digest of the content, of a Secret', () => {
    const note = noteOf(sync, 'Secret', mirror('uid-of-sync', 'Secret'));
    assert.equal(note?.annotation, `${bridge}/rolled-out.Secret.app`);
    assert.match(note?.present ?? '', /^[0-9a-f]{64} keys$/);
  });
});

describe('the annotations of a write into a ConfigMap of users', () => {
  const view = (keys: Record<string, string | undefined>, annotations = {}) => ({
    kind: 'ConfigMap',
    metadata: { name: 'app', creationTimestamp: '2026-01-01T00:00:00Z', annotations },
    keys: new Map(Object.entries(keys).map(([key, value]) => [key, { md5: value }])),
  });
  const contentMd5 = (annotations: Record<string, string> | undefined) => annotations?.[`${bridge}/content-md5`];
  const nowMs = Date.parse(at);

  it('are none without a rollout', () => {
    for (const rollout of [undefined, off]) {
      assert.equal(writeAnnotations(syncWith(rollout), undefined, { a: '1' }, nowMs), undefined);
    }
  });

  it('tell no time for one that is made: nobody has begun with anything else', () => {
    const annotations = writeAnnotations(sync, undefined, { a: '1' }, nowMs);
    assert.deepEqual(Object.keys(annotations ?? {}).sort(), [`${bridge}/content-md5`, `${bridge}/written-by`]);
  });

  it('are by the content of all keys, in whatever order, whoever has written them', () => {
    const whole = writeAnnotations(sync, view({ b: md5Of('2') }), { a: '1' }, nowMs);
    const other = writeAnnotations(sync, view({ a: md5Of('0') }), { b: '2', a: '1' }, nowMs);
    assert.equal(contentMd5(whole), contentMd5(other));
    assert.notEqual(contentMd5(whole), contentMd5(writeAnnotations(sync, view({ b: md5Of('3') }), { a: '1' }, nowMs)));
    assert.notEqual(contentMd5(whole), contentMd5(writeAnnotations(sync, view({ b: undefined }), { a: '1' }, nowMs)));
  });

  it('tell a later time with each write, also of the same content and by a clock that is behind', () => {
    const first = writeAnnotations(sync, view({ a: md5Of('0') }), { a: '1' }, nowMs);
    assert.equal(first?.[`${bridge}/changed-at`], at);
    const again = writeAnnotations(sync, view({ a: md5Of('users') }, first), { a: '1' }, nowMs - 60_000);
    assert.deepEqual(again, { ...first, [`${bridge}/changed-at`]: later });
  });
});

describe('the workloads of a NacosConfigSync', () => {
  it('are those that use what it has written, each with a note for each object', () => {
    const workload = (name: string, ...maps: string[]) => {
      const containers = [{ envFrom: maps.map((map) => ({ configMapRef: { name: map } })) }];
      return {
        kind: 'Deployment' as const,
        name,
        object: { metadata: { name }, spec: { template: { spec: { containers } } } },
      };
    };
    const metadata = {
      ConfigMap: { get: (key: string) => (key === 'shop/theirs' ? ofUsers({}) : ofUsers(byUs)) },
      Secret: { get: () => undefined },
    };
    const workloads = [workload('none'), workload('others', 'theirs'), workload('user', 'a', 'theirs', 'b')];
    const targets = targetsOf(sync, workloads, metadata);
    assert.deepEqual(
      targets.map(({ notes, workload: { name } }) => [name, notes.length]),
      [['user', 2]],
    );
  });

  it('are restarted while it has a rollout and is neither suspended nor being deleted', () => {
    assert.equal(rolloutOf(sync)?.debounceSeconds, 5);
    const deleted = { ...sync, metadata: { ...sync.metadata, deletionTimestamp: at } };
    const others = [syncOf(), syncWith(off), syncWith(on, { suspend: true }), deleted];
    assert.deepEqual(others.map(rolloutOf), [undefined, undefined, undefined, undefined]);
  });
});
