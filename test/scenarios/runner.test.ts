import assert from 'node:assert/strict';
import type { Backends } from './backends.ts';
import { memoryBackends } from './memory-backends.ts';
import { playScenario, ScenarioFailure } from './runner.ts';
import { parseScenarios } from './parse-scenarios.ts';

/** Plays steps given as lines of YAML; the first is line 3 of the file. */
async function play(steps: readonly string[], backends: Backends = memoryBackends()): Promise<void> {
  const text = ['scenario: x', 'steps:', ...steps.map((step) => `  - ${step}`)].join('\n');
  const [scenario] = parseScenarios('topic', text);
  assert.ok(scenario);
  await playScenario(scenario, backends, { closedPort: 1 });
}

function fails(pattern: RegExp): (error: unknown) => boolean {
  return (error) => error instanceof ScenarioFailure && pattern.test(error.message);
}

const map = '{ kind: ConfigMap, metadata: { name: a }, data: { k: v } }';

describe('the scenario runner', () => {
  it('plays steps in order and leaves no namespace behind', async () => {
    const backends = memoryBackends();
    const steps = [
      `apply: [${map}]`,
      'expect: [{ object: ConfigMap/a, like: { data: { k: v } } }]',
      'publish: { config: c, content: x }',
      'tag: { config: c, tags: [t] }',
      'expect: [{ config: c, content: x, tags: [t] }]',
      'remove: { config: c }',
      'expect: [{ config: c, absent: true }]',
      'register: { service: s, at: "10.0.0.1:80" }',
      'expect: [{ service: s, instances: ["10.0.0.1:80"] }]',
      'deregister: { service: s, at: "10.0.0.1:80" }',
      'expect: [{ service: s, instances: [] }]',
      'endpoints: { service: s, ports: { http: 80 }, of: [10.0.0.1] }',
      'expect: [{ object: EndpointSlice/s, like: { addressType: IPv4 } }]',
      'delete: EndpointSlice/s',
      'delete: ConfigMap/a',
      'expect: [{ object: ConfigMap/a, absent: true }]',
    ];
    await play(steps, backends);
    assert.equal(backends.kubernetes.objects.size, 0);
  });

  it('waits for what comes true later', async () => {
    const backends = memoryBackends();
    const later = setTimeout(() => {
      void backends.nacos.publish({ dataId: 'c', group: 'DEFAULT_GROUP', namespaceId: '' }, 'x');
    }, 120);
    await play(['expect: [{ config: c, content: x }]'], backends);
    clearTimeout(later);
  });

  it('names file, line and difference of what does not come true in time', async () => {
    const steps = [`apply: [${map}]`, 'expect: [{ object: ConfigMap/a, like: { data: { k: w } }, withinMs: 10 }]'];
    await assert.rejects(play(steps), fails(/^topic\.yaml:4:[^]*ConfigMap\/a: data\.k is "v", not "w"/));
  });

  it('fails at once when what has to stay is not so', async () => {
    await assert.rejects(play(['stays: { forMs: 5000, expect: [{ config: c, content: x }] }']), fails(/after \d+ ms/));
  });

  it('takes a refusal that says what it must, and no other', async () => {
    const object = '{ kind: NacosConfig, metadata: { name: a }, spec: invalid }';
    await play([`refuse: { object: ${object}, message: [invalid] }`]);
    await assert.rejects(play([`refuse: { object: ${object}, message: [blank] }`]), fails(/the refusal lacks "blank"/));
    await assert.rejects(play([`refuse: { object: ${map}, message: [] }`]), fails(/was accepted/));
    await assert.rejects(play([`apply: [${object}]`]), fails(/the API server answered 422: spec is invalid/));
  });

  const prohibited = [
    { never: '{ objectWritten: ConfigMap/a }', breach: 'patch: { object: ConfigMap/a, merge: { data: {} } }' },
    { never: '{ objectWritten: ConfigMap/a }', breach: 'delete: ConfigMap/a' },
    {
      never: '{ object: ConfigMap/a, like: { data: { k: w } } }',
      breach: 'patch: { object: ConfigMap/a, merge: { data: { k: w } } }',
    },
    { never: '{ configWritten: c }', breach: 'publish: { config: c, content: y }' },
    { never: '{ configWritten: c }', breach: 'remove: { config: c }' },
  ];
  for (const { never, breach } of prohibited) {
    it(`sees that never ${never} was broken by ${breach}`, async () => {
      const before = [`apply: [${map}]`, 'publish: { config: c, content: x }'];
      const undone = [`apply: [${map}]`, 'publish: { config: c, content: x }'];
      await play([...before, `never: ${never}`]);
      await assert.rejects(play([...before, `never: ${never}`, breach, ...undone]), fails(/what must never happen/));
    });
  }
});
