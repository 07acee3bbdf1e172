import assert from 'node:assert/strict';
import { loadScenarios, parseScenarios, parseStep } from './parse-scenarios.ts';
import { fillIn } from './template.ts';

const variables = {
  ns: 'mirror-1-abc',
  closedPort: 1,
  'nacos.host': '127.0.0.1',
  'nacos.port': 8848,
  'nacos.grpcPort': 9848,
  'nacos.username': 'nacos',
  'nacos.password': 'secret',
};

describe('the scenario files', () => {
  it('are all well-formed, with a title of their own each', async () => {
    const scenarios = await loadScenarios(import.meta.dirname);
    for (const { topic, steps } of scenarios) {
      for (const { line, data } of steps) parseStep(fillIn(data, variables), `${topic}.yaml:${line}`);
    }
    const titles = scenarios.map((scenario) => scenario.title);
    assert.equal(new Set(titles).size, titles.length);
    assert.ok(titles.length > 50);
  });

  it('tell the line of each step', () => {
    const [scenario] = parseScenarios(
      'topic',
      'scenario: x\nsteps:\n  - delete: ConfigMap/a\n  - delete: ConfigMap/b\n',
    );
    assert.deepEqual(
      scenario?.steps.map((step) => step.line),
      [3, 4],
    );
  });
});

describe('a step', () => {
  const refused = [
    { step: { aply: [] }, says: 'there is no step "aply"' },
    { step: { apply: [], expect: [] }, says: 'exactly one key' },
    { step: { delete: 'Widget/app' }, says: 'KIND/NAME' },
    { step: { delete: 'ConfigMap' }, says: 'KIND/NAME' },
    { step: { expect: [{ object: 'ConfigMap/a', liek: {} }] }, says: 'unknown key liek' },
    { step: { expect: [{ config: 'a', contents: 'x' }] }, says: 'unknown key contents' },
    { step: { expect: [{ object: 'ConfigMap/a', conditions: { Ready: true } }] }, says: 'Ready: must be a map' },
    { step: { expect: [{ object: 'ConfigMap/a', conditions: { Ready: { stat: 'x' } } }] }, says: 'status is missing' },
    { step: { stays: { expect: [] } }, says: 'forMs is missing' },
    { step: { publish: { config: 'a' } }, says: 'content is missing' },
    { step: { publish: { config: 'a', content: 1 } }, says: 'content must be a string' },
    { step: { never: { objectWritten: 'ConfigMap/a', like: {} } }, says: 'unknown key like' },
    { step: { apply: [{ kind: 'Widget', metadata: { name: 'a' } }] }, says: 'must have an apiVersion' },
  ];
  for (const { step, says } of refused) {
    it(`is refused with "${says}": ${JSON.stringify(step)}`, () => {
      assert.throws(
        () => parseStep(step, 'a.yaml:3'),
        (error: Error) => error.message.startsWith('a.yaml:3') && error.message.includes(says),
      );
    });
  }

  it('has defaults for group, namespace and time limit', () => {
    assert.deepEqual(parseStep({ expect: [{ config: 'a', content: 'x' }] }, ''), {
      do: 'expect',
      expectations: [
        {
          on: 'config',
          withinMs: 5000,
          target: { dataId: 'a', group: 'DEFAULT_GROUP', namespaceId: '' },
          state: { absent: false, fields: { content: 'x' }, tags: [], withoutTags: [], writer: undefined },
        },
      ],
    });
  });
});

describe('a variable', () => {
  it('is filled in inside of a text, and keeps its type where it is the whole text', () => {
    assert.deepEqual(fillIn({ a: ['${ns}.yaml', '${nacos.port}', 'port ${nacos.port}'], b: 1 }, variables), {
      a: ['mirror-1-abc.yaml', 8848, 'port 8848'],
      b: 1,
    });
  });

  it('that is unknown is an error', () => {
    assert.throws(() => fillIn('${namespace}', variables), /there is no variable "namespace"/);
  });

  it('fills with exactly as many bytes as it says', () => {
    assert.equal(String(fillIn('${fill:100}', variables)).length, 100);
    assert.equal(fillIn('${letters:3}-a', variables), 'xxx-a');
  });
});
