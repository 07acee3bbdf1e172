/**
 * Writes one shard: in batches, one after the other, each on the version that was written or read last.
 *
 * Guarantees
 * - What somebody waits for is written at once, everything else at most every 250 ms; the first at once.
 * - A batch that is refused is tried again after a growing pause. What somebody waits for in it waits; bases go on without it.
 * - On a conflict a leader that was deposed writes nothing any more; the leader reads, takes over what it has no newer word
 *   on, and writes again.
 */
import { isBridgeError } from '../../../errors.ts';
import type { Clock, Timer } from '../../../clock.ts';
import type { StoredHeader } from './header.ts';
import type { Merged, Shard } from './shard.ts';
import type { ShardClient } from './shard-client.ts';

export interface ShardWriterOptions {
  readonly client: ShardClient;
  readonly clock: Clock;
  /** As it is to be stored. */
  readonly header: () => StoredHeader;
  /** @throws BridgeError when it cannot be asked. */
  readonly isLeader: () => Promise<boolean>;
  readonly onDurable: (ids: readonly string[]) => void;
  readonly onMerged: (writer: ShardWriter, merged: Merged) => void;
  readonly onDeposed: () => void;
  /** `error` is another one. */
  readonly onTrouble: () => void;
  /** What became of a write. */
  readonly onWrite: (result: 'written' | 'conflict' | 'failed') => void;
}

/** Others come in the same moment. */
const GATHER_MS = 5;
const BASES_MS = 250;
const LONGEST_PAUSE_MS = 10_000;

export class ShardWriter {
  readonly shard: Shard;
  readonly #options: ShardWriterOptions;
  #timer: { timer: Timer; dueMs: number } | undefined;
  /** Of requests, which are made one after the other. */
  #last: Promise<void> = Promise.resolve();
  #running = 0;
  /** One that has not begun. */
  #nextRead: Promise<void> | undefined;
  /** When what nobody waits for may be written. */
  #basesMs = -Infinity;
  /** What somebody waits for, and was refused; it is written again then. */
  readonly #putOff = new Set<string>();
  #putOffMs = 0;
  /** In a row. */
  #failures = 0;
  readonly #waiters = new Map<string, PromiseWithResolvers<void>>();
  #isStopped = false;
  #error: unknown;

  constructor(shard: Shard, options: ShardWriterOptions) {
    this.shard = shard;
    this.#options = options;
  }

  /** Why the last write failed; undefined when all that waited for one has been stored since, or nothing is to be. */
  get error(): unknown {
    return this.#dueMs() === Infinity ? undefined : this.#error;
  }

  /** Something of the shard has changed. `isUrgent`: somebody waits for that. */
  touch(isUrgent = false): void {
    this.#schedule(isUrgent ? 0 : this.#basesMs);
  }

  /** Resolves when what is known of the entry is stored. @throws what refused it; KUBE_CONFLICT when it has gone. */
  async stored(id: string): Promise<void> {
    if (this.shard.isStored(id)) return;
    const waiter = this.#waiters.get(id) ?? Promise.withResolvers<void>();
    this.#waiters.set(id, waiter);
    this.touch(true);
    return waiter.promise;
  }

