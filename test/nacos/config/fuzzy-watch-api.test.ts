import assert from 'node:assert/strict';
import { isWatchable, parseFuzzyPush, watchText } from '../../../operator/nacos/config/fuzzy-watch-api.ts';

const pattern = (dataId: string, group = 'g', namespaceId = '') => ({ namespaceId, group, dataId });
const key = (dataId: string, namespaceId = '') => ({ namespaceId, group: 'g', dataId });

describe('A fuzzy watch', () => {
  for (const [text, can] of Object.entries({
    '*': true,
    '**': true,
    'a*': true,
    '*a': true,
    '*a*': true,
    a: true,
    'a*b': false,
    '*a*b': false,
    '': false,
    'a>>b': false,
  })) {
    it(`${can ? 'can' : 'cannot'} say '${text}'`, () => {
      assert.equal(isWatchable(pattern(text)), can);
      assert.equal(isWatchable(pattern('*', text)), can);
    });
  }

  it('names the public namespace', () => {
    assert.equal(watchText(pattern('a**')), 'public>>g>>a*');
    assert.equal(watchText(pattern('a', 'g', 'public')), 'public>>g>>a');
    assert.equal(watchText(pattern('a', '*', 'team')), 'team>>*>>a');
  });

  const pushes: readonly { what: string; type: string; body: Record<string, unknown>; means: unknown }[] = [
    {
      what: 'an appearance',
      type: 'ConfigFuzzyWatchChangeNotifyRequest',
      body: { groupKey: 'd+g+public', changeType: 'CONFIG_CHANGED' },
      means: { kind: 'change', change: { key: key('d'), isGone: false } },
    },
    {
      what: 'an end, with an escaped name and no namespace',
      type: 'ConfigFuzzyWatchChangeNotifyRequest',
      body: { groupKey: 'a%2Bb%252B+g', changeType: 'DELETE_CONFIG' },
      means: { kind: 'change', change: { key: key('a+b%2B'), isGone: true } },
    },
    {
      what: 'a kind of change that a later server may have',
      type: 'ConfigFuzzyWatchChangeNotifyRequest',
      body: { groupKey: 'd+g+public', changeType: 'CONFIG_MOVED' },
      means: undefined,
    },
    {
      what: 'a notice without a key',
      type: 'ConfigFuzzyWatchChangeNotifyRequest',
      body: { changeType: 'DELETE_CONFIG' },
      means: undefined,
    },
    {
      what: 'a batch, of which it takes what it can read',
      type: 'ConfigFuzzyWatchSyncRequest',
      body: {
        groupKeyPattern: 'n>>g>>*',
        syncType: 'FUZZY_WATCH_INIT_NOTIFY',
        contexts: [
          { groupKey: 'a+g+n', changedType: 'ADD_CONFIG' },
          { groupKey: 'b+g+n', changedType: 'DELETE_CONFIG' },
          { groupKey: 'broken', changedType: 'DELETE_CONFIG' },
          null,
        ],
      },
      means: {
        kind: 'difference',
        watched: 'n>>g>>*',
        changes: [
          { key: key('a', 'n'), isGone: false },
          { key: key('b', 'n'), isGone: true },
        ],
      },
    },
    {
      what: 'the end of an answer',
      type: 'ConfigFuzzyWatchSyncRequest',
      body: { groupKeyPattern: 'n>>g>>*', syncType: 'FINISH_FUZZY_WATCH_INIT_NOTIFY' },
      means: { kind: 'finished', watched: 'n>>g>>*' },
    },
    { what: 'another push', type: 'ConfigChangeNotifyRequest', body: { groupKey: 'd+g' }, means: undefined },
  ];
  for (const { what, type, body, means } of pushes) {
    it(`understands ${what}`, () => assert.deepEqual(parseFuzzyPush({ type, body }), means));
  }
});
