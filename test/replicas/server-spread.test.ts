import assert from 'node:assert/strict';
import type { ReplicaHost } from '../../operator/replicas/replica-entry.ts';
import { isToMove } from '../../operator/replicas/server-spread.ts';

describe('the spread of replicas over servers', () => {
  function peer(identity: string, ...servers: string[]): ReplicaHost {
    const entry = { identity, kubernetes: 'Synced', epoch: '', relieves: [], connections: [] } as const;
    return { entry, revision: 1, scope: { installation: 'ns/bridge', digest: '', namespaces: [] }, servers };
  }
  const cases: readonly [string, boolean, string[], ReplicaHost[]][] = [
    ['alone', false, ['s1'], []],
    ['the last of two at one server', true, ['s1'], [peer('a', 's1')]],
    ['the first of two at one server', false, ['s1'], [peer('c', 's1')]],
    ['two at two servers', false, ['s1'], [peer('a', 's2')]],
    ['at two servers itself', false, ['s1', 's2'], [peer('a', 's1')]],
    ['the last of three at one server', true, ['s1'], [peer('a', 's1'), peer('ab', 's1')]],
    ['three at two servers', false, ['s1'], [peer('a', 's1'), peer('ab', 's2')]],
    ['nowhere yet', false, [], [peer('a', 's1')]],
    ['beside one that is nowhere yet', false, ['s1'], [peer('a')]],
  ];
  for (const [title, moves, servers, peers] of cases) {
    it(`moves ${moves ? 'it' : 'nothing'}: ${title}`, () => assert.equal(isToMove('b', servers, peers), moves));
  }
});
