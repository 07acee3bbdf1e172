import assert from 'node:assert/strict';
import {
  debounceLeftMs,
  formerValues,
  objectAnnotation,
  planOfAll,
  planRollout,
  rolledOutAnnotation,
  rolloutRules,
  rolloutValue,
  type RolloutInput,
  type RolloutPlan,
} from '../../../operator/config-sync/rollout/rollout-plan.ts';
import { rulesWithoutCase } from '../rule-cases.ts';

const md5 = 'a'.repeat(32);
const other = 'b'.repeat(32);
const createdAtMs = Date.parse('2026-01-01T12:00:00Z');

const mirror = { kind: 'ConfigMap', uid: 'of-the-object', md5, form: 'app.yaml' } as const;
const present = rolloutValue(mirror);
const changed = rolloutValue({ ...mirror, md5: other });

interface Case {
  readonly carries: string | undefined;
  /** After its creation, in milliseconds. */
  readonly changed?: number;
  readonly is?: 'paused' | 'opted out';
  readonly plan: RolloutPlan;
}

const cases: readonly Case[] = [
  { carries: present, plan: 'nothing' },
  { carries: present, changed: -1, plan: 'nothing' },
  { carries: present, changed: 1, plan: 'nothing' },
  { carries: present, is: 'paused', plan: 'nothing' },
  { carries: changed, plan: 'restart' },
  { carries: changed, changed: -1, plan: 'restart' },
  { carries: changed, is: 'paused', plan: 'wait' },
  { carries: changed, is: 'opted out', plan: 'nothing' },
  { carries: rolloutValue({ ...mirror, form: 'other.yaml' }), plan: 'restart' },
  { carries: rolloutValue({ ...mirror, form: 'Env yaml' }), changed: 1, plan: 'restart' },
  { carries: md5, plan: 'record' },
  { carries: md5, changed: 1, plan: 'record' },
  { carries: other, plan: 'restart' },
  { carries: undefined, plan: 'record' },
  { carries: undefined, changed: -1, plan: 'record' },
  { carries: undefined, changed: 0, plan: 'record' },
  // Creation is known to the second only, so this may have been before it.
  { carries: undefined, changed: 1, plan: 'restart' },
  { carries: undefined, changed: 1, is: 'paused', plan: 'wait' },
  { carries: undefined, changed: 1, is: 'opted out', plan: 'nothing' },
];

function inputOf({ carries, changed, is }: Case): RolloutInput {
  return {
    annotation: carries,
    former: formerValues(mirror),
    present,
    changedAtMs: changed === undefined ? undefined : createdAtMs + changed,
    createdAtMs,
    isOptedOut: is === 'opted out',
    isPaused: is === 'paused',
  };
}

describe('the plan of a rollout', () => {
  for (const one of cases) {
    const { carries = 'nothing', changed, is, plan } = one;
    const when = changed === undefined ? 'never' : `${changed} ms after its creation`;
    const state = is === undefined ? '' : ` and is ${is}`;
    it(`is '${plan}' for a workload that carries '${carries}'${state}, when the content was replaced ${when}`, () => {
      assert.equal(planRollout(inputOf(one)), plan);
    });
  }

  it('has a case above for each of its rules', () => {
    assert.deepEqual(rulesWithoutCase(rolloutRules, cases.map(inputOf)), []);
  });
});

describe('the plan of a workload with several mirrors', () => {
  const several: readonly [plans: readonly RolloutPlan[], plan: RolloutPlan][] = [
    [[], 'nothing'],
    [['nothing', 'nothing'], 'nothing'],
    [['nothing', 'record'], 'record'],
    [['record', 'restart', 'nothing', 'restart'], 'restart'],
    [['record', 'wait'], 'wait'],
  ];
  for (const [plans, plan] of several) {
    it(`is '${plan}' where its mirrors ask for ${JSON.stringify(plans)}`, () => assert.equal(planOfAll(plans), plan));
  }
});

describe('the debounce of a rollout', () => {
  const nowMs = 100_000;
  const cases: readonly [changedAtMs: number | undefined, leftMs: number][] = [
    [undefined, -Infinity],
    [nowMs, 5000],
    [nowMs - 1000, 4000],
    [nowMs - 5000, 0],
    // By the clock of another replica.
    [nowMs + 60_000, 5000],
  ];
  for (const [changedAtMs, leftMs] of cases) {
    it(`has ${leftMs} of five seconds left ${nowMs - (changedAtMs ?? -Infinity)} ms after the last change`, () => {
      assert.equal(debounceLeftMs(changedAtMs, { debounceSeconds: 5 }, nowMs), leftMs);
    });
  }
});

describe('what a workload carries', () => {
  const secret = { ...mirror, kind: 'Secret' } as const;

  it('is the md5 and the form, of a ConfigMap', () => assert.equal(present, `${md5} app.yaml`));

  it('has no digest of a Secret that could be compared with a guess by who may not read the Secret', () => {
    assert.match(rolloutValue(secret), /^[0-9a-f]{64} app\.yaml$/);
    assert.notEqual(rolloutValue(secret), rolloutValue({ ...secret, uid: 'of-another' }));
    assert.notEqual(rolloutValue(secret), rolloutValue({ ...secret, md5: other }));
    assert.notEqual(rolloutValue(secret), rolloutValue({ ...secret, form: 'other.yaml' }));
  });
});

describe('the annotation of a rollout', () => {
  it('names the NacosConfig', () =>
    assert.equal(rolledOutAnnotation('app.yaml'), 'bridge.nacos.io/rolled-out.app.yaml'));

  it('names the object that a NacosConfigSync writes, as no NacosConfig can be called', () => {
    assert.equal(objectAnnotation({ kind: 'ConfigMap', name: 'app' }), 'bridge.nacos.io/rolled-out.ConfigMap.app');
  });

  it('is legal for the longest names, and differs for each', () => {
    const names = [
      'a'.repeat(52),
      'a'.repeat(53),
      `${'a'.repeat(252)}b`,
      `${'a'.repeat(252)}c`,
      `${'a'.repeat(40)}.${'b'.repeat(200)}`,
    ];
    const objects = names.map((name) => objectAnnotation({ kind: 'ConfigMap', name }));
    const annotations = [...names.map(rolledOutAnnotation), ...objects];
    assert.equal(new Set(annotations).size, annotations.length);
    for (const annotation of annotations) {
      assert.match(annotation.split('/')[1] ?? '', /^[A-Za-z0-9][-A-Za-z0-9_.]{0,61}[A-Za-z0-9]$/);
    }
  });
});
