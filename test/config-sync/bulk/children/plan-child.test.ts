import assert from 'node:assert/strict';
import { childName, childOf, isOtherwise } from '../../../../operator/config-sync/bulk/children/child.ts';
import { planChild, type ChildInput } from '../../../../operator/config-sync/bulk/children/plan-child.ts';
import { syncOf } from '../samples.ts';
import { childAsStored, item } from './samples.ts';

const sync = syncOf();
const deleting = syncOf({ syncDeletion: true });
const suspended = syncOf({ suspend: true });
const desired = childOf(sync, item, 'Base64');
const stored = childAsStored(sync);
const ending = childAsStored(sync, { deletionTimestamp: '2026-01-01T00:00:00Z' });
const foreign = childAsStored(sync, { ownerReferences: [] });
const retaining = { ...stored, spec: { ...stored.spec, deletionPolicy: 'Retain' as const } };
const edited = { ...stored, spec: { ...stored.spec, suspend: true, description: 'by hand' } };

interface Case {
  title: string;
  /** What differs from: not wanted, ours, as stored, complete, settled, not held. */
  input: Partial<ChildInput>;
  action: string;
}

const cases: Case[] = [
  { title: 'creates what is new', input: { desired, existing: undefined }, action: 'create' },
  {
    title: 'creates nothing while suspended',
    input: { sync: suspended, desired, existing: undefined },
    action: 'none',
  },
  { title: 'leaves what somebody else made', input: { desired, existing: foreign }, action: 'blocked' },
  { title: 'waits for the end of a former one', input: { desired, existing: ending }, action: 'wait' },
  { title: 'leaves what is as wanted', input: { desired, existing: stored }, action: 'none' },
  { title: 'puts back what was edited', input: { desired, existing: edited }, action: 'patch /spec/suspend' },
  { title: 'has nothing to remove', input: { existing: undefined }, action: 'none' },
  { title: 'never removes what somebody else made', input: { existing: foreign }, action: 'none' },
  { title: 'does not delete twice', input: { existing: ending }, action: 'none' },
  { title: 'keeps while not all is seen', input: { isComplete: false }, action: 'keep' },
  { title: 'keeps while suspended', input: { sync: suspended }, action: 'keep' },
  { title: 'waits for what may come back', input: { isSettled: false }, action: 'wait' },
  { title: 'holds what the guard holds', input: { sync: deleting, isHeld: true }, action: 'hold' },
  { title: 'removes with syncDeletion', input: { sync: deleting }, action: 'remove' },
  { title: 'releases without syncDeletion', input: {}, action: 'release /spec/deletionPolicy' },
  { title: 'releases what is retained already', input: { existing: retaining }, action: 'release' },
  { title: 'keeps before it waits', input: { isComplete: false, isSettled: false }, action: 'keep' },
];

describe('the plan for the NacosConfig of an item', () => {
  for (const { title, input, action } of cases) {
    it(title, () => {
      const defaults = { sync, desired: undefined, existing: stored, isComplete: true, isSettled: true, isHeld: false };
      const plan = planChild({ ...defaults, ...input });
      const operations = 'operations' in plan ? plan.operations.map(({ path }) => path) : [];
      assert.equal([plan.kind, ...operations].join(' '), action);
    });
  }

  it('has nothing to do after its patch', () => {
    const plan = planChild({ sync, desired, existing: edited, isComplete: true, isSettled: true, isHeld: false });
    assert.ok(plan.kind === 'patch');
    const spec = Object.fromEntries(
      plan.operations.flatMap((o) => ('value' in o ? [[o.path.split('/').at(-1), o.value]] : [])),
    );
    const patched = { ...edited, spec: { ...edited.spec, ...spec } };
    assert.equal(
      planChild({ sync, desired, existing: patched, isComplete: true, isSettled: true, isHeld: false }).kind,
      'none',
    );
  });
});

describe('the NacosConfig of an item', () => {
  const { config } = item;

  it('has another name for another connection, namespace, group or dataId, and the same for another key', () => {
    const names = [
      childName(sync, config),
      childName(syncOf({ connectionRef: { kind: 'NacosConnection', name: 'b' } }), config),
      childName(syncOf({ namespaceId: 'dev' }), config),
      childName(sync, { ...config, group: 'g' }),
      childName(sync, { ...config, dataId: 'd' }),
    ];
    assert.equal(new Set(names).size, names.length);
    assert.match(names[0] ?? '', /^sync-[0-9a-f]{12}$/);
  });

  it('publishes a Secret in the encoding of the mapping, by consent', () => {
    const kubernetes = { kinds: ['Secret' as const], all: true, allowSecretExport: true };
    const secret = { ...item, ref: { kind: 'Secret' as const, name: 'login', key: 'password' } };
    const { spec } = childOf(syncOf({ kubernetes }), secret, 'Base64');
    assert.deepEqual(spec.contentFrom, { secretKeyRef: { name: 'login', key: 'password', encoding: 'Base64' } });
    assert.equal(spec.allowSecretExport, true);
  });

  it('is another one when its spec, its labels or its owner change, and not by its status', () => {
    const status = { ...stored, metadata: { ...stored.metadata, resourceVersion: '2' }, status: {} };
    assert.equal(isOtherwise(stored, status), false);
    assert.equal(isOtherwise(stored, childAsStored(sync, { generation: 2 })), true);
    assert.equal(isOtherwise(stored, foreign), true);
    assert.equal(isOtherwise(stored, childAsStored(sync, { labels: {} })), true);
  });
});
