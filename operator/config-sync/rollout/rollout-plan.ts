/**
 * Whether one workload has to be restarted for what its mirror holds now, and when.
 *
 * Pure. A workload carries, for each NacosConfig that restarts it, and for each object that a NacosConfigSync writes, what it
 * was last restarted for: the md5 of the content, which for a Secret is keyed, and the form in which the mirror holds it. So
 * it does not matter when the operator ran, and a change that it missed is made up for.
 *
 * Caveat: creation is known to the second only. What was created in the second of a change is restarted, perhaps for
 * nothing, rather than left with the old content.
 */
import { createHash, createHmac } from 'node:crypto';
import { ROLLED_OUT_ANNOTATION_PREFIX } from '../../api/names.ts';
import { firstOf, otherwise, type Rule } from '../../rules.ts';
import type { RolloutIntent } from '../intent.ts';
import type { PresentMirror } from '../mirror/mirrors.ts';

/** `record` only notes on the workload what it has, which restarts nothing; `wait` is for somebody to resume it. */
export type RolloutPlan = 'nothing' | 'record' | 'restart' | 'wait';

export interface RolloutInput {
  /** On the workload: what it was last restarted for. */
  readonly annotation: string | undefined;
  /** What also stands for what is mirrored now. */
  readonly former: readonly string[];
  /** What it carries when it was restarted for what is mirrored now (`rolloutValue`). */
  readonly present: string;
  /** When the mirrored content last replaced other content, in milliseconds since the epoch. */
  readonly changedAtMs: number | undefined;
  /** When the workload was created, in milliseconds since the epoch; a whole second. */
  readonly createdAtMs: number;
  /** Its owner wants it to be left alone. */
  readonly isOptedOut: boolean;
  readonly isPaused: boolean;
}

/** The annotation is on the workload; the first rule that applies decides. */
export const rolloutRules: readonly Rule<RolloutInput, RolloutPlan>[] = [
  {
    title: 'its owner wants no restarts: nothing',
    when: ({ isOptedOut }) => isOptedOut,
    plan: () => 'nothing',
  },
  {
    title: 'it carries what is mirrored: nothing',
    when: ({ annotation, present }) => annotation === present,
    plan: () => 'nothing',
  },
  {
    title: 'it carries the same as it was noted before: record',
    when: ({ annotation, former }) => annotation !== undefined && former.includes(annotation),
    plan: () => 'record',
  },
  {
    title: 'it carries something else: restart',
    when: ({ annotation }) => annotation !== undefined,
    plan: restart,
  },
  {
    title:
      'it carries none, and the content was replaced after its creation: restart, it may have begun with the former',
    when: ({ changedAtMs, createdAtMs }) => changedAtMs !== undefined && changedAtMs > createdAtMs,
    plan: restart,
  },
  {
    title: 'it carries none, and the content is older, or the first: record, it began with this content',
    when: otherwise,
    plan: () => 'record',
  },
];

function restart({ isPaused }: RolloutInput): RolloutPlan {
  return isPaused ? 'wait' : 'restart';
}

export function planRollout(input: RolloutInput): RolloutPlan {
  return firstOf(rolloutRules, input);
}

/** The first of these that one of its mirrors asks for is done, once for all of them. */
const byUrgency: readonly RolloutPlan[] = ['wait', 'restart', 'record'];

/** Of a workload with several mirrors, each of which has its plan. */
export function planOfAll(plans: readonly RolloutPlan[]): RolloutPlan {
  return byUrgency.find((plan) => plans.includes(plan)) ?? 'nothing';
}

export type Debounce = Pick<RolloutIntent, 'debounceSeconds'>;

/**
 * How long until the content has stayed the same for the debounce time, in milliseconds; 0 or less when it has. Counted from
 * its last change as the mirror tells it, so that it goes on where an earlier process left off.
 */
export function debounceLeftMs(changedAtMs: number | undefined, { debounceSeconds }: Debounce, nowMs: number): number {
  const debounceMs = debounceSeconds * 1000;
  const elapsedMs = nowMs - (changedAtMs ?? -Infinity);
  // A change that lies in the future is one by another clock.
  return Math.min(debounceMs, debounceMs - elapsedMs);
}

type Mirrored = Pick<PresentMirror, 'form' | 'kind' | 'uid'> & { readonly md5: string };

/**
 * What a workload carries. Whoever may read workloads must not be able to compare the content of a Secret with a guess: its
 * digest is keyed with the uid of the Secret, random and seen only by those who may read that.
 */
export function rolloutValue({ form, kind, md5, uid = '' }: Mirrored): string {
  return `${kind === 'Secret' ? createHmac('sha256', uid).update(md5).digest('hex') : md5} ${form}`;
}

/** What former versions noted for the same: the md5, of a Secret too, with the form or without. */
export function formerValues({ form, md5 }: Mirrored): string[] {
  return [md5, `${md5} ${form}`];
}

/** The limit of what follows the slash in the name of an annotation. */
const MAX_NAME_CHARACTERS = 63;
const HASH_DIGITS = 10;

/** The annotation in which a workload carries what it was restarted for by the NacosConfig of this name. */
export function rolledOutAnnotation(name: string): string {
  const [, prefix = ''] = ROLLED_OUT_ANNOTATION_PREFIX.split('/');
  const maxCharacters = MAX_NAME_CHARACTERS - prefix.length;
  if (name.length <= maxCharacters) return `${ROLLED_OUT_ANNOTATION_PREFIX}${name}`;
  const hash = createHash('sha256').update(name).digest('hex').slice(0, HASH_DIGITS);
  return `${ROLLED_OUT_ANNOTATION_PREFIX}${name.slice(0, maxCharacters - HASH_DIGITS - 1)}-${hash}`;
}

/** The one for an object that NacosConfigSyncs write; no name of a NacosConfig has a capital letter. */
export function objectAnnotation({ kind, name }: Pick<PresentMirror, 'kind' | 'name'>): string {
  return rolledOutAnnotation(`${kind}.${name}`);
}
