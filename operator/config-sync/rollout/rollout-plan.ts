/**
 * Whether one workload has to be restarted for the content that its mirror holds now.
 *
 * Pure. A workload carries, for each NacosConfig that restarts it, the md5 that it was last restarted for; so it does not
 * matter when the operator ran, and a change that it missed is made up for.
 *
 * Caveat: creation is known to the second only. What was created in the second of a change is restarted, perhaps for
 * nothing, rather than left with the old content.
 */
import { createHash } from 'node:crypto';
import { ROLLED_OUT_ANNOTATION_PREFIX } from '../../api/names.ts';
import { firstOf, otherwise, type Rule } from '../../rules.ts';

/** `record` only notes the md5 on the workload, which restarts nothing. */
export type RolloutPlan = 'nothing' | 'record' | 'restart';

export interface RolloutInput {
  /** On the workload: what it was last restarted for. */
  readonly annotation: string | undefined;
  /** Of the mirrored content. */
  readonly md5: string;
  /** When the mirrored content last replaced other content, in milliseconds since the epoch. */
  readonly changedAtMs: number | undefined;
  /** When the workload was created, in milliseconds since the epoch; a whole second. */
  readonly createdAtMs: number;
}

/** The annotation is on the workload; the first rule that applies decides. */
export const rolloutRules: readonly Rule<RolloutInput, RolloutPlan>[] = [
  {
    title: 'it carries the present md5: nothing',
    when: ({ annotation, md5 }) => annotation === md5,
    plan: () => 'nothing',
  },
  {
    title: 'it carries another md5: restart',
    when: ({ annotation }) => annotation !== undefined,
    plan: () => 'restart',
  },
  {
    title:
      'it carries none, and the content was replaced after its creation: restart, it may have begun with the former',
    when: ({ changedAtMs, createdAtMs }) => changedAtMs !== undefined && changedAtMs > createdAtMs,
    plan: () => 'restart',
  },
  {
    title: 'it carries none, and the content is older, or the first: record, it began with this content',
    when: otherwise,
    plan: () => 'record',
  },
];

export function planRollout(input: RolloutInput): RolloutPlan {
  return firstOf(rolloutRules, input);
}

/** The limit of what follows the slash in the name of an annotation. */
const MAX_NAME_CHARACTERS = 63;
const HASH_DIGITS = 10;

/** The annotation in which a workload carries the md5 for the NacosConfig of this name. */
export function rolledOutAnnotation(name: string): string {
  const [, prefix = ''] = ROLLED_OUT_ANNOTATION_PREFIX.split('/');
  const maxCharacters = MAX_NAME_CHARACTERS - prefix.length;
  if (name.length <= maxCharacters) return `${ROLLED_OUT_ANNOTATION_PREFIX}${name}`;
  const hash = createHash('sha256').update(name).digest('hex').slice(0, HASH_DIGITS);
  return `${ROLLED_OUT_ANNOTATION_PREFIX}${name.slice(0, maxCharacters - HASH_DIGITS - 1)}-${hash}`;
}
