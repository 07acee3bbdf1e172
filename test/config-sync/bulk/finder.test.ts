import assert from 'node:assert/strict';
import { Finder, patternsOf } from '../../../operator/config-sync/bulk/finder.ts';
import { unrestricted } from '../../../operator/connections/allowance.ts';
import type { ConnectionHandle } from '../../../operator/connections/connection-directory.ts';
import { NacosClient } from '../../../operator/nacos/client.ts';
import type { DiscoveryListener } from '../../../operator/nacos/config/config-discoveries.ts';
import type { DiscoveryState } from '../../../operator/nacos/config/discovery-state.ts';
import { nameText, type ConfigName, type ConfigPattern } from '../../../operator/nacos/config/config-pattern.ts';
import { syncOf } from './samples.ts';

const found: DiscoveryState = { mode: 'FuzzyWatch', watchError: undefined, isComplete: true, lastError: undefined };
const one = { group: 'g', dataId: 'one' };

/** A finder over discoveries that the test plays; what it tells, as text. */
function finderOf(patterns: readonly ConfigName[]) {
  const told: string[] = [];
  const listeners: DiscoveryListener[] = [];
  const states: DiscoveryState[] = patterns.map(() => found);
  const discover = (_pattern: ConfigPattern, listener: DiscoveryListener) => {
    const index = listeners.push(listener) - 1;
    return {
      get state() {
        return states[index] ?? found;
      },
      names: () => [],
      stop: () => told.push(`stopped ${index}`),
    };
  };
  const client = Object.create(NacosClient.prototype, { config: { value: { discover } } }) as NacosClient;
  const connection: ConnectionHandle = {
    title: 'The connection',
    client,
    servers: [],
    namespaceId: '',
    allowance: unrestricted,
  };
  const tell = (what: string) => (names: readonly ConfigName[]) => told.push(`${what} ${names.map(nameText).join()}`);
  const finder = new Finder({
    connection,
    namespaceId: '',
    patterns,
    onAdded: tell('added'),
    onRemoved: tell('removed'),
    onState: () => {},
  });
  const change = (index: number, added: ConfigName[], removed: ConfigName[]) =>
    listeners[index]?.({ added, removed, state: states[index] ?? found });
  return { finder, told, states, change };
}

describe('the finder of dataIds', () => {
  it('tells a dataId once, and that it is gone when no pattern finds it any more', () => {
    const { told, change } = finderOf([
      { group: 'g', dataId: '*' },
      { group: '*', dataId: 'one' },
    ]);
    change(0, [one], []);
    change(1, [one], []);
    change(0, [], [one]);
    assert.deepEqual(told, ['added g one']);
    change(1, [], [one]);
    change(1, [one], []);
    assert.deepEqual(told, ['added g one', 'removed g one', 'added g one']);
  });

  it('does not tell of the dataId by which the Nacos namespace is known', () => {
    const { told, change } = finderOf([{ group: '*', dataId: '*' }]);
    const place = { group: 'nacos-bridge-system', dataId: 'nacos-bridge-place' };
    change(0, [place], []);
    change(0, [], [place]);
    change(0, [one], []);
    assert.deepEqual(told, ['added g one']);
  });

  it('lists as soon as one pattern has to be listed, and is complete when all are', () => {
    const { finder, states } = finderOf([
      { group: 'a', dataId: '*' },
      { group: 'b', dataId: '*' },
    ]);
    assert.deepEqual([finder.mode, finder.isComplete], ['FuzzyWatch', true]);
    states[1] = { ...found, mode: 'Listing', isComplete: false };
    assert.deepEqual([finder.mode, finder.isComplete], ['Listing', false]);
  });

  it('stops all its discoveries', () => {
    const { finder, told } = finderOf([
      { group: 'a', dataId: '*' },
      { group: 'b', dataId: '*' },
    ]);
    finder.stop();
    assert.deepEqual(told, ['stopped 0', 'stopped 1']);
  });
});

describe('the patterns of a NacosConfigSync', () => {
  const mapped = [
    { group: 'configmap.*', dataId: '*' },
    { group: 'secret.*', dataId: '*' },
  ];
  const cases: [string, { groups?: string[]; dataIds?: string[] } | undefined, string[]][] = [
    ['those of the mapping', undefined, ['configmap.* *', 'secret.* *']],
    ['its groups', { groups: ['a', 'b-*'] }, ['a *', 'b-* *']],
    ['its dataIds', { dataIds: ['x'] }, ['configmap.* x', 'secret.* x']],
    [
      'each of its groups with each of its dataIds',
      { groups: ['a', 'b'], dataIds: ['x', 'y'] },
      ['a x', 'a y', 'b x', 'b y'],
    ],
  ];
  for (const [title, nacos, expected] of cases) {
    it(`are ${title}`, () => assert.deepEqual(patternsOf(syncOf({ nacos }), mapped).map(nameText), expected));
  }
});
