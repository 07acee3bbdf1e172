import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { ConfigPlan } from '../../operator/config-sync/plan.ts';
import {
  absentRules,
  needsEvidence,
  planTwoWay,
  presentRules,
  type TwoWayInput,
} from '../../operator/config-sync/two-way-plan.ts';
import { rulesWithoutCase } from './rule-cases.ts';

/** Contents by their md5; `-` is nothing. */
const A = 'a'.repeat(32);
const B = 'b'.repeat(32);
const C = 'c'.repeat(32);
const md5s: Readonly<Record<string, string | undefined>> = { '-': undefined, A, B, C };

/** The columns of the table: Kubernetes, Nacos, base, who wrote (k: Kubernetes by us, n: Nacos by us), decision. */
const table = `
  -  -  -  .   nothing
  -  -  B  .   nothing
  -  A  -  .   write-back
  -  A  B  .   write-back
  -  B  B  .   write-back
  -  A  B  kn  write-back
  A  -  -  .   publish Published create-only
  A  -  -  n   publish Published create-only
  A  -  A  .   remote-missing
  A  -  B  .   remote-missing
  A  A  -  .   in-sync
  A  A  A  .   in-sync
  A  A  B  .   in-sync
  A  A  B  kn  in-sync
  A  B  B  .   publish Updated B
  A  B  B  kn  publish Updated B
  B  A  B  .   write-back
  B  A  B  kn  write-back
  A  C  -  .   conflict
  A  C  -  k   conflict
  A  C  -  n   publish Updated C
  A  C  -  kn  conflict
  A  C  B  .   conflict
  A  C  B  k   write-back
  A  C  B  n   publish Updated C
  A  C  B  kn  conflict
`;

/** Where the table says conflict or remote missing: what the policy, then the annotation, makes of it. */
const decisions: [string, string, Partial<TwoWayInput>, string][] = [
  ['a conflict', 'A C B', { policy: 'PreferKubernetes' }, 'publish Updated C by policy'],
  ['a conflict', 'A C B', { policy: 'PreferNacos' }, 'write-back by policy'],
  ['a conflict', 'A C B', { keepMd5: A }, 'publish Updated C by annotation'],
  ['a conflict', 'A C B', { keepMd5: C }, 'write-back by annotation'],
  ['a conflict', 'A C B', { keepMd5: B }, 'conflict'],
  ['a conflict, against the policy', 'A C B', { policy: 'PreferNacos', keepMd5: A }, 'publish Updated C by annotation'],
  ['a conflict without a base', 'A C -', { policy: 'PreferNacos' }, 'write-back by policy'],
  ['a removal', 'A - A', { policy: 'PreferKubernetes' }, 'publish Recreated create-only by policy'],
  ['a removal', 'A - A', { policy: 'PreferNacos' }, 'remote-missing'],
  ['a removal', 'A - A', { keepMd5: A }, 'publish Recreated create-only by annotation'],
  ['a removal', 'A - A', { keepMd5: B }, 'remote-missing'],
];

const defaults: TwoWayInput = {
  kubernetes: { md5: A, isOurs: false, lastWriter: "'kubectl-edit' at 2026-01-01T00:00:00Z" },
  nacos: { md5: C, isOurs: false, lastWriter: "'alice' from 192.0.2.7" },
  baseMd5: B,
  isServed: true,
  metadataDiffers: false,
  policy: 'Manual',
  keepMd5: undefined,
  names: {
    place: "key 'app.yaml' of ConfigMap 'shop'",
    keepCommand: (md5: string) => `kubectl annotate nacosconfig app -n ns --overwrite bridge.nacos.io/keep=${md5}`,
    policyField: 'conflictPolicy',
  },
};

function inputOf(contents: string, writers = '.'): TwoWayInput {
  const [kubernetes = '-', nacos = '-', base = '-'] = contents.split(/\s+/);
  return {
    ...defaults,
    kubernetes: { ...defaults.kubernetes, md5: md5s[kubernetes], isOurs: writers.includes('k') },
    nacos: { ...defaults.nacos, md5: md5s[nacos], isOurs: writers.includes('n') },
    baseMd5: md5s[base],
  };
}

