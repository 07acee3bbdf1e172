/**
 * The decisions for a config that is declared in Kubernetes: what to write to Nacos, or why not; and, at deletion,
 * whether the dataId goes with it.
 *
 * Pure: values in, one decision out, with the reason and the message that conditions, events, log lines and metrics
 * carry unchanged. Three contents are compared, by md5: the declared one (Kubernetes), the one that Nacos holds, and
 * the base, which both held when they were last equal. The lists below are the specification: the first rule that
 * applies decides.
 *
 * `driftPolicy: Adopt` takes the decision of two-way-plan.ts where Revert and Report differ, and never lets a policy
 * decide a conflict. The other Adopt is that of `adoptionPolicy`.
 */
import { firstOf, otherwise, type Rule } from '../rules.ts';
import { create, planEqual, update, type ConfigPlan, type EqualInput } from './plan.ts';
import type { Ownership } from './remote.ts';
import { needsEvidence, planTwoWay, type ConflictNames, type Side } from './two-way-plan.ts';

export interface PlanInput extends EqualInput {
  declaredMd5: string;
  /** `undefined`: the dataId does not exist. */
  nacosMd5: string | undefined;
  /** The md5 that both sides held when they were last equal; `undefined` before the first time. */
  baseMd5: string | undefined;
  /** Asked for only where the rules need it: see `needsOwnership`. */
  ownership: Ownership;
  /** Who wrote last, for messages; '' when it is not known. */
  lastWriter: string;
  driftPolicy: 'Revert' | 'Report' | 'Adopt';
  adoptionPolicy: 'Fail' | 'Adopt';
  /** What only `driftPolicy: Adopt` asks for. */
  adoption: AdoptionInput;
}

interface AdoptionInput {
  keepMd5: string | undefined;
  names: ConflictNames;
  /** Who wrote what is declared: see `needsAuthor`. */
  author: Pick<Side, 'isOurs' | 'lastWriter'>;
}

type PresentInput = PlanInput & { nacosMd5: string };

/** Nacos holds nothing. */
export const absentRules: readonly Rule<PlanInput, ConfigPlan>[] = [
  {
    title: 'nothing is there, and never was: create',
    when: ({ baseMd5 }) => baseMd5 === undefined,
    plan: () => create('Published', 'Created the dataId in Nacos'),
  },
  {
    title: 'it was removed; Adopt: as where both sides may change it, and drifted where that is remote missing',
    when: ({ driftPolicy }) => driftPolicy === 'Adopt',
    plan: planAdoption,
  },
  {
    title: 'it was removed; Revert: create again',
    when: ({ driftPolicy }) => driftPolicy === 'Revert',
    plan: () => create('Recreated', 'The dataId was removed in Nacos; created it again', true),
  },
  {
    title: 'it was removed; Report: drifted',
    when: otherwise,
    plan: () => {
      const message = "The dataId was removed in Nacos; set `driftPolicy` to 'Revert' to have it created again";
      return { kind: 'drifted', reason: 'RemovedInNacos', message };
    },
  },
];

/** Nacos holds something. */
export const presentRules: readonly Rule<PresentInput, ConfigPlan>[] = [
  {
    title: 'all three are equal, and there is nothing to mend: in sync, without asking who wrote it',
    when: (input) => input.nacosMd5 === input.baseMd5 && isInSync(input),
    plan: (input) => planEqual(input, input.nacosMd5),
  },
  {
    title: 'another bridge has taken over what was ours: conflict, or two that adopt would fight for ever',
    when: ({ ownership, baseMd5, nacosMd5 }) =>
      ownership === 'other-bridge' && baseMd5 !== undefined && nacosMd5 !== baseMd5,
    plan: (input) => conflict(input, 'it was ours and is not taken back: delete one of the two NacosConfigs'),
  },
  {
    title: 'it belongs to another bridge; adoptionPolicy Adopt: take it over',
    when: ({ ownership, adoptionPolicy }) => ownership === 'other-bridge' && adoptionPolicy === 'Adopt',
    plan: ({ nacosMd5 }) => update(nacosMd5, 'Adopted'),
  },
  {
    title: 'it belongs to another bridge: conflict',
    when: ({ ownership }) => ownership === 'other-bridge',
    plan: (input) => conflict(input, ADOPT_IT),
  },
  {
    title: 'the declared content: as equal content (plan.ts); what somebody else wrote is taken over in silence',
    when: ({ declaredMd5, nacosMd5 }) => nacosMd5 === declaredMd5,
    plan: (input) => planEqual(input, input.nacosMd5),
  },
  {
    title: 'the base: update, only Kubernetes moved',
    when: ({ baseMd5, nacosMd5 }) => nacosMd5 === baseMd5,
    plan: ({ nacosMd5 }) => update(nacosMd5, 'Updated'),
  },
  {
    title: 'something else, which we wrote: update, that write was not recorded before a crash',
    when: ({ ownership }) => ownership === 'ours',
    plan: ({ nacosMd5 }) => update(nacosMd5, 'Updated'),
  },
  {
    title: 'something else, never ours; adoptionPolicy Adopt: take it over',
    when: ({ baseMd5, adoptionPolicy }) => baseMd5 === undefined && adoptionPolicy === 'Adopt',
    plan: ({ nacosMd5 }) => update(nacosMd5, 'Adopted'),
  },
  {
    title: 'something else, never ours: conflict',
    when: ({ baseMd5 }) => baseMd5 === undefined,
    plan: (input) => conflict(input, ADOPT_IT),
  },
  {
    title: 'an edit; Adopt: as where both sides may change it',
    when: ({ driftPolicy }) => driftPolicy === 'Adopt',
    plan: planAdoption,
  },
  {
    title: 'an edit; Revert: put the declared content back',
    when: ({ driftPolicy }) => driftPolicy === 'Revert',
    plan: (input) => {
      const message = `${edited(input)}; put back the declared content (md5 ${input.declaredMd5})`;
      return { ...update(input.nacosMd5, 'Updated'), reason: 'Reverted', message, repairsDrift: true };
    },
  },
  {
    title: 'an edit; Report: drifted',
    when: otherwise,
    plan: (input) => {
      const next = `set \`driftPolicy\` to 'Revert' to put the declared content back (md5 ${input.declaredMd5})`;
      return { kind: 'drifted', reason: 'ChangedInNacos', message: `${edited(input)}; ${next}` };
    },
  },
];

