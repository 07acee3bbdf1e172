/**
 * The decision about the dataId of a NacosConfig that is deleted: whether it goes with it. What we never wrote stays.
 *
 * Pure. The list below is the specification: the first rule that applies decides.
 */
import { firstOf, otherwise, type Rule } from '../rules.ts';
import type { Ownership } from './remote.ts';

export interface FinalizeInput {
  /** `undefined`: the dataId does not exist. */
  nacosMd5: string | undefined;
  baseMd5: string | undefined;
  isBaseOurs: boolean | undefined;
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
    when: ({ ownership }) => ['other-bridge', 'given-up', 'handed-over'].includes(ownership),
    plan: () => leave('it belongs to another NacosConfig, of this or another cluster'),
  },
  {
    title: 'it is as this NacosConfig wrote it: remove it',
    when: ({ ownership }) => ownership === 'ours',
    plan: () => ({ kind: 'remove' }),
  },
  {
    title: 'it is as this NacosConfig once wrote it, and who wrote last cannot be read: remove it',
    when: ({ ownership, nacosMd5, baseMd5, isBaseOurs }) =>
      ownership === 'unknown' && nacosMd5 === baseMd5 && isBaseOurs === true,
    plan: () => ({ kind: 'remove' }),
  },
  {
    title: 'it was changed since: leave it',
    when: ({ baseMd5, isBaseOurs, nacosMd5 }) => baseMd5 !== undefined && isBaseOurs !== false && nacosMd5 !== baseMd5,
    plan: ({ lastWriter }) => leave(`it was changed${by(lastWriter)} since it was last synced`),
  },
  {
    title: 'somebody has written the same since: leave it',
    when: ({ isBaseOurs, ownership }) => isBaseOurs === true && ownership === 'foreign',
    plan: ({ lastWriter }) => leave(`it was written${by(lastWriter)} since, with the same content`),
  },
  {
    title: 'it was never ours: leave it',
    when: otherwise,
    plan: () => leave('it was not published by this NacosConfig, or nobody can tell'),
  },
];

export function planFinalize(input: FinalizeInput): FinalizePlan {
  return firstOf(finalizeRules, input);
}

function leave(why: string): FinalizePlan {
  return { kind: 'leave', message: `Left the dataId in Nacos: ${why}` };
}

function by(lastWriter: string): string {
  return lastWriter === '' ? '' : ` by ${lastWriter}`;
}
