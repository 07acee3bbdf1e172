import assert from 'node:assert/strict';
import {
  planRollout,
  rolledOutAnnotation,
  rolloutRules,
  type RolloutInput,
  type RolloutPlan,
} from '../../../operator/config-sync/rollout/rollout-plan.ts';
import { rulesWithoutCase } from '../rule-cases.ts';

const md5 = 'a'.repeat(32);
const other = 'b'.repeat(32);
const createdAtMs = Date.parse('2026-01-01T12:00:00Z');

const cases: readonly [annotation: string | undefined, changedAtMs: number | undefined, plan: RolloutPlan][] = [
  [md5, undefined, 'nothing'],
  [md5, createdAtMs - 1, 'nothing'],
  [md5, createdAtMs + 1, 'nothing'],
  [other, undefined, 'restart'],
  [other, createdAtMs - 1, 'restart'],
  [other, createdAtMs + 1, 'restart'],
  [undefined, undefined, 'record'],
  [undefined, createdAtMs - 1, 'record'],
  [undefined, createdAtMs, 'record'],
  // Creation is known to the second only, so this may have been before it.
  [undefined, createdAtMs + 1, 'restart'],
];

describe('the plan of a rollout', () => {
  for (const [annotation, changedAtMs, plan] of cases) {
    const carries = annotation === undefined ? 'nothing' : annotation === md5 ? 'the present md5' : 'another md5';
    const changed = changedAtMs === undefined ? 'never' : `${changedAtMs - createdAtMs} ms after its creation`;
    it(`is '${plan}' for a workload that carries ${carries}, when the content was replaced ${changed}`, () => {
      const input: RolloutInput = { annotation, md5, changedAtMs, createdAtMs };
      assert.equal(planRollout(input), plan);
    });
  }

  it('has a case above for each of its rules', () => {
    const inputs = cases.map(([annotation, changedAtMs]) => ({ annotation, md5, changedAtMs, createdAtMs }));
    assert.deepEqual(rulesWithoutCase(rolloutRules, inputs), []);
  });
});

describe('the annotation of a rollout', () => {
  it('names the NacosConfig', () =>
    assert.equal(rolledOutAnnotation('app.yaml'), 'bridge.nacos.io/rolled-out.app.yaml'));

  it('is legal for the longest names, and differs for each', () => {
    const names = [
      'a'.repeat(52),
      'a'.repeat(53),
      `${'a'.repeat(252)}b`,
      `${'a'.repeat(252)}c`,
      `${'a'.repeat(40)}.${'b'.repeat(200)}`,
    ];
    const annotations = names.map(rolledOutAnnotation);
    assert.equal(new Set(annotations).size, names.length);
    for (const annotation of annotations) {
      assert.match(annotation.split('/')[1] ?? '', /^[A-Za-z0-9][-A-Za-z0-9_.]{0,61}[A-Za-z0-9]$/);
    }
  });
});
