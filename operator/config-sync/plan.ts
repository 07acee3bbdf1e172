/**
 * The decision for a config that is declared in Kubernetes: what to write to Nacos, or why not.
 *
 * Pure: values in, one decision out, with the reason and the message that conditions, events, log lines and metrics
 * carry unchanged. Three contents are compared, by md5: the declared one (Kubernetes), the one that Nacos holds, and
 * the base, which both held when they were last equal.
 *
 *   Nacos holds     base        owner in Nacos      decision
 *   nothing         none        -                   create
 *   nothing         some        -                   Revert: create again        Report: drifted
 *   the declared    = declared  -                   in sync, nothing is read or written
 *   the declared, and does not serve it             update: a write failed half-way inside the server
 *   the declared    other       any but a bridge    in sync: equal content is taken over in silence
 *   the base        = Nacos     any but a bridge    update: only Kubernetes moved
 *   anything        none        other bridge        conflict (Adopt: take over)
 *   anything else   = Nacos     other bridge        conflict (Adopt: take over)
 *   anything        other       other bridge        conflict: it was ours, and was taken over since
 *   something else  any         ours                update: our own earlier write, not recorded before a crash
 *   something else  none        foreign, unknown    conflict (Adopt: update)
 *   something else  some        foreign, unknown    Revert: update              Report: drifted
 *
 * Where it says what Revert and Report do, `driftPolicy: Adopt` takes the decision of two-way-plan.ts, and never lets a
 * policy decide a conflict. The other Adopt, in brackets, is that of `adoptionPolicy`.
 */
import { create, planEqual, update, type ConfigPlan, type EqualInput } from './config-plan.ts';
import type { Ownership } from './ownership.ts';
import { needsEvidence, planTwoWay, type ConflictNames, type Side } from './two-way-plan.ts';

export interface PlanInput extends EqualInput {
  declaredMd5: string;
  /** `undefined`: the dataId does not exist. */
  nacosMd5: string | undefined;
  /** The md5 that both sides held when they were last equal; `undefined` before the first time. */
  baseMd5: string | undefined;
  /** Asked for only where the table needs it: see `needsOwnership`. */
  ownership: Ownership;
  /** Who wrote last, for messages; '' when it is not known. */
  lastWriter: string;
  driftPolicy: 'Revert' | 'Report' | 'Adopt';
  adoptionPolicy: 'Fail' | 'Adopt';
  /** What only `driftPolicy: Adopt` asks for. */
  adoption: AdoptionInput;
}

export interface AdoptionInput {
  keepMd5: string | undefined;
  names: ConflictNames;
  /** Who wrote what is declared: see `needsAuthor`. */
  author: Pick<Side, 'isOurs' | 'lastWriter'>;
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

export function planConfig(input: PlanInput): ConfigPlan {
  const { nacosMd5, baseMd5 } = input;
  if (nacosMd5 === undefined) return planAbsent(input);
  const plan = planPresent(input, nacosMd5);
  const isSettled = plan.kind === 'in-sync' && nacosMd5 === baseMd5;
  return input.ownership === 'other-bridge' && !isSettled ? planForeign(input, nacosMd5) : plan;
}

/** As if it were of no other bridge. */
function planPresent(input: PlanInput, nacosMd5: string): ConfigPlan {
  const { declaredMd5, baseMd5 } = input;
  if (nacosMd5 === declaredMd5) return planEqual(input, nacosMd5);
  if (nacosMd5 === baseMd5 || input.ownership === 'ours') return update(nacosMd5, 'Updated');
  return baseMd5 === undefined ? planForeign(input, nacosMd5) : planEdited(input, nacosMd5);
}

function planAbsent(input: PlanInput): ConfigPlan {
  const { baseMd5, driftPolicy } = input;
  if (baseMd5 === undefined) return create('Published', 'Created the dataId in Nacos');
  if (driftPolicy === 'Adopt') return planAdoption(input);
  if (driftPolicy === 'Revert') return create('Recreated', 'The dataId was removed in Nacos; created it again', true);
  const message = "The dataId was removed in Nacos; set `driftPolicy` to 'Revert' to have it created again";
  return { kind: 'drifted', reason: 'RemovedInNacos', message };
}

function planEdited(input: PlanInput, nacosMd5: string): ConfigPlan {
  if (input.driftPolicy === 'Adopt') return planAdoption(input);
  const who = input.lastWriter === '' ? '' : ` by ${input.lastWriter}`;
  const what = `The content was changed in Nacos${who} (md5 ${nacosMd5})`;
  if (input.driftPolicy === 'Revert') {
    const message = `${what}; put back the declared content (md5 ${input.declaredMd5})`;
    return { kind: 'publish', cas: { md5: nacosMd5 }, reason: 'Reverted', message, repairsDrift: true };
  }
  const message = `${what}; set \`driftPolicy\` to 'Revert' to put the declared content back (md5 ${input.declaredMd5})`;
  return { kind: 'drifted', reason: 'ChangedInNacos', message };
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

function planForeign(input: PlanInput, nacosMd5: string): ConfigPlan {
  if (input.adoptionPolicy === 'Adopt' && !isTakenOver(input, nacosMd5)) return update(nacosMd5, 'Adopted');
  return { kind: 'conflict', message: conflictMessage(input, nacosMd5), isDrift: false };
}

/** Two that both adopt would take it from each other for ever, so each takes it but once. */
function isTakenOver({ baseMd5, ownership }: PlanInput, nacosMd5: string): boolean {
  return ownership === 'other-bridge' && baseMd5 !== undefined && nacosMd5 !== baseMd5;
}

function conflictMessage(input: PlanInput, nacosMd5: string): string {
  const { ownership, declaredMd5, lastWriter } = input;
  const owner =
    {
      'other-bridge': 'The dataId belongs to another NacosConfig, of this or another cluster',
      unknown: 'The dataId exists in Nacos with other content, and who owns it could not be read',
    }[ownership as string] ?? 'The dataId exists in Nacos with other content and is not ours';
  const who = lastWriter === '' ? '' : `, last written by ${lastWriter}`;
  const next = isTakenOver(input, nacosMd5)
    ? 'it was ours and is not taken back: delete one of the two NacosConfigs'
    : "set `adoptionPolicy` to 'Adopt' to overwrite it, or choose another `dataId`";
  return `${owner} (Nacos md5 ${nacosMd5}${who}; declared md5 ${declaredMd5}); ${next}`;
}