describe('two-way plan', () => {
  for (const row of table.trim().split('\n')) {
    const [, contents = '', writers = '.', plan] = /^\s*(\S+\s+\S+\s+\S+)\s+(\S+)\s+(.+)$/.exec(row) ?? [];
    it(`is ${plan} for ${contents.replace(/\s+/g, ' ')}, written by us: ${writers}`, () => {
      assert.equal(describePlan(planTwoWay(inputOf(contents, writers))), plan);
    });
  }

  for (const [title, contents, input, plan] of decisions) {
    it(`decides ${title} with ${JSON.stringify(input)}: ${plan}`, () => {
      assert.equal(describePlan(planTwoWay({ ...inputOf(contents), ...input })), plan);
    });
  }

  it('has a case above for each of its rules', () => {
    const rows = table
      .trim()
      .split('\n')
      .map((row) => row.trim().split(/\s+/));
    const inputs = [
      ...rows.map(([kubernetes, nacos, base, writers]) => inputOf(`${kubernetes} ${nacos} ${base}`, writers)),
      ...decisions.map(([, contents, input]) => ({ ...inputOf(contents), ...input })),
    ];
    const present = inputs.flatMap((input) => {
      const { md5 } = input.nacos;
      return md5 === undefined ? [] : [{ ...input, nacos: { ...input.nacos, md5 } }];
    });
    assert.deepEqual(
      rulesWithoutCase(
        absentRules,
        inputs.filter(({ nacos }) => nacos.md5 === undefined),
      ),
      [],
    );
    assert.deepEqual(rulesWithoutCase(presentRules, present), []);
  });

  it('publishes equal content again when it is not served, or when its metadata differs', () => {
    assert.equal(describePlan(planTwoWay({ ...inputOf('A A A'), isServed: false })), 'publish Updated A');
    assert.equal(describePlan(planTwoWay({ ...inputOf('A A A'), metadataDiffers: true })), 'publish MetadataUpdated A');
  });

  it('tells of a conflict both contents, who wrote them, and the two commands that decide', () => {
    const message = planTwoWay(defaults)?.message ?? '';
    const command = 'kubectl annotate nacosconfig app -n ns --overwrite bridge.nacos.io/keep=';
    const parts = [
      `key 'app.yaml' of ConfigMap 'shop', md5 ${A}, last written by 'kubectl-edit' at 2026-01-01T00:00:00Z`,
      `Nacos: md5 ${C}, last written by 'alice' from 192.0.2.7`,
      `last equal (md5 ${B})`,
      command + A,
      command + C,
    ];
    for (const part of parts) assert.ok(message.includes(part), `${part} in: ${message}`);
  });

  it('tells of a removal the command that undoes it', () => {
    assert.ok(planTwoWay(inputOf('A - A'))?.message.includes(`bridge.nacos.io/keep=${A}`));
  });

  it('asks who wrote only where it decides', () => {
    fc.assert(
      fc.property(anyInput, (input) => {
        const plans = writers.map((isOurs) => {
          const { kubernetes, nacos } = input;
          const [k, n] = isOurs;
          return describePlan(
            planTwoWay({ ...input, kubernetes: { ...kubernetes, isOurs: k }, nacos: { ...nacos, isOurs: n } }),
          );
        });
        const { kubernetes, nacos, baseMd5 } = input;
        const needs = needsEvidence({ kubernetesMd5: kubernetes.md5, nacosMd5: nacos.md5, baseMd5 });
        if (!needs) assert.equal(new Set(plans).size, 1);
      }),
    );
  });

  it('compares and swaps exactly what was observed', () => {
    fc.assert(
      fc.property(anyInput, (input) => {
        const plan = planTwoWay(input);
        if (plan?.kind !== 'publish') return;
        assert.deepEqual(plan.cas, input.nacos.md5 === undefined ? 'create-only' : { md5: input.nacos.md5 });
      }),
    );
  });

  it('is settled after one write, recorded or not', () => {
    fc.assert(
      fc.property(anyInput, (input) => {
        const plan = planTwoWay(input);
        if (plan?.kind !== 'publish' && plan?.kind !== 'write-back') return;
        const { md5 } = plan.kind === 'publish' ? input.kubernetes : input.nacos;
        const after = { ...input, isServed: true, metadataDiffers: false };
        after.kubernetes = { ...input.kubernetes, md5 };
        after.nacos = { ...input.nacos, md5 };
        assert.equal(planTwoWay({ ...after, baseMd5: md5 })?.kind, 'in-sync');
        assert.equal(planTwoWay(after)?.kind, 'in-sync');
      }),
    );
  });

  it('never removes or blanks either side', () => {
    fc.assert(
      fc.property(anyInput, (input) => {
        const plan = planTwoWay(input);
        if (plan?.kind === 'publish') assert.notEqual(input.kubernetes.md5, undefined);
        if (plan?.kind === 'write-back') assert.notEqual(input.nacos.md5, undefined);
      }),
    );
  });
});

/**
 * The world in small: two contents, one base, and edits, looks, recorded bases and crashes in any order. Who edits has
 * seen what is on that side, and with it all that its author had seen. An update is lost when it is replaced by one
 * whose author has not seen it.
 */