  /** Reads what is stored, not before it is asked for. */
  reread(): Promise<void> {
    this.#nextRead ??= this.#next(() => {
      this.#nextRead = undefined;
      return this.#merge();
    });
    return this.#nextRead;
  }

  /** All that is known is stored, if it can be. */
  flush(): Promise<void> {
    return this.#next(() => this.#write(Infinity));
  }

  stop(): void {
    this.#isStopped = true;
    this.#timer?.timer.cancel();
    this.#settle();
  }

  #schedule(dueMs: number): void {
    if (this.#isStopped || this.#running > 0 || dueMs === Infinity) return;
    if (this.#timer && this.#timer.dueMs <= dueMs) return;
    this.#timer?.timer.cancel();
    const { clock } = this.#options;
    const timer = clock.after(Math.max(GATHER_MS, dueMs - clock.monotonic()), () => {
      this.#timer = undefined;
      void this.#next(() => this.#write(clock.monotonic()));
    });
    this.#timer = { timer, dueMs };
  }

  #next(work: () => Promise<void>): Promise<void> {
    this.#running += 1;
    const done = this.#last.then(work).finally(() => {
      this.#running -= 1;
      this.#schedule(this.#dueMs());
    });
    this.#last = done.catch(() => {});
    return done;
  }

  /** Infinity where nothing is to be written. */
  #dueMs(): number {
    const changes = this.shard.changes();
    const urgent = this.#urgentOf(changes);
    const hasOther = changes.length > urgent.length || this.shard.hasOtherHeader(this.#options.header());
    const basesMs = hasOther ? this.#basesMs : Infinity;
    if (urgent.length === 0) return basesMs;
    return urgent.every((id) => this.#putOff.has(id)) ? Math.min(basesMs, this.#putOffMs) : 0;
  }

  #urgentOf(ids: readonly string[]): string[] {
    const { shard } = this;
    return ids.filter((id) => shard.get(id) !== undefined && (this.#waiters.has(id) || !shard.isDurable(id)));
  }

  async #write(byMs: number): Promise<void> {
    const dueMs = this.#dueMs();
    if (this.#isStopped || dueMs === Infinity || dueMs > byMs) return;
    const { client, clock, header, onDurable, onWrite } = this.#options;
    const { shard } = this;
    if (this.#putOffMs <= byMs) this.#putOff.clear();
    const batch = shard.batch(header(), this.#putOff);
    const urgent = this.#urgentOf(shard.changes()).filter((id) => !this.#putOff.has(id));
    this.#basesMs = clock.monotonic() + BASES_MS;
    try {
      const durable = shard.wrote(batch, await client.write(shard, batch));
      onWrite('written');
      if (this.#putOff.size === 0) {
        this.#failures = 0;
        this.#tell(undefined);
      }
      this.#settle();
      onDurable(durable);
    } catch (error) {
      const isConflict = isBridgeError(error, 'KUBE_CONFLICT');
      onWrite(isConflict ? 'conflict' : 'failed');
      if (isConflict) await this.#merge().catch((cause) => this.#failed(cause, urgent));
      else this.#failed(error, urgent);
    }
  }

  #failed(error: unknown, urgent: readonly string[]): void {
    this.#failures += 1;
    const pauseMs = Math.min(LONGEST_PAUSE_MS, BASES_MS * 2 ** (this.#failures - 1));
    const againMs = this.#options.clock.monotonic() + pauseMs;
    for (const id of urgent) this.#putOff.add(id);
    if (urgent.length > 0) this.#putOffMs = againMs;
    else this.#basesMs = againMs;
    this.#settle(urgent, error);
    this.#tell(error);
  }

  #tell(error: unknown): void {
    if (this.#error === error) return;
    this.#error = error;
    this.#options.onTrouble();
  }

  /** Takes over what somebody else has written, unless that is the leader by now. */
  async #merge(): Promise<void> {
    const { client, isLeader, onDeposed, onMerged } = this.#options;
    const { shard } = this;
    const read = await client.read(shard.name);
    const isOurs = read !== undefined && read.metadata.resourceVersion === shard.version?.resourceVersion;
    if (!isOurs && !(await isLeader())) return onDeposed();
    if (this.#isStopped) return;
    if (read) onMerged(this, shard.merge(read));
    else shard.lost();
    this.#settle();
  }

  /** Those who wait for what is stored, or gone, or was refused. */
  #settle(refused: readonly string[] = [], error?: unknown): void {
    for (const [id, waiter] of this.#waiters) {
      if (this.#isStopped || this.shard.get(id) === undefined) waiter.reject(this.#options.client.changed(id));
      else if (this.shard.isStored(id)) waiter.resolve();
      else if (refused.includes(id)) waiter.reject(error);
      else continue;
      this.#waiters.delete(id);
    }
  }
}
