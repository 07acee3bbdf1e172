import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { Ownership } from '../../operator/config-sync/remote.ts';
import type { ConfigPlan } from '../../operator/config-sync/plan.ts';
import {
  absentRules,
  needsAuthor,
  needsOwnership,
  planConfig,
  presentRules,
  type PlanInput,
} from '../../operator/config-sync/publish-plan.ts';
import { rulesWithoutCase } from './rule-cases.ts';

const BASE = 'b'.repeat(32);
const DECLARED = 'd'.repeat(32);
const OTHER = 'e'.repeat(32);

interface Case {
  title: string;
  /** What differs from: declared and Nacos differ, base unknown, nobody's, Revert, Fail. */
  input: Partial<PlanInput>;
  /** `kind`, or `kind:reason`, with the md5 that is compared and swapped. */
  plan: string;
}

const inPlace: Partial<PlanInput> = { nacosMd5: DECLARED, baseMd5: DECLARED, isBaseOurs: true };

const cases: Case[] = [
  { title: 'creates what does not exist', input: { nacosMd5: undefined }, plan: 'publish:Published create-only' },
  {
    title: 'creates again what was removed',
    input: { nacosMd5: undefined, baseMd5: BASE },
    plan: 'publish:Recreated create-only',
  },
  {
    title: 'reports what was removed',
    input: { nacosMd5: undefined, baseMd5: BASE, driftPolicy: 'Report' },
    plan: 'drifted:RemovedInNacos',
  },
  {
    title: 'creates under Report what never was',
    input: { nacosMd5: undefined, driftPolicy: 'Report' },
    plan: 'publish:Published create-only',
  },
  {
    title: 'creates what somebody else had with equal content and has removed',
    input: { nacosMd5: undefined, baseMd5: BASE, isBaseOurs: false },
    plan: 'publish:Published create-only',
  },
  {
    title: 'does nothing when all are equal',
    input: { nacosMd5: DECLARED, baseMd5: DECLARED, isBaseOurs: true },
    plan: 'in-sync',
  },
  {
    title: 'leaves equal content of somebody else as it is',
    input: { nacosMd5: DECLARED, ownership: 'foreign', metadataDiffers: true, isServed: false },
    plan: 'in-sync',
  },
  {
    title: 'leaves equal content as it is when the owner cannot be read',
    input: { nacosMd5: DECLARED, ownership: 'unknown', metadataDiffers: true },
    plan: 'in-sync',
  },
  {
    title: 'marks equal content of somebody else when told to adopt it',
    input: { nacosMd5: DECLARED, ownership: 'foreign', adoptionPolicy: 'Adopt' },
    plan: `publish:Adopted ${DECLARED}`,
  },
  {
    title: 'marks equal content when told to adopt it later',
    input: { nacosMd5: DECLARED, baseMd5: DECLARED, isBaseOurs: false, adoptionPolicy: 'Adopt' },
    plan: `publish:Adopted ${DECLARED}`,
  },
  {
    title: 'does not update what it never wrote, though it was equal once',
    input: { nacosMd5: BASE, baseMd5: BASE, isBaseOurs: false },
    plan: 'conflict',
  },
  {
    title: 'updates what it never wrote, though it was equal once, when told to adopt it',
    input: { nacosMd5: BASE, baseMd5: BASE, isBaseOurs: false, adoptionPolicy: 'Adopt' },
    plan: `publish:Adopted ${BASE}`,
  },
  {
    title: 'does not put back an edit of what it never wrote',
    input: { baseMd5: BASE, isBaseOurs: false },
    plan: 'conflict',
  },
  {
    title: 'takes over equal content of a NacosConfig that has given it up',
    input: { nacosMd5: DECLARED, ownership: 'given-up' },
    plan: `publish:Adopted ${DECLARED}`,
  },
  {
    title: 'does not touch other content of a NacosConfig that has given it up',
    input: { ownership: 'given-up', owner: 'ns/old' },
    plan: 'conflict',
  },
  {
    title: 'takes over equal content that a NacosConfigSync hands over',
    input: { nacosMd5: DECLARED, ownership: 'handed-over' },
    plan: `publish:Adopted ${DECLARED}`,
  },
  {
    title: 'updates other content that a NacosConfigSync hands over',
    input: { ownership: 'handed-over' },
    plan: `publish:Updated ${OTHER}`,
  },
  {
    title: 'updates what a version without records of that has synced, when nobody can tell who wrote it',
    input: { nacosMd5: BASE, baseMd5: BASE, ownership: 'unknown' },
    plan: `publish:Updated ${BASE}`,
  },
  {
    title: 'reports tags that were edited in Nacos',
    input: { ...inPlace, metadataDiffers: true, isMetadataDrift: true, driftPolicy: 'Report' },
    plan: 'drifted:ChangedInNacos',
  },
  {
    title: 'puts back tags that were edited in Nacos',
    input: { ...inPlace, metadataDiffers: true, isMetadataDrift: true },
    plan: `publish:MetadataUpdated ${DECLARED}`,
  },
  {
    title: 'keeps what is ours when an edit in Nacos is declared afterwards',
    input: { nacosMd5: DECLARED, baseMd5: BASE, isBaseOurs: true, ownership: 'foreign', adoptionPolicy: 'Adopt' },
    plan: 'in-sync',
  },
  {
    title: 'leaves equal content of another bridge',
    input: { nacosMd5: DECLARED, ownership: 'other-bridge' },
    plan: 'conflict',
  },
  {
    title: 'adopts equal content of another bridge when told to',
    input: { nacosMd5: DECLARED, ownership: 'other-bridge', adoptionPolicy: 'Adopt' },
    plan: `publish:Adopted ${DECLARED}`,
  },
  {
    title: 'updates when Kubernetes alone moved',
    input: { nacosMd5: BASE, baseMd5: BASE, isBaseOurs: true },
    plan: `publish:Updated ${BASE}`,
  },
  {
    title: 'updates under Report when Kubernetes alone moved',
    input: { nacosMd5: BASE, baseMd5: BASE, isBaseOurs: true, driftPolicy: 'Report' },
    plan: `publish:Updated ${BASE}`,
  },
  {
    title: 'updates its own write that a crash kept from being recorded',
    input: { ownership: 'ours' },
    plan: `publish:Updated ${OTHER}`,
  },
  {
    title: 'updates its own unrecorded write over an older base',
    input: { ownership: 'ours', baseMd5: BASE },
    plan: `publish:Updated ${OTHER}`,
  },
  {
    title: 'does not take its own unrecorded write for drift',
    input: { ownership: 'ours', baseMd5: BASE, driftPolicy: 'Report' },
    plan: `publish:Updated ${OTHER}`,
  },
  {
    title: 'puts back an edit',
    input: { baseMd5: BASE, ownership: 'foreign' },
    plan: `publish:Reverted ${OTHER}`,
  },
  {
    title: 'puts back an edit whose writer cannot be read',
    input: { baseMd5: BASE, ownership: 'unknown' },
    plan: `publish:Reverted ${OTHER}`,
  },
  {
    title: 'reports an edit',
    input: { baseMd5: BASE, ownership: 'foreign', driftPolicy: 'Report' },
    plan: 'drifted:ChangedInNacos',
  },
  { title: 'does not touch what is not ours', input: { ownership: 'foreign' }, plan: 'conflict' },
  { title: 'does not touch what may not be ours', input: { ownership: 'unknown' }, plan: 'conflict' },
  { title: 'does not touch what is of another bridge', input: { ownership: 'other-bridge' }, plan: 'conflict' },
  {
    title: 'does not fight a bridge that took over',
    input: { baseMd5: BASE, ownership: 'other-bridge' },
    plan: 'conflict',
  },
  {
    title: 'takes nothing back that another bridge has adopted, or two that adopt would fight for ever',
    input: { baseMd5: BASE, ownership: 'other-bridge', adoptionPolicy: 'Adopt' },
    plan: 'conflict',
  },
  {
    title: 'does not update what another bridge has adopted with equal content',
    input: { nacosMd5: BASE, baseMd5: BASE, ownership: 'other-bridge' },
    plan: 'conflict',
  },
  {
    title: 'adopts what another bridge has adopted with equal content when told to',
    input: { nacosMd5: BASE, baseMd5: BASE, ownership: 'other-bridge', adoptionPolicy: 'Adopt' },
    plan: `publish:Adopted ${BASE}`,
  },
  {
    title: 'adopts what is not ours when told to',
    input: { adoptionPolicy: 'Adopt' },
    plan: `publish:Adopted ${OTHER}`,
  },
  {
    title: 'publishes again what the database holds and the server does not serve',
    input: { nacosMd5: DECLARED, ownership: 'ours', isServed: false },
    plan: `publish:Updated ${DECLARED}`,
  },
  {
    title: 'updates tags and description under equal content',
    input: { ...inPlace, metadataDiffers: true },
    plan: `publish:MetadataUpdated ${DECLARED}`,
  },
  {
    title: 'adopts an edit of what is declared',
    input: { baseMd5: DECLARED, ownership: 'foreign', driftPolicy: 'Adopt' },
    plan: 'write-back',
  },
  {
    title: 'does not adopt an edit when what is declared has changed as well',
    input: { baseMd5: BASE, ownership: 'foreign', driftPolicy: 'Adopt' },
    plan: 'conflict',
  },
  {
    title: 'does not adopt an edit when nothing is known to have been equal',
    input: { ownership: 'foreign', driftPolicy: 'Adopt' },
    plan: 'conflict',
  },
  {
    title: 'adopts a later edit although its own write of an earlier one was not recorded',
    input: { baseMd5: BASE, ownership: 'foreign', driftPolicy: 'Adopt', adoption: adoptionBy({ isOurs: true }) },
    plan: 'write-back',
  },
  {
    title: 'keeps the declared content as the annotation asks',
    input: { baseMd5: BASE, ownership: 'foreign', driftPolicy: 'Adopt', adoption: adoptionBy({}, DECLARED) },
    plan: `publish:Updated ${OTHER}`,
  },
  {
    title: 'keeps the content of Nacos as the annotation asks',
    input: { baseMd5: BASE, ownership: 'foreign', driftPolicy: 'Adopt', adoption: adoptionBy({}, OTHER) },
    plan: 'write-back',
  },
  {
    title: 'adopts no removal',
    input: { nacosMd5: undefined, baseMd5: DECLARED, driftPolicy: 'Adopt' },
    plan: 'drifted:RemovedInNacos',
  },
  {
    title: 'adopts nothing from another bridge',
    input: { baseMd5: DECLARED, ownership: 'other-bridge', driftPolicy: 'Adopt' },
    plan: 'conflict',
  },
  {
    title: 'updates under Adopt when Kubernetes alone moved',
    input: { nacosMd5: BASE, baseMd5: BASE, isBaseOurs: true, driftPolicy: 'Adopt' },
    plan: `publish:Updated ${BASE}`,
  },
];

