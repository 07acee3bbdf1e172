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
import type { Header } from './header.ts';
import type { Shard } from './shard.ts';
import type { ShardClient } from './shard-client.ts';

export interface ShardWriterOptions {
  readonly client: ShardClient;
  readonly clock: Clock;
  /** As it is to be stored. */
  readonly header: () => Header;
  /** @throws BridgeError when it cannot be asked. */
  readonly isLeader: () => Promise<boolean>;
  /** These are durable by now, or are stored otherwise than was known. */
  readonly onStored: (writer: ShardWriter, ids: readonly string[]) => void;
  /** Another leader has written. */
  readonly onDeposed: () => void;
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
  /** When the next write is due; Infinity where none is. */
  #dueMs = Infinity;
  /** When what nobody waits for may be written. */
  #basesMs = -Infinity;
  /** New entries that were refused, and are written again then. */
  readonly #putOff = new Set<string>();
  #putOffMs = 0;
  /** In a row. */
  #failures = 0;
  #error: unknown;
  /** Of requests, which are made one after the other. */
  #last: Promise<unknown> = Promise.resolve();
  /** One that has not begun. */
  #nextRead: Promise<void> | undefined;
  #isStopped = false;

  constructor(shard: Shard, options: ShardWriterOptions) {
    this.shard = shard;
    this.#options = options;
  }

  /** Why the last write failed; undefined when all that waited for one has been stored since, or nothing is to be. */
  get error(): unknown {
    return this.#error !== undefined && this.shard.changes().length > 0 ? this.#error : undefined;
  }

  /** Something of the shard has changed. `isUrgent`: somebody waits for that. */
  touch(isUrgent = false): void {
    this.#wake(isUrgent ? 0 : this.#basesMs);
  }

  /** Stores what is known of the entry. @throws what refused it; KUBE_CONFLICT when it has gone. */
  async store(id: string): Promise<void> {
    while (!this.shard.isStored(id)) {
      if (this.#isStopped || this.shard.get(id) === undefined) throw this.#options.client.changed(id);
      const write = async () => (this.shard.isStored(id) ? undefined : this.#write());
      const refusal = this.#putOff.has(id) ? this.#error : await this.#next(write);
      if (refusal !== undefined) throw refusal;
    }
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
    this.#putOff.clear();
    await this.#next(() => this.#write());
  }

  stop(): void {
    this.#isStopped = true;
    this.#timer?.cancel();
  }

  #wake(dueMs: number): void {
    if (this.#isStopped || dueMs >= this.#dueMs) return;
    const { clock } = this.#options;
    this.#dueMs = dueMs;
    this.#timer?.cancel();
    this.#timer = clock.after(
      Math.max(GATHER_MS, dueMs - clock.monotonic()),
      () => void this.#next(() => this.#write()),
    );
  }

  #next<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#last.then(work);
    this.#last = done.catch(() => {});
    return done;
  }

  /** Resolves with what refused it. */
  async #write(): Promise<unknown> {
    const { client, clock, header: current, onStored, onWrite } = this.#options;
    const { shard } = this;
    const [nowMs, header] = [clock.monotonic(), current()];
    if (nowMs >= this.#putOffMs) this.#putOff.clear();
    this.#dueMs = Infinity;
    if (this.#putOff.size > 0) this.#wake(this.#putOffMs);
    const changes = shard.changes().filter((id) => !this.#putOff.has(id));
    if (this.#isStopped || (changes.length === 0 && !shard.hasOtherHeader(header))) return undefined;
    const lines = shard.lines(this.#putOff);
    this.#basesMs = nowMs + BASES_MS;
    try {
      const version = await client.write(shard, header, [...lines.values(), ...shard.unread]);
      const durable = shard.wrote(lines, header, version);
      if (this.#putOff.size === 0) [this.#failures, this.#error] = [0, undefined];
      onWrite('written');
      onStored(this, durable);
      return undefined;
    } catch (error) {
      const isConflict = isBridgeError(error, 'KUBE_CONFLICT');
      const refusal = isConflict ? await this.#merge().catch((cause: unknown) => cause) : error;
      const added = changes.filter((id) => shard.get(id) && !shard.isDurable(id));
      if (refusal !== undefined) this.#refused(refusal, added);
      onWrite(isConflict ? 'conflict' : 'failed');
      return refusal;
    }
  }

  #refused(error: unknown, added: readonly string[]): void {
    const pauseMs = Math.min(LONGEST_PAUSE_MS, BASES_MS * 2 ** this.#failures);
    const againMs = this.#options.clock.monotonic() + pauseMs;
    this.#failures += 1;
    this.#error = error;
    for (const id of added) this.#putOff.add(id);
    if (added.length > 0) this.#putOffMs = againMs;
    else this.#basesMs = againMs;
    this.touch();
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
  }
}
