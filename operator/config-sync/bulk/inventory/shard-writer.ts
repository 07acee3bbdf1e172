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
import type { Merged, Shard } from './shard.ts';
import type { ShardClient } from './shard-client.ts';

export interface ShardWriterOptions {
  readonly client: ShardClient;
  readonly clock: Clock;
  /** As it is to be stored. */
  readonly header: () => string;
  /** @throws BridgeError when it cannot be asked. */
  readonly isLeader: () => Promise<boolean>;
  readonly onDurable: (ids: readonly string[]) => void;
  readonly onMerged: (shard: Shard, merged: Merged) => void;
  readonly onDeposed: () => void;
  /** `error` is another one. */
  readonly onTrouble: () => void;
  /** What became of a write. */
  readonly onWrite: (result: 'written' | 'conflict' | 'failed') => void;
}

/** Others come in the same moment. */
const GATHER_MS = 5;
const BASES_MS = 250;
const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 10_000;

interface Waiter {
  readonly id: string;
  readonly stored: PromiseWithResolvers<void>;
}

export class ShardWriter {
  readonly shard: Shard;
  readonly #options: ShardWriterOptions;
  #timer: { timer: Timer; dueMs: number } | undefined;
  /** Of requests, which are made one after the other. */
  #last: Promise<void> = Promise.resolve();
  #running = 0;
  /** One that has not begun. */
  #nextRead: Promise<void> | undefined;
  #lastMs = -Infinity;
  /** In a row, with nothing in the batch that anybody waited for. */
  #failures = 0;
  #urgentFailures = 0;
  #waiters: Waiter[] = [];
  #isStopped = false;
  /** Why the last write failed; undefined when all that waited for one has been stored since. */
  error: unknown;

  constructor(shard: Shard, options: ShardWriterOptions) {
    this.shard = shard;
    this.#options = options;
  }

  /** Something of the shard has changed. */
  touch(): void {
    if (this.#isStopped || this.#running > 0) return;
    const { clock, header } = this.#options;
    const nowMs = clock.monotonic();
    const pauseMs = this.#failures === 0 ? BASES_MS : pauseAfter(this.#failures);
    const dueMs = this.shard.dueMs(nowMs, this.#lastMs + pauseMs, header());
    if (dueMs === undefined || (this.#timer && this.#timer.dueMs <= dueMs)) return;
    this.#timer?.timer.cancel();
    const timer = clock.after(Math.max(GATHER_MS, dueMs - nowMs), () => this.#begin());
    this.#timer = { timer, dueMs };
  }

  /** Resolves when what is known of the entry is stored. @throws what refused it; KUBE_CONFLICT when it has gone. */
  async stored(id: string): Promise<void> {
    if (this.shard.isStored(id)) return;
    const stored = Promise.withResolvers<void>();
    this.#waiters.push({ id, stored });
    this.touch();
    return stored.promise;
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
  async flush(): Promise<void> {
    const { clock, header } = this.#options;
    await this.#last;
    if (this.shard.dueMs(clock.monotonic(), 0, header()) !== undefined) await this.#next(() => this.#write());
  }

  stop(): void {
    this.#isStopped = true;
    this.#timer?.timer.cancel();
    const ended = this.#waiters.splice(0);
    for (const { stored } of ended) stored.reject(this.#options.client.changed(this.shard.name));
  }

  #begin(): void {
    this.#timer = undefined;
    void this.#next(() => this.#write());
  }

  #next(work: () => Promise<void>): Promise<void> {
    this.#running += 1;
    const done = this.#last.then(work).finally(() => {
      this.#running -= 1;
      this.touch();
    });
    this.#last = done.catch(() => {});
    return done;
  }

  async #write(): Promise<void> {
    if (this.#isStopped) return;
    const { client, clock, header, onDurable, onWrite } = this.#options;
    const { shard } = this;
    const batch = shard.batch(clock.monotonic(), header());
    const isUrgent = batch.urgent.length > 0;
    try {
      const written = await client.write(shard, batch);
      shard.uid = written.uid;
      const durable = shard.wrote(batch, written.resourceVersion);
      onWrite('written');
      this.#failures = 0;
      if (isUrgent || shard.dueMs(0, 0, header()) === undefined) this.#urgentFailures = 0;
      if (this.#urgentFailures === 0) this.#tell(undefined);
      this.#settle();
      onDurable(durable);
    } catch (error) {
      onWrite(isBridgeError(error, 'KUBE_CONFLICT') ? 'conflict' : 'failed');
      if (isBridgeError(error, 'KUBE_CONFLICT')) return await this.#merge().catch((cause) => this.#failed(cause));
      if (!isUrgent) return this.#failed(error);
      this.#urgentFailures += 1;
      shard.postpone(batch, clock.monotonic() + pauseAfter(this.#urgentFailures));
      this.#reject(batch.urgent, error);
      this.#tell(error);
    } finally {
      this.#lastMs = clock.monotonic();
    }
  }

  #failed(error: unknown): void {
    this.#failures += 1;
    this.#tell(error);
  }

  #tell(error: unknown): void {
    if (this.error === error) return;
    this.error = error;
    this.#options.onTrouble();
  }

  /** Takes over what somebody else has written, unless that is the leader by now. */
  async #merge(): Promise<void> {
    const { client, isLeader, onDeposed, onMerged } = this.#options;
    const { shard } = this;
    const read = await client.read(shard.name);
    const isOurs = read !== undefined && read.resourceVersion === shard.resourceVersion;
    if (!isOurs && !(await isLeader())) {
      this.stop();
      return onDeposed();
    }
    if (this.#isStopped) return;
    if (read === undefined) shard.lost();
    onMerged(shard, read ? shard.merge(read.lines, read.header, read) : { found: [], changed: [] });
    this.#settle();
  }

  #settle(): void {
    const all = this.#waiters.splice(0);
    for (const waiter of all) {
      if (this.shard.isStored(waiter.id)) waiter.stored.resolve();
      else if (this.shard.get(waiter.id) === undefined) waiter.stored.reject(this.#options.client.changed(waiter.id));
      else this.#waiters.push(waiter);
    }
  }

  #reject(ids: readonly string[], error: unknown): void {
    const all = this.#waiters.splice(0);
    for (const waiter of all) {
      if (ids.includes(waiter.id)) waiter.stored.reject(error);
      else this.#waiters.push(waiter);
    }
  }
}

function pauseAfter(failures: number): number {
  return Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** Math.max(0, failures - 1));
}