function adoptionBy(author: { isOurs?: boolean }, keepMd5?: string): PlanInput['adoption'] {
  return {
    keepMd5,
    author: { isOurs: false, lastWriter: "'kubectl-edit'", ...author },
    names: {
      place: '`spec.content`',
      keepCommand: (md5: string) => `kubectl annotate keep=${md5}`,
      policyField: 'driftPolicy',
    },
  };
}

const defaults: PlanInput = {
  declaredMd5: DECLARED,
  nacosMd5: OTHER,
  baseMd5: undefined,
  isBaseOurs: undefined,
  ownership: 'foreign',
  owner: undefined,
  lastWriter: '',
  isServed: true,
  metadataDiffers: false,
  isMetadataDrift: false,
  driftPolicy: 'Revert',
  adoptionPolicy: 'Fail',
  adoption: adoptionBy({}),
};

describe('config plan', () => {
  for (const { title, input, plan } of cases) {
    it(title, () => assert.equal(describePlan(planConfig({ ...defaults, ...input })), plan));
  }

  it('has a case above for each of its rules', () => {
    const inputs = cases.map(({ input }) => ({ ...defaults, ...input }));
    const present = inputs.flatMap(({ nacosMd5, ...input }) =>
      nacosMd5 === undefined ? [] : [{ ...input, nacosMd5 }],
    );
    assert.deepEqual(
      rulesWithoutCase(
        absentRules,
        inputs.filter(({ nacosMd5 }) => nacosMd5 === undefined),
      ),
      [],
    );
    assert.deepEqual(rulesWithoutCase(presentRules, present), []);
  });

  it('names the last writer and what to do next', () => {
    const lastWriter = "'alice' from 192.0.2.7";
    const conflict = planConfig({ ...defaults, lastWriter });
    assert.match(messageOf(conflict), /last written by 'alice' from 192\.0\.2\.7.*`adoptionPolicy` to 'Adopt'/);
    const drifted = planConfig({ ...defaults, baseMd5: BASE, driftPolicy: 'Report', lastWriter });
    assert.match(messageOf(drifted), /changed in Nacos by 'alice' from 192\.0\.2\.7.*`driftPolicy` to 'Revert'/);
  });

  it('asks for the owner only when something may have to be written', () => {
    fc.assert(
      fc.property(anyInput, (input) => {
        const withOwners = owners.map((ownership) => describePlan(planConfig({ ...input, ownership })));
        const isRead = needsOwnership(input) || input.metadataDiffers;
        if (!isRead) assert.equal(new Set(withOwners).size, 1);
      }),
    );
  });

  it('asks for the author of what is declared only when it decides', () => {
    fc.assert(
      fc.property(anyInput, (input) => {
        const plans = [true, false].map((isOurs) => {
          const adoption = { ...input.adoption, author: { isOurs, lastWriter: '' } };
          return describePlan(planConfig({ ...input, adoption }));
        });
        if (!needsAuthor(input)) assert.equal(new Set(plans).size, 1);
      }),
    );
  });

  it('is settled after one write, whatever the world was', () => {
    fc.assert(
      fc.property(anyInput, (input) => {
        const plan = planConfig(input);
        if (plan.kind === 'write-back') return assert.equal(planConfig(afterWriteBack(input)).kind, 'in-sync');
        if (plan.kind !== 'publish') return;
        const after = {
          ...input,
          nacosMd5: input.declaredMd5,
          baseMd5: input.declaredMd5,
          isServed: true,
          metadataDiffers: false,
          isMetadataDrift: false,
          isBaseOurs: true,
          ownership: 'ours',
        } as const;
        assert.equal(planConfig(after).kind, 'in-sync');
        const afterCrash = { ...after, baseMd5: input.baseMd5, isBaseOurs: input.isBaseOurs };
        assert.equal(planConfig(afterCrash).kind, 'in-sync');
      }),
    );
  });

  it('never overwrites another bridge without being told to', () => {
    fc.assert(
      fc.property(anyInput, (any) => {
        const input = { ...any, ownership: 'other-bridge', adoptionPolicy: 'Fail' } as const;
        const plan = planConfig(input);
        if (needsOwnership(input)) assert.equal(plan.kind, 'conflict');
        assert.notEqual(plan.kind === 'publish' && input.nacosMd5 !== undefined, true);
      }),
    );
  });

  it('compares and swaps exactly what was observed', () => {
    fc.assert(
      fc.property(anyInput, (input) => {
        const plan = planConfig(input);
        if (plan.kind !== 'publish') return;
        assert.deepEqual(plan.cas, input.nacosMd5 === undefined ? 'create-only' : { md5: input.nacosMd5 });
      }),
    );
  });
});

