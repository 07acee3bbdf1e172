/**
 * What can be decided about a config: what to write, or why not. publish-plan.ts decides for what Kubernetes declares,
 * two-way-plan.ts for what both sides may change.
 *
 * The reason and the message of a decision travel unchanged to conditions, events, log lines and metrics.
 */
import { firstOf, otherwise, type Rule } from '../rules.ts';

export type Cas = 'create-only' | { md5: string };

export type PublishReason = 'Published' | 'Updated' | 'Reverted' | 'Recreated' | 'Adopted' | 'MetadataUpdated';

/** Who decided a conflict: the policy of the resource, or its annotation, which is used up by that. */
export type Decider = 'policy' | 'annotation';

export interface PublishPlan {
  kind: 'publish';
  cas: Cas;
  reason: PublishReason;
  message: string;
  repairsDrift: boolean;
  decidedBy?: Decider;
}

/** To where Kubernetes declares the content. */
export interface WriteBackPlan {
  kind: 'write-back';
  message: string;
  decidedBy?: Decider;
}

/** The sides stay different. */
export type PlanApart =
  | { kind: 'drifted'; reason: 'ChangedInNacos' | 'RemovedInNacos'; message: string }
  /** `isDrift`: somebody has changed in Nacos what is declared here. */
  | { kind: 'conflict'; message: string; isDrift: boolean }
  /** Removed in Nacos; what Kubernetes has stays. */
  | { kind: 'remote-missing'; message: string };

export type ConfigPlan = { kind: 'in-sync'; message: string } | PublishPlan | WriteBackPlan | PlanApart;

const UPDATE_MESSAGES = {
  Updated: 'Updated the content in Nacos',
  Adopted: 'Took over a dataId that was not ours, as `adoptionPolicy` says',
  MetadataUpdated: 'Updated tags, description, appName or type in Nacos',
} as const;

export function update(nacosMd5: string, reason: keyof typeof UPDATE_MESSAGES): PublishPlan {
  return { kind: 'publish', cas: { md5: nacosMd5 }, reason, message: UPDATE_MESSAGES[reason], repairsDrift: false };
}

export function create(reason: PublishReason, message: string, repairsDrift = false): PublishPlan {
  return { kind: 'publish', cas: 'create-only', reason, message, repairsDrift };
}

export interface EqualInput {
  /** False when the database holds it and the server does not serve it. */
  isServed: boolean;
  /** Whether tags, description, appName or type differ from what is declared. */
  metadataDiffers: boolean;
}

/** Both sides hold the content with this md5. */
export function planEqual(input: EqualInput, md5: string): ConfigPlan {
  return firstOf(equalRules, { ...input, md5 });
}

const equalRules: readonly Rule<EqualInput & { md5: string }, ConfigPlan>[] = [
  {
    title: 'Nacos stores it and does not serve it: update, since a write has failed half-way inside the server',
    when: ({ isServed }) => !isServed,
    plan: ({ md5 }) => update(md5, 'Updated'),
  },
  {
    title: 'tags, description, appName or type differ: update them',
    when: ({ metadataDiffers }) => metadataDiffers,
    plan: ({ md5 }) => update(md5, 'MetadataUpdated'),
  },
  {
    title: 'else: in sync',
    when: otherwise,
    plan: ({ md5 }) => ({ kind: 'in-sync', message: `Nacos holds the declared content (md5 ${md5})` }),
  },
];
