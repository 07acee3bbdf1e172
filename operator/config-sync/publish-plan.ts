/**
 * The decisions for a config that is declared in Kubernetes: what to write to Nacos, or why not.
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
  /** Whether we wrote that to Nacos; undefined where nobody could tell. */
  isBaseOurs: boolean | undefined;
  /** Asked for only where the rules need it: see `needsOwnership`. */
  ownership: Ownership;
  /** The NacosConfig of this cluster that wrote last, for messages; undefined for any other writer. */
  owner: string | undefined;
  /** Whether tags, description, appName or type were declared and in Nacos before: they were edited there. */
  isMetadataDrift: boolean;
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
    title: 'nothing is there, and never was anything of ours: create',
    when: ({ baseMd5, isBaseOurs }) => baseMd5 === undefined || isBaseOurs === false,
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
    title: 'all three are equal, it is known whose, and there is nothing to mend: in sync, without asking who wrote it',
    when: (input) => input.nacosMd5 === input.baseMd5 && isSettled(input) && isInSync(input),
    plan: (input) => planEqual(input, input.nacosMd5),
  },
  {
    title:
      'the declared content, by a NacosConfig of this cluster that is gone, or has to leave it to us: take it over',
    when: ({ ownership, declaredMd5, nacosMd5 }) =>
      (ownership === 'given-up' || ownership === 'handed-over') && nacosMd5 === declaredMd5,
    plan: ({ nacosMd5 }) => ({ ...update(nacosMd5, 'Adopted'), message: TAKEN_OVER }),
  },
  {
    title: 'other content, which a NacosConfigSync wrote and has handed over, or gets back: update, it counts as ours',
    when: ({ ownership }) => ownership === 'handed-over',
    plan: ({ nacosMd5 }) => update(nacosMd5, 'Updated'),
  },
  {
    title: 'another bridge has taken over what was ours: conflict, or two that adopt would fight for ever',
    when: ({ ownership, baseMd5, nacosMd5 }) =>
      ownership === 'other-bridge' && baseMd5 !== undefined && nacosMd5 !== baseMd5,
    plan: (input) => conflict(input, 'it was ours and is not taken back: delete one of the two NacosConfigs'),
  },
  {
    title: 'it belongs to another bridge; adoptionPolicy Adopt: take it over',
    when: (input) => isOfBridge(input) && input.adoptionPolicy === 'Adopt',
    plan: ({ nacosMd5 }) => update(nacosMd5, 'Adopted'),
  },
  {
    title: 'it belongs to another bridge: conflict',
    when: isOfBridge,
    plan: (input) => conflict(input, ADOPT_IT),
  },
  {
    title: 'the declared content, which we never wrote; adoptionPolicy Adopt: mark it by a publish',
    when: (input) => isDeclared(input) && isForeign(input) && input.adoptionPolicy === 'Adopt',
    plan: ({ nacosMd5 }) => update(nacosMd5, 'Adopted'),
  },
  {
    title: 'the declared content, which we never wrote: in sync, and nothing of it is changed',
    when: (input) => isDeclared(input) && isForeign(input),
    plan: (input) => planEqual({ ...input, isServed: true, metadataDiffers: false }, input.nacosMd5),
  },
  {
    title: 'the declared content, with tags, description, appName or type that were edited; Report: drifted',
    when: (input) => isDeclared(input) && input.isMetadataDrift && input.driftPolicy === 'Report',
    plan: ({ lastWriter }) => {
      const what = `Tags, description, appName or type were changed in Nacos${by(lastWriter)}`;
      const next = "set `driftPolicy` to 'Revert' to have them put back";
      return { kind: 'drifted', reason: 'ChangedInNacos', message: `${what}; ${next}` };
    },
  },
  {
    title: 'the declared content, with tags, description, appName or type that were edited: put them back',
    when: (input) => isDeclared(input) && input.isMetadataDrift,
    plan: ({ lastWriter, nacosMd5 }) => {
      const message = `Tags, description, appName or type were changed in Nacos${by(lastWriter)}; put them back`;
      return { ...update(nacosMd5, 'MetadataUpdated'), message, repairsDrift: true };
    },
  },
  {
    title: 'the declared content: as equal content (plan.ts)',
    when: isDeclared,
    plan: (input) => planEqual(input, input.nacosMd5),
  },
  {
    title: 'the base, which is not known to be of somebody else: update, only Kubernetes moved',
    when: (input) => input.nacosMd5 === input.baseMd5 && !isForeign(input),
    plan: ({ nacosMd5 }) => update(nacosMd5, 'Updated'),
  },
  {
    title: 'the base, which we never wrote; adoptionPolicy Adopt: take it over',
    when: ({ baseMd5, nacosMd5, adoptionPolicy }) => nacosMd5 === baseMd5 && adoptionPolicy === 'Adopt',
    plan: ({ nacosMd5 }) => update(nacosMd5, 'Adopted'),
  },
  {
    title: 'the base, which we never wrote: conflict',
    when: ({ baseMd5, nacosMd5 }) => nacosMd5 === baseMd5,
    plan: (input) => conflict(input, ADOPT_IT),
  },
  {
    title: 'something else, which we wrote: update, that write was not recorded before a crash',
    when: ({ ownership }) => ownership === 'ours',
    plan: ({ nacosMd5 }) => update(nacosMd5, 'Updated'),
  },
  {
    title: 'something else, never ours; adoptionPolicy Adopt: take it over',
    when: (input) => wasNeverOurs(input) && input.adoptionPolicy === 'Adopt',
    plan: ({ nacosMd5 }) => update(nacosMd5, 'Adopted'),
  },
  {
    title: 'something else, never ours: conflict',
    when: wasNeverOurs,
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

type OwnershipInput = Pick<
  PlanInput,
  'declaredMd5' | 'nacosMd5' | 'baseMd5' | 'isBaseOurs' | 'isServed' | 'adoptionPolicy'
>;

/** Whether the decision depends on who the dataId belongs to, which costs a read of the admin API. */
export function needsOwnership(input: OwnershipInput): boolean {
  const { declaredMd5, nacosMd5, baseMd5, isServed } = input;
  if (nacosMd5 === undefined) return false;
  return nacosMd5 !== baseMd5 || nacosMd5 !== declaredMd5 || !isServed || !isSettled(input);
}

/** Whether it is known who wrote the base, and nothing is to be done about it. */
function isSettled({ adoptionPolicy, isBaseOurs }: Pick<PlanInput, 'adoptionPolicy' | 'isBaseOurs'>): boolean {
  return isBaseOurs === true || (isBaseOurs === false && adoptionPolicy === 'Fail');
}

/** Whether what Nacos holds is ours after this decision, which changes nothing there; undefined where nobody can tell. */
export function isOursInSync(input: Omit<PlanInput, 'adoption'>): boolean | undefined {
  const { baseMd5, isBaseOurs, nacosMd5, ownership } = input;
  // What was edited of ours and is declared by now is ours again.
  if (ownership === 'ours' || isBaseOurs === true) return true;
  if (nacosMd5 === baseMd5 && isBaseOurs === false) return false;
  // A base from a version that did not record it.
  return ownership === 'unknown' && nacosMd5 === baseMd5 ? undefined : false;
}

/** Whether the dataId is somebody else's, as far as that is known. An edit of what is ours does not make it that. */
function isForeign(input: PresentInput): boolean {
  return isOursInSync(input) === false;
}

function isDeclared({ declaredMd5, nacosMd5 }: PresentInput): boolean {
  return nacosMd5 === declaredMd5;
}

function isOfBridge({ ownership }: PresentInput): boolean {
  return ownership === 'other-bridge' || ownership === 'given-up';
}

/** Where edits are adopted, one in Nacos needs no right to Nacos. */
function wasNeverOurs({ baseMd5, driftPolicy, isBaseOurs }: PresentInput): boolean {
  return baseMd5 === undefined || (isBaseOurs === false && driftPolicy !== 'Adopt');
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
  return `The content was changed in Nacos${by(lastWriter)} (md5 ${nacosMd5})`;
}

function by(lastWriter: string): string {
  return lastWriter === '' ? '' : ` by ${lastWriter}`;
}

const TAKEN_OVER = 'Took over a dataId that another NacosConfig of this cluster has given up';

const ADOPT_IT = "set `adoptionPolicy` to 'Adopt' to overwrite it, or choose another `dataId`";

function conflict(input: PresentInput, next: string): ConfigPlan {
  const { declaredMd5, lastWriter, nacosMd5 } = input;
  const who = lastWriter === '' ? '' : `, last written by ${lastWriter}`;
  const what = `${ownerText(input)} (Nacos md5 ${nacosMd5}${who}; declared md5 ${declaredMd5})`;
  return { kind: 'conflict', message: `${what}; ${next}`, isDrift: false };
}

function ownerText({ owner, ownership }: PresentInput): string {
  if (owner !== undefined) return `The dataId was written by NacosConfig '${owner}'`;
  if (ownership === 'given-up') return 'The dataId was written by a NacosConfig of this cluster that is gone';
  if (ownership === 'other-bridge') {
    return 'The dataId belongs to a NacosConfig that is not known in this cluster: of another one, or deleted here before the operator was started';
  }
  const exists = 'The dataId exists in Nacos with other content';
  return ownership === 'unknown' ? `${exists}, and who owns it could not be read` : `${exists} and is not ours`;
}
