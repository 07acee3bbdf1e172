import assert from 'node:assert/strict';
import type { KubeObject, ServiceInstance, StoredConfig } from './backends.ts';
import {
  configDifferences,
  eventDifferences,
  objectDifferences,
  serviceDifferences,
  subsetDifferences,
} from './match.ts';

describe('a JSON subset', () => {
  const cases = [
    { actual: { a: 1, b: 2 }, expected: { a: 1 }, differences: [] },
    { actual: { a: { b: 1, c: 2 } }, expected: { a: { c: 2 } }, differences: [] },
    { actual: { a: [{ n: 1, m: 1 }, { n: 2 }] }, expected: { a: [{ n: 2 }] }, differences: [] },
    { actual: {}, expected: { a: null }, differences: [] },
    { actual: { a: 1 }, expected: { a: '1' }, differences: ['a is 1, not "1"'] },
    { actual: { a: 1 }, expected: { b: 1 }, differences: ['b is absent, not 1'] },
    { actual: { a: 1 }, expected: { a: null }, differences: ['a is 1 and must be absent'] },
    { actual: { a: 1 }, expected: { a: { b: 1 } }, differences: ['a is 1, not a map'] },
    { actual: { a: [1] }, expected: { a: [2] }, differences: ['a has no item like 2: [1]'] },
    {
      actual: { a: `${'x'.repeat(300)}y` },
      expected: { a: 'x'.repeat(300) },
      differences: ['a has 301 characters, not 300, and differs from number 300 on'],
    },
  ];
  for (const { actual, expected, differences } of cases) {
    const shown = `${JSON.stringify(expected).slice(0, 60)} of ${JSON.stringify(actual).slice(0, 60)}`;
    it(`${shown}: ${differences[0] ?? 'fits'}`, () => {
      assert.deepEqual(subsetDifferences(actual, expected), differences);
    });
  }
});

describe('an expected condition', () => {
  const object = (observedGeneration: number): KubeObject => ({
    apiVersion: 'v1',
    kind: 'NacosConfig',
    metadata: { name: 'a', generation: 2 },
    status: {
      conditions: [{ type: 'Ready', status: 'False', reason: 'Conflict', message: 'it is theirs', observedGeneration }],
    },
  });
  const expecting = (type: string, status: string, reason?: string, message: string[] = []) => ({
    absent: false,
    like: undefined,
    conditions: new Map([[type, { status, reason, message }]]),
  });

  it('fits by status, reason and parts of the message', () => {
    assert.deepEqual(objectDifferences(object(2), expecting('Ready', 'False', 'Conflict', ['theirs'])), []);
  });

  it('does not fit when it is about an older generation', () => {
    const [difference] = objectDifferences(object(1), expecting('Ready', 'False'));
    assert.match(difference ?? '', /is about generation 1, not 2/);
  });

  it('does not fit with another status, another reason, or without a part of the message', () => {
    for (const state of [
      expecting('Ready', 'True'),
      expecting('Ready', 'False', 'Invalid'),
      expecting('Ready', 'False', 'Conflict', ['theirs', 'ours']),
      expecting('Synced', 'True'),
    ]) {
      assert.equal(objectDifferences(object(2), state).length, 1);
    }
  });
});

describe('an expected config', () => {
  const config: StoredConfig = {
    content: 'a',
    md5: '0cc175b9c0f1b6a831c399e269772661',
    type: 'text',
    description: '',
    appName: '',
    tags: ['blue', 'team-a'],
    writer: 'nacos-bridge-1',
  };
  const expecting = { absent: false, fields: {}, tags: [] as string[], withoutTags: [] as string[], writer: undefined };

  it('fits by fields, tags, their prefixes, and the last writer', () => {
    const tags = { tags: ['blue', 'team-*'], withoutTags: ['red'] };
    const state = { ...expecting, ...tags, fields: { content: 'a' }, writer: 'nacos-bridge-*' };
    assert.deepEqual(configDifferences(config, state), []);
  });

  it('does not fit with another content, without a tag, with an unwanted tag, by another writer, or when it is absent', () => {
    assert.equal(configDifferences(config, { ...expecting, fields: { content: 'b' } }).length, 1);
    assert.equal(configDifferences(config, { ...expecting, tags: ['red'] }).length, 1);
    assert.equal(configDifferences(config, { ...expecting, withoutTags: ['team-*'] }).length, 1);
    assert.equal(configDifferences(config, { ...expecting, writer: 'somebody' }).length, 1);
    assert.equal(configDifferences(undefined, expecting).length, 1);
    assert.equal(configDifferences(config, { ...expecting, absent: true }).length, 1);
  });
});

describe('the expected instances of a service', () => {
  const instance = (ip: string, enabled: boolean): ServiceInstance => {
    return { ip, port: 80, weight: 1, healthy: true, enabled, clusterName: 'DEFAULT', metadata: { a: 'b' } };
  };
  const at = (ip: string, like: unknown = {}) => ({ at: { ip, port: 80 }, like });
  const actual = [instance('10.0.0.1', true), instance('10.0.0.2', false)];

  it('fit when there are these and no others, in any order, enabled and disabled apart', () => {
    const like = { weight: 1, metadata: { a: 'b' } };
    assert.deepEqual(serviceDifferences(actual, { instances: [at('10.0.0.1', like)], disabled: [at('10.0.0.2')] }), []);
  });

  it('do not fit with one that is missing, one too many, one twice, or one that is different', () => {
    const disabled = [at('10.0.0.2')];
    assert.deepEqual(serviceDifferences(actual, { instances: [at('10.0.0.1')], disabled: [] }), [
      '10.0.0.2:80 is disabled and must not be',
    ]);
    assert.deepEqual(serviceDifferences([], { instances: [], disabled }), ['10.0.0.2:80 is not disabled']);
    assert.deepEqual(serviceDifferences([...actual, ...actual], { instances: [at('10.0.0.1')], disabled }), [
      '10.0.0.1:80 is enabled and must not be',
      '10.0.0.2:80 is disabled and must not be',
    ]);
    assert.deepEqual(serviceDifferences(actual, { instances: [at('10.0.0.1', { weight: 2 })], disabled }), [
      '10.0.0.1:80: weight is 1, not 2',
    ]);
  });
});

describe('an expected event', () => {
  const events = [
    { apiVersion: 'v1', kind: 'Event', metadata: { name: 'e' }, type: 'Normal', reason: 'A', note: 'b c' },
  ];

  it('fits by reason, type and parts of its note', () => {
    assert.deepEqual(eventDifferences(events, { reason: 'A', type: 'Normal', message: ['c'] }), []);
    assert.deepEqual(eventDifferences(events, { reason: 'A', type: undefined, message: [] }), []);
  });

  it('shows the events that there are when none fits', () => {
    assert.deepEqual(eventDifferences(events, { reason: 'B', type: undefined, message: [] }), [
      'no such event among 1: Normal A: b c',
    ]);
  });
});