export function planConfig(input: PlanInput): ConfigPlan {
  const { nacosMd5 } = input;
  return nacosMd5 === undefined ? firstOf(absentRules, input) : firstOf(presentRules, { ...input, nacosMd5 });
}

/** Whether the decision depends on who the dataId belongs to, which costs a read of the admin API. */
export function needsOwnership(input: Pick<PlanInput, 'declaredMd5' | 'nacosMd5' | 'baseMd5' | 'isServed'>): boolean {
  const { declaredMd5, nacosMd5, baseMd5, isServed } = input;
  return nacosMd5 !== undefined && (nacosMd5 !== baseMd5 || nacosMd5 !== declaredMd5 || !isServed);
}

/** Whether the decision depends on who wrote what is declared. */
export function needsAuthor({ driftPolicy, declaredMd5, nacosMd5, baseMd5 }: Omit<PlanInput, 'adoption'>): boolean {
  return driftPolicy === 'Adopt' && needsEvidence({ kubernetesMd5: declaredMd5, nacosMd5, baseMd5 });
}

function isInSync(input: PresentInput): boolean {
  return input.nacosMd5 === input.declaredMd5 && planEqual(input, input.nacosMd5).kind === 'in-sync';
}

function planAdoption({ adoption, declaredMd5, nacosMd5, ownership, lastWriter, ...rest }: PlanInput): ConfigPlan {
  const { author, keepMd5, names } = adoption;
  const plan = planTwoWay({
    ...rest,
    kubernetes: { md5: declaredMd5, ...author },
    nacos: { md5: nacosMd5, isOurs: ownership === 'ours', lastWriter },
    policy: 'Manual',
    keepMd5,
    names,
  });
  // Something is declared, so there is a decision.
  if (plan === undefined) throw new TypeError('nothing is declared');
  if (plan.kind !== 'remote-missing') return plan;
  return { kind: 'drifted', reason: 'RemovedInNacos', message: plan.message };
}

function edited({ lastWriter, nacosMd5 }: PresentInput): string {
  return `The content was changed in Nacos${lastWriter === '' ? '' : ` by ${lastWriter}`} (md5 ${nacosMd5})`;
}

const ADOPT_IT = "set `adoptionPolicy` to 'Adopt' to overwrite it, or choose another `dataId`";

function conflict({ ownership, declaredMd5, lastWriter, nacosMd5 }: PresentInput, next: string): ConfigPlan {
  const who = lastWriter === '' ? '' : `, last written by ${lastWriter}`;
  const what = `${ownerText(ownership)} (Nacos md5 ${nacosMd5}${who}; declared md5 ${declaredMd5})`;
  return { kind: 'conflict', message: `${what}; ${next}`, isDrift: false };
}

function ownerText(ownership: Ownership): string {
  if (ownership === 'other-bridge') return 'The dataId belongs to another NacosConfig, of this or another cluster';
  const exists = 'The dataId exists in Nacos with other content';
  return ownership === 'unknown' ? `${exists}, and who owns it could not be read` : `${exists} and is not ours`;
}

export interface FinalizeInput {
  /** `undefined`: the dataId does not exist. */
  nacosMd5: string | undefined;
  baseMd5: string | undefined;
  ownership: Ownership;
  /** Who wrote last, for the message; '' when it is not known. */
  lastWriter: string;
}

export type FinalizePlan = { kind: 'nothing' } | { kind: 'remove' } | { kind: 'leave'; message: string };

/**
 * At deletion. Removing has no compare-and-swap in Nacos, so only what is certainly ours, as we left it, is removed.
 * Everything else stays, and an event says so.
 */
export const finalizeRules: readonly Rule<FinalizeInput, FinalizePlan>[] = [
  {
    title: 'nothing is there: nothing to be done',
    when: ({ nacosMd5 }) => nacosMd5 === undefined,
    plan: () => ({ kind: 'nothing' }),
  },
  {
    title: 'it belongs to another bridge: leave it',
    when: ({ ownership }) => ownership === 'other-bridge',
    plan: () => leave('it belongs to another NacosConfig, of this or another cluster'),
  },
  {
    title: 'it is as last synced, or as this NacosConfig wrote it and a crash kept from being recorded: remove it',
    when: ({ ownership, nacosMd5, baseMd5 }) => ownership === 'ours' || nacosMd5 === baseMd5,
    plan: () => ({ kind: 'remove' }),
  },
  {
    title: 'it was changed since: leave it',
    when: ({ baseMd5 }) => baseMd5 !== undefined,
    plan: ({ lastWriter }) =>
      leave(`it was changed${lastWriter === '' ? '' : ` by ${lastWriter}`} since it was last synced`),
  },
  {
    title: 'it was never ours: leave it',
    when: otherwise,
    plan: () => leave('it was not published by this NacosConfig'),
  },
];

export function planFinalize(input: FinalizeInput): FinalizePlan {
  return firstOf(finalizeRules, input);
}

function leave(why: string): FinalizePlan {
  return { kind: 'leave', message: `Left the dataId in Nacos: ${why}` };
}