class SmallWorld {
  kubernetes: SmallSide = { md5: 'first', seen: new Set(), isOurs: false };
  nacos: SmallSide = this.kubernetes;
  /** Edits that were lost. */
  readonly lost: string[] = [];
  isConflictShown = false;
  #base = 'first';
  #recordedBase = 'first';
  #edits = 0;

  act(action: Action): void {
    switch (action) {
      case 'edit Kubernetes':
        this.kubernetes = this.#editOf(this.kubernetes);
        return;
      case 'edit Nacos':
        this.nacos = this.#editOf(this.nacos);
        return;
      case 'edit both alike': {
        const { md5, seen } = this.#editOf(this.kubernetes);
        const both = { md5, seen: new Set([...seen, ...this.#editOf(this.nacos).seen]), isOurs: false };
        [this.kubernetes, this.nacos] = [both, both];
        return;
      }
      case 'record':
        this.#recordedBase = this.#base;
        return;
      case 'crash':
        this.#base = this.#recordedBase;
        return;
      case 'look':
        this.#look();
    }
  }

  #look(): void {
    const [kubernetes, nacos] = [this.kubernetes, this.nacos].map((one) => ({ ...one, lastWriter: '' }));
    if (!kubernetes || !nacos) return;
    const plan = planTwoWay({ ...defaults, kubernetes, nacos, baseMd5: this.#base });
    this.isConflictShown = plan?.kind === 'conflict';
    if (this.isConflictShown) return;
    if (plan?.kind === 'publish') this.nacos = this.#replace(this.nacos, this.kubernetes);
    if (plan?.kind === 'write-back') this.kubernetes = this.#replace(this.kubernetes, this.nacos);
    this.#base = this.kubernetes.md5;
  }

  #replace(old: SmallSide, next: SmallSide): SmallSide {
    if (!next.seen.has(old.md5)) this.lost.push(old.md5);
    return { ...next, isOurs: true };
  }

  #editOf({ md5, seen }: SmallSide): SmallSide {
    this.#edits += 1;
    return { md5: `edit ${this.#edits}`, seen: new Set([...seen, md5]), isOurs: false };
  }
}

interface SmallSide {
  readonly md5: string;
  /** The contents that its author has seen. */
  readonly seen: ReadonlySet<string>;
  readonly isOurs: boolean;
}

const actions = ['edit Kubernetes', 'edit Nacos', 'edit both alike', 'look', 'record', 'crash'] as const;
type Action = (typeof actions)[number];

describe('two-way plan over time', () => {
  it('loses no update, whatever was recorded before a crash', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...actions), { maxLength: 40 }), (story) => {
        const world = new SmallWorld();
        for (const action of story) world.act(action);
        assert.deepEqual(world.lost, []);
      }),
      { numRuns: 5000 },
    );
  });

  it('shows a conflict or has both sides equal after a look', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...actions), { maxLength: 40 }), (story) => {
        const world = new SmallWorld();
        for (const action of [...story, 'look'] as const) world.act(action);
        assert.equal(world.kubernetes.md5 === world.nacos.md5, !world.isConflictShown);
      }),
    );
  });

  it('shows no conflict while only one side is edited between two looks', () => {
    const turn = fc.constantFrom<readonly Action[]>(['edit Kubernetes', 'look'], ['edit Nacos', 'look', 'record']);
    fc.assert(
      fc.property(fc.array(turn, { maxLength: 20 }), (turns) => {
        const world = new SmallWorld();
        for (const action of turns.flat()) {
          world.act(action);
          assert.equal(world.isConflictShown, false);
        }
      }),
    );
  });
});

const content = fc.constantFrom(undefined, A, B, C);
const side = fc.record({ md5: content, isOurs: fc.boolean(), lastWriter: fc.constantFrom('', "'bob'") });
const writers: [boolean, boolean][] = [
  [false, false],
  [false, true],
  [true, false],
  [true, true],
];
const anyInput: fc.Arbitrary<TwoWayInput> = fc.record({
  kubernetes: side,
  nacos: side,
  baseMd5: content,
  isServed: fc.boolean(),
  metadataDiffers: fc.boolean(),
  policy: fc.constantFrom('Manual', 'PreferKubernetes', 'PreferNacos'),
  keepMd5: content,
  names: fc.constant(defaults.names),
});

function describePlan(plan: ConfigPlan | undefined): string {
  if (plan === undefined) return 'nothing';
  if (plan.kind === 'write-back') return plan.decidedBy ? `${plan.kind} by ${plan.decidedBy}` : plan.kind;
  if (plan.kind !== 'publish') return plan.kind;
  const cas = plan.cas === 'create-only' ? plan.cas : plan.cas.md5.slice(0, 1).toUpperCase();
  return `publish ${plan.reason} ${cas}${plan.decidedBy ? ` by ${plan.decidedBy}` : ''}`;
}
