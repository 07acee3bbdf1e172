import assert from 'node:assert/strict';
import { ConditionTally } from '../../operator/kube/condition-tally.ts';
import type { Conditioned } from '../../operator/kube/condition-tally.ts';
import type { Condition } from '../../operator/kube/conditions.ts';
import { Store } from '../../operator/kube/store.ts';

function thing(
  name: string,
  version: number,
  ...conditions: [type: string, status: Condition['status']][]
): Conditioned {
  const metadata = { name, namespace: 'n', uid: name, resourceVersion: String(version) };
  return { kind: 'Thing', metadata, status: { conditions: conditions.map(([type, status]) => ({ type, status })) } };
}

describe('a tally of conditions', () => {
  let store: Store<Conditioned>;
  let tally: ConditionTally;
  const counted = () => Array.from(tally.counts(), ({ condition, status, count }) => `${condition}=${status} ${count}`);
  beforeEach(() => {
    store = new Store();
    store.replace([thing('a', 1, ['Ready', 'True']), thing('b', 1, ['Ready', 'True'], ['Synced', 'False'])]);
    tally = new ConditionTally();
    tally.follow(store);
  });

  it('counts what was there before, by condition and status', () => {
    assert.deepEqual(counted().sort(), ['Ready=True 2', 'Synced=False 1']);
    assert.deepEqual([...new Set(Array.from(tally.counts(), ({ kind }) => kind))], ['Thing']);
  });

  it('follows statuses, newcomers and deletions, and forgets what nobody has', () => {
    store.applyEvent('MODIFIED', thing('b', 2, ['Ready', 'False'], ['Synced', 'True']));
    assert.deepEqual(counted().sort(), ['Ready=False 1', 'Ready=True 1', 'Synced=True 1']);
    store.applyEvent('ADDED', thing('c', 3));
    store.applyEvent('DELETED', thing('b', 4));
    assert.deepEqual(counted(), ['Ready=True 1']);
  });

  it('is right after a new list', () => {
    store.replace([thing('b', 5, ['Ready', 'Unknown'])]);
    assert.deepEqual(counted(), ['Ready=Unknown 1']);
  });
});
