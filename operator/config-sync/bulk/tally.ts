/**
 * The items of one NacosConfigSync, counted as they come and change: each change costs one item, however many there are.
 */
import { createHash } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import type { NacosConfigSyncStatus } from '../../api/generated/nacos-config-sync.ts';
import { reasonOf } from '../../error-catalogue.ts';
import type { BridgeError } from '../../errors.ts';
import type { ConfigName } from '../../nacos/index.ts';
import type { ContentReport } from '../apply.ts';
import { withoutMd5s } from '../report.ts';
import { objectText, type KeyRef } from './mapping.ts';

/** `taken`: a NacosConfig has the dataId, which is as it should be. */
export type ItemState = 'synced' | 'conflict' | 'invalid' | 'skipped' | 'taken' | 'failing' | 'pending';

/** How an item fares. */
export interface Outcome {
  readonly state: ItemState;
  /** Of the condition; '' for what is well or on its way. */
  readonly reason: string;
  readonly message: string;
  /** What both sides hold, when they are equal. */
  readonly md5: string | undefined;
}

/** Of an item that nothing is known of yet. */
export const PENDING: Outcome = { state: 'pending', reason: '', message: '', md5: undefined };

const states: Readonly<Record<string, ItemState>> = {
  NOT_OWNED: 'conflict',
  INVALID_CONTENT: 'invalid',
  KUBE_INVALID: 'invalid',
  NACOS_INVALID: 'invalid',
  NOT_ALLOWED: 'skipped',
  ENCRYPTION_UNSUPPORTED: 'skipped',
};

export function failed({ code, message }: BridgeError): Outcome {
  return { state: states[code] ?? 'failing', reason: reasonOf(code), message, md5: undefined };
}

/** By what was decided and done about it. */
export function outcomeOf({ base, synced }: ContentReport, isSecret: boolean): Outcome {
  const { message, reason, status } = synced ?? { status: 'Unknown', reason: '', message: '' };
  if (status === 'True') return { state: 'synced', reason: '', message: '', md5: isSecret ? undefined : base?.md5 };
  const state = reason === 'Conflict' ? 'conflict' : 'failing';
  return { state, reason, message: isSecret ? withoutMd5s(message) : message, md5: undefined };
}

export function skipped(reason: string, message: string): Outcome {
  return { state: 'skipped', reason, message, md5: undefined };
}

export type Problem = NonNullable<NacosConfigSyncStatus['problems']>[number];
export type Counts = Readonly<Record<ItemState, number>>;

/** Where an item is, for a problem that it has. */
export type Place = Omit<Problem, 'state' | 'reason' | 'message'>;

export function placeOf({ ref, config }: { ref?: KeyRef; config?: ConfigName }): Place {
  return { ...(ref && { object: objectText(ref), key: ref.key }), ...config };
}

export interface Counted {
  readonly outcome: Outcome;
  readonly place: Place;
}

/** What was written. */
export type Done = Record<'created' | 'changed' | 'removed', number>;

/** The worst first. */
const severity = ['Conflict', 'Failing', 'Invalid', 'Skipped', 'Taken'] as const;

export class Tally {
  readonly #entries = new Map<string, Counted>();
  readonly #troubled = new Map<string, Problem>();
  readonly #counts: Record<ItemState, number> = {
    synced: 0,
    conflict: 0,
    invalid: 0,
    skipped: 0,
    taken: 0,
    failing: 0,
    pending: 0,
  };
  #digest = 0n;
  #done: Done = { created: 0, changed: 0, removed: 0 };
  /** Whether anything was written yet. */
  hasWritten = false;

  get total(): number {
    return this.#entries.size;
  }

  get counts(): Counts {
    return { ...this.#counts };
  }

  /** Sixteen hexadecimal digits, equal for equal items in sync, in whatever order they came. */
  get digest(): string {
    return this.#digest.toString(16).padStart(16, '0');
  }

  /** Whether all are in sync, as soon as these come true as well. */
  isInSync(coming: ReadonlyMap<string, Outcome>): boolean {
    const isNew = ([id, { state }]: [string, Outcome]) =>
      state === 'synced' && this.#entries.get(id)?.outcome.state !== 'synced';
    return this.#counts.synced + [...coming].filter(isNew).length === this.total;
  }

  /** Whether this changed anything that a status would tell. */
  set(id: string, { outcome, place }: Counted): boolean {
    const entry = { outcome, place };
    const before = this.#entries.get(id);
    if (before && isDeepStrictEqual(before, entry)) return false;
    this.delete(id);
    this.#entries.set(id, entry);
    this.#counts[outcome.state] += 1;
    this.#digest ^= hashOf(id, outcome);
    const state = severity.find((one) => one.toLowerCase() === outcome.state);
    const { message, reason } = outcome;
    if (state) this.#troubled.set(id, { ...place, state, reason, message });
    return true;
  }

  delete(id: string): boolean {
    const entry = this.#entries.get(id);
    if (entry === undefined) return false;
    this.#entries.delete(id);
    this.#troubled.delete(id);
    this.#counts[entry.outcome.state] -= 1;
    this.#digest ^= hashOf(id, entry.outcome);
    return true;
  }

  wrote(what: keyof Done): void {
    this.#done[what] += 1;
    this.hasWritten = true;
  }

  /** What was written since it was asked last, such as '2 created, 1 removed'; undefined for nothing. */
  takeDone(): string | undefined {
    const parts = Object.entries(this.#done).filter(([, count]) => count > 0);
    this.#done = { created: 0, changed: 0, removed: 0 };
    return parts.length === 0 ? undefined : parts.map(([what, count]) => `${count} ${what}`).join(', ');
  }

  /** The worst `limit` problems. */
  worst(limit: number): Problem[] {
    const rankOf = ({ state }: Problem): number => severity.findIndex((one) => one === state);
    const entries = [...this.#troubled].sort(([a, one], [b, other]) => rankOf(one) - rankOf(other) || (a < b ? -1 : 1));
    return entries.slice(0, limit).map(([, problem]) => problem);
  }
}

function hashOf(id: string, { state, md5 }: Outcome): bigint {
  if (state !== 'synced') return 0n;
  const digest = createHash('sha256')
    .update(JSON.stringify([id, md5]))
    .digest('hex');
  return BigInt(`0x${digest.slice(0, 16)}`);
}