const owners: Ownership[] = ['ours', 'given-up', 'handed-over', 'other-bridge', 'foreign', 'unknown'];
const md5 = fc.constantFrom(BASE, DECLARED, OTHER);
const anyInput: fc.Arbitrary<PlanInput> = fc.record({
  declaredMd5: md5,
  nacosMd5: fc.option(md5, { nil: undefined }),
  baseMd5: fc.option(md5, { nil: undefined }),
  isBaseOurs: fc.constantFrom(true, false, undefined),
  ownership: fc.constantFrom(...owners),
  owner: fc.constantFrom('ns/other', undefined),
  lastWriter: fc.constantFrom('', "'bob'"),
  isServed: fc.boolean(),
  metadataDiffers: fc.boolean(),
  isMetadataDrift: fc.boolean(),
  driftPolicy: fc.constantFrom('Revert', 'Report', 'Adopt'),
  adoptionPolicy: fc.constantFrom('Fail', 'Adopt'),
  adoption: fc
    .tuple(fc.boolean(), fc.option(md5, { nil: undefined }))
    .map(([isOurs, keepMd5]) => adoptionBy({ isOurs }, keepMd5)),
});

function afterWriteBack(input: PlanInput): PlanInput {
  const both = input.nacosMd5 ?? '';
  // With Adopt, what somebody else wrote is marked by one publish more.
  const settled = { adoptionPolicy: 'Fail' as const, isServed: true, metadataDiffers: false, isMetadataDrift: false };
  return { ...input, ...settled, declaredMd5: both, baseMd5: both };
}

function describePlan(plan: ConfigPlan): string {
  switch (plan.kind) {
    case 'in-sync':
    case 'conflict':
    case 'write-back':
    case 'remote-missing':
      return plan.kind;
    case 'drifted':
      return `drifted:${plan.reason}`;
    case 'publish':
      return `publish:${plan.reason} ${plan.cas === 'create-only' ? plan.cas : plan.cas.md5}`;
  }
}

function messageOf(plan: ConfigPlan): string {
  return plan.message;
}
