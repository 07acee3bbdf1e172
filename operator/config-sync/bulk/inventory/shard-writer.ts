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
import type { Shard } from './shard.ts';
import type { ShardClient } from './shard-client.ts';

export interface ShardWriterOptions {
  readonly client: ShardClient;
  readonly clock: Clock;
  /** As it is to be stored. */
  readonly header: () => StoredHeader;
  /** @throws BridgeError when it cannot be asked. */
  readonly isLeader: () => Promise<boolean>;
  /** These are durable by now, or are stored otherwise than was known. */
  readonly onStored: (writer: ShardWriter, ids: readonly string[]) => void;
  /** Another leader has written. */
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
  #timer: Timer | undefined;
  /** When there is something to write; Infinity where there is not. */
  #dueMs = Infinity;
  /** When what nobody waits for may be written. */
  #basesMs = -Infinity;
  /** What somebody waits for, and was refused; it is written again then. */
  readonly #putOff = new Set<string>();
  #putOffMs = 0;
  /** In a row. */
  #failures = 0;
  #error: unknown;
  /** Of requests, which are made one after the other. */
  #last: Promise<void> = Promise.resolve();
  #running = 0;
  /** One that has not begun. */
  #nextRead: Promise<void> | undefined;
  readonly #waiters = new Map<string, PromiseWithResolvers<void>>();
  #isStopped = false;

  constructor(shard: Shard, options: ShardWriterOptions) {
    this.shard = shard;
    this.#options = options;
  }

  /** Why the last write failed; undefined when all that waited for one has been stored since, or nothing is to be. */
  get error(): unknown {
    return this.shard.changes().length === 0 ? undefined : this.#error;
  }

  /** Something of the shard has changed. `isUrgent`: somebody waits for that. */
  touch(isUrgent = false): void {
    const dueMs = isUrgent ? 0 : this.#basesMs;
    if (dueMs >= this.#dueMs) return;
    this.#dueMs = dueMs;
    this.#setTimer();
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
    this.#putOff.clear();
    return this.#next(() => this.#write());
  }

  stop(): void {
    this.#isStopped = true;
    this.#timer?.cancel();
    this.#settle();
  }

  #setTimer(): void {
    this.#timer?.cancel();
    if (this.#isStopped || this.#running > 0 || this.#dueMs === Infinity) return;
    const { clock } = this.#options;
    const inMs = Math.max(GATHER_MS, this.#dueMs - clock.monotonic());
    this.#timer = clock.after(inMs, () => void this.#next(() => this.#write()));
  }

  #next(work: () => Promise<void>): Promise<void> {
    this.#running += 1;
    const done = this.#last.then(work).finally(() => {
      this.#running -= 1;
      this.#setTimer();
    });
    this.#last = done.catch(() => {});
    return done;
  }

  async #write(): Promise<void> {
    const { client, clock, header: current, onStored, onWrite } = this.#options;
    const { shard } = this;
    if (clock.monotonic() >= this.#putOffMs) this.#putOff.clear();
    this.#dueMs = this.#putOff.size > 0 ? this.#putOffMs : Infinity;
    const header = current();
    const changes = shard.changes().filter((id) => !this.#putOff.has(id));
    if (this.#isStopped || (changes.length === 0 && !shard.hasOtherHeader(header))) return;
    const lines = shard.lines(this.#putOff);
    this.#basesMs = clock.monotonic() + BASES_MS;
    try {
      const version = await client.write(shard, header, [...lines.values(), ...shard.unread]);
      const durable = shard.wrote(lines, header, version);
      onWrite('written');
      if (this.#putOff.size === 0) {
        this.#failures = 0;
        this.#tell(undefined);
      }
      this.#settle();
      onStored(this, durable);
    } catch (error) {
      const isConflict = isBridgeError(error, 'KUBE_CONFLICT');
      onWrite(isConflict ? 'conflict' : 'failed');
      const urgent = changes.filter((id) => this.#waiters.has(id) || (shard.get(id) && !shard.isDurable(id)));
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
    this.touch();
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
    const { client, isLeader, onDeposed, onStored } = this.#options;
    const { shard } = this;
    const read = await client.read(shard.name);
    const isOurs = read !== undefined && read.metadata.resourceVersion === shard.version?.resourceVersion;
    if (!isOurs && !(await isLeader())) return onDeposed();
    if (this.#isStopped) return;
    if (read) onStored(this, shard.merge(read));
    else shard.lost();
    this.touch(true);
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
