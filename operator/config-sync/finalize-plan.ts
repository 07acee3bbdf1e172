/**
 * The decision at deletion: whether the dataId goes with its NacosConfig.
 *
 * Pure. Removing has no compare-and-swap in Nacos, so only what is certainly ours, as we left it, is removed: the
 * content that was last synced, or one that this NacosConfig itself wrote last (a write that a crash kept from being
 * recorded). Everything else stays, and an event says so.
 */
import type { Ownership } from './ownership.ts';

export interface FinalizeInput {
  /** `undefined`: the dataId does not exist. */
  nacosMd5: string | undefined;
  baseMd5: string | undefined;
  ownership: Ownership;
  /** Who wrote last, for the message; '' when it is not known. */
  lastWriter: string;
}

export type FinalizePlan = { kind: 'nothing' } | { kind: 'remove' } | { kind: 'leave'; message: string };

export function planFinalize({ nacosMd5, baseMd5, ownership, lastWriter }: FinalizeInput): FinalizePlan {
  if (nacosMd5 === undefined) return { kind: 'nothing' };
  if (ownership === 'other-bridge') return leave('it belongs to another NacosConfig, of this or another cluster');
  if (ownership === 'ours' || nacosMd5 === baseMd5) return { kind: 'remove' };
  if (baseMd5 !== undefined) {
    return leave(`it was changed${lastWriter === '' ? '' : ` by ${lastWriter}`} since it was last synced`);
  }
  return leave('it was not published by this NacosConfig');
}

function leave(why: string): FinalizePlan {
  return { kind: 'leave', message: `Left the dataId in Nacos: ${why}` };
}
