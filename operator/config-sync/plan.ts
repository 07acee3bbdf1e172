/**
 * The decision for a config that is declared in Kubernetes: what to write to Nacos, or why not.
 *
 * Pure: values in, one decision out, with the reason and the message that conditions, events, log lines and metrics
 * carry unchanged. Three contents are compared, by md5: the declared one (Kubernetes), the one that Nacos holds, and
 * the base, which both held when they were last equal.
 *
 *   Nacos holds     base        owner in Nacos      decision
 *   nothing         none        -                   create
 *   nothing         any         -                   Revert: create again        Report: drifted
 *   the declared    = declared  -                   in sync, nothing is read or written
 *   the declared, and does not serve it             update: a write failed half-way inside the server
 *   the declared    other       other bridge        conflict (Adopt: take over)
 *   the declared    other       any other           in sync: equal content is taken over in silence
 *   the base        = Nacos     -                   update: only Kubernetes moved
 *   something else  any         ours                update: our own earlier write, not recorded before a crash
 *   something else  any         edited              Revert: update              Report: drifted
 *   something else  none        foreign, unknown,   conflict (Adopt: update)
 *                               other bridge
 *   something else  some        foreign, unknown    Revert: update              Report: drifted
 *   something else  some        other bridge        conflict (Adopt: update)
 */
import type { Ownership } from './ownership.ts';

export interface PlanInput {
  declaredMd5: string;
  /** `undefined`: the dataId does not exist. */
  nacosMd5: string | undefined;
  /** The md5 that both sides held when they were last equal; `undefined` before the first time. */
  baseMd5: string | undefined;
  /** Asked for only where the table needs it: see `needsOwnership`. */
  ownership: Ownership;
  /** Who wrote last, for messages; '' when it is not known. */
  lastWriter: string;
  /** False when the database holds it and the server does not serve it. */
  isServed: boolean;
  /** Whether tags, description, appName or type differ from what is declared. */
  metadataDiffers: boolean;
  driftPolicy: 'Revert' | 'Report';
  adoptionPolicy: 'Fail' | 'Adopt';
}

export type Cas = 'create-only' | { md5: string };

export type ConfigPlan =
  | { kind: 'in-sync'; message: string }
  /** `event` is undefined for what nobody needs to be told. */
  | { kind: 'publish'; cas: Cas; reason: PublishReason; message: string; repairsDrift: boolean }
  | { kind: 'drifted'; reason: 'ChangedInNacos' | 'RemovedInNacos'; message: string }
  | { kind: 'conflict'; message: string };

export type PublishReason = 'Published' | 'Updated' | 'Reverted' | 'Recreated' | 'Adopted' | 'MetadataUpdated';

/** Whether the decision depends on who the dataId belongs to, which costs a read of the admin API. */
export function needsOwnership(input: Pick<PlanInput, 'declaredMd5' | 'nacosMd5' | 'baseMd5'>): boolean {
  return input.nacosMd5 !== undefined && input.nacosMd5 !== input.baseMd5;
}

export function planConfig(input: PlanInput): ConfigPlan {
  const { declaredMd5, nacosMd5, baseMd5 } = input;
  if (nacosMd5 === undefined) return planAbsent(input);
  if (nacosMd5 === baseMd5) return nacosMd5 === declaredMd5 ? planEqual(input, nacosMd5) : update(nacosMd5, 'Updated');
  if (input.ownership === 'other-bridge') return planForeign(input, nacosMd5);
  if (nacosMd5 === declaredMd5) return planEqual(input, nacosMd5);
  if (input.ownership === 'ours') return update(nacosMd5, 'Updated');
  if (input.ownership === 'edited' || baseMd5 !== undefined) return planEdited(input, nacosMd5);
  return planForeign(input, nacosMd5);
}

function planAbsent({ baseMd5, driftPolicy }: PlanInput): ConfigPlan {
  if (baseMd5 === undefined) return create('Published', 'Created the dataId in Nacos', false);
  if (driftPolicy === 'Revert') return create('Recreated', 'The dataId was removed in Nacos; created it again', true);
  const message = "The dataId was removed in Nacos; set `driftPolicy` to 'Revert' to have it created again";
  return { kind: 'drifted', reason: 'RemovedInNacos', message };
}

function planEqual({ isServed, metadataDiffers }: PlanInput, nacosMd5: string): ConfigPlan {
  if (!isServed) return update(nacosMd5, 'Updated');
  if (metadataDiffers) return update(nacosMd5, 'MetadataUpdated');
  return { kind: 'in-sync', message: `Nacos holds the declared content (md5 ${nacosMd5})` };
}

function planEdited(input: PlanInput, nacosMd5: string): ConfigPlan {
  const who = input.lastWriter === '' ? '' : ` by ${input.lastWriter}`;
  const what = `The content was changed in Nacos${who} (md5 ${nacosMd5})`;
  if (input.driftPolicy === 'Revert') {
    const message = `${what}; put back the declared content (md5 ${input.declaredMd5})`;
    return { kind: 'publish', cas: { md5: nacosMd5 }, reason: 'Reverted', message, repairsDrift: true };
  }
  const message = `${what}; set \`driftPolicy\` to 'Revert' to put the declared content back (md5 ${input.declaredMd5})`;
  return { kind: 'drifted', reason: 'ChangedInNacos', message };
}

function planForeign(input: PlanInput, nacosMd5: string): ConfigPlan {
  if (input.adoptionPolicy === 'Adopt') return update(nacosMd5, 'Adopted');
  return { kind: 'conflict', message: conflictMessage(input, nacosMd5) };
}

function conflictMessage({ ownership, declaredMd5, lastWriter }: PlanInput, nacosMd5: string): string {
  const owner =
    {
      'other-bridge': 'The dataId belongs to another NacosConfig, of this or another cluster',
      unknown: 'The dataId exists in Nacos with other content, and who owns it could not be read',
    }[ownership as string] ?? 'The dataId exists in Nacos with other content and is not ours';
  const who = lastWriter === '' ? '' : `, last written by ${lastWriter}`;
  const next = "set `adoptionPolicy` to 'Adopt' to overwrite it, or choose another `dataId`";
  return `${owner} (Nacos md5 ${nacosMd5}${who}; declared md5 ${declaredMd5}); ${next}`;
}

function create(reason: PublishReason, message: string, repairsDrift: boolean): ConfigPlan {
  return { kind: 'publish', cas: 'create-only', reason, message, repairsDrift };
}

const UPDATE_MESSAGES = {
  Updated: 'Updated the content in Nacos',
  Adopted: 'Took over a dataId that was not ours, as `adoptionPolicy` says',
  MetadataUpdated: 'Updated tags, description, appName or type in Nacos',
} as const;

function update(nacosMd5: string, reason: keyof typeof UPDATE_MESSAGES): ConfigPlan {
  return { kind: 'publish', cas: { md5: nacosMd5 }, reason, message: UPDATE_MESSAGES[reason], repairsDrift: false };
}
