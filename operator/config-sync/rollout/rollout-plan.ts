/**
 * Whether one workload has to be restarted for the content that its mirror holds now.
 *
 * Pure. A workload carries, for each NacosConfig that restarts it, the md5 that it was last restarted for; so it does not
 * matter when the operator ran, and a change that it missed is made up for.
 *
 *   annotation          content last replaced            plan
 *   the present md5     whenever                         nothing
 *   another md5         whenever                         restart
 *   none                after the workload was created   restart: it may have begun with the content before
 *   none                before, or never                 record: it began with this content
 *
 * Caveat: creation is known to the second only. What was created in the second of a change is restarted, perhaps for
 * nothing, rather than left with the old content.
 */
import { createHash } from 'node:crypto';
import { ROLLED_OUT_ANNOTATION_PREFIX } from '../../api/names.ts';

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

export function planRollout({ annotation, md5, changedAtMs, createdAtMs }: RolloutInput): RolloutPlan {
  if (annotation === md5) return 'nothing';
  if (annotation !== undefined) return 'restart';
  return changedAtMs !== undefined && changedAtMs > createdAtMs ? 'restart' : 'record';
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
