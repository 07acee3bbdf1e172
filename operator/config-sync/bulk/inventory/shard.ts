/**
 * One shard: the entries that it is to hold, the lines that are stored, and the writes that bring them there: in batches, one
 * after the other, each on the version that was written or read last.
 *
 * Guarantees
 * - An entry is durable when the stored shard has it, with or without a base.
 * - What somebody waits for is written at once, everything else at most every 250 ms; the first at once.
 * - A batch that is refused is tried again after a growing pause. What somebody waits for in it waits; bases go on without it.
 * - On a conflict a leader that was deposed writes nothing any more; the leader reads, takes over what it has no newer word
 *   on, and writes again.
 * - What is stored and cannot be read, as of a later version, is written back as it is.
 */
import { isDeepStrictEqual } from 'node:util';
import type { NacosConfigInventory } from '../../../api/resources.ts';
import type { Clock, Timer } from '../../../clock.ts';
import { isBridgeError } from '../../../errors.ts';
import { entryOf, idOf, lineOf, type Entry } from './entry.ts';
import type { Header } from './header.ts';
import type { ShardClient } from './shard-client.ts';

export interface ShardOptions {
  readonly client: ShardClient;
  readonly clock: Clock;
  /** As it is to be stored. */
  readonly header: () => Header;
  /** @throws BridgeError when it cannot be asked. */
  readonly isLeader: () => Promise<boolean>;
  /** These are durable by now, or are stored otherwise than was known. */
  readonly onStored: (shard: Shard, ids: readonly string[]) => void;
  /** Another leader has written. */
  readonly onDeposed: () => void;
  /** What became of a write. */
  readonly onWrite: (result: 'written' | 'conflict' | 'failed') => void;
}

/** Where it closes, since each write is of the whole. */
const MAX_ENTRIES = 500;
const MAX_BYTES = 256 * 1024;
/** Others come in the same moment. */
const GATHER_MS = 5;
const BASES_MS = 250;
const LONGEST_PAUSE_MS = 10_000;

export class Shard {
  readonly name: string;
  /** Of what was read or written last; undefined while nothing is stored. */
  version: NacosConfigInventory['metadata'] | undefined;
  /** Stored lines that are no entries. */
  #unread: readonly string[] = [];
  readonly #slots = new Map<string, { readonly entry: Entry; readonly line: string }>();
  /** The lines that are stored, by id, also of entries that have been dropped since. */
  #stored: ReadonlyMap<string, string> = new Map();
  #header: Header | undefined;
  readonly #options: ShardOptions;
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

  constructor(name: string, options: ShardOptions) {
    this.name = name;
    this.#options = options;
  }

  /** Whether it takes no more entries. */
  get isClosed(): boolean {
    const bytes = () => [...this.#slots.values()].reduce((sum, { line }) => sum + line.length, 0);
    return this.#slots.size >= MAX_ENTRIES || bytes() >= MAX_BYTES;
  }

  get(id: string): Entry | undefined {
    return this.#slots.get(id)?.entry;
  }

  entries(): Entry[] {
    return [...this.#slots.values()].map(({ entry }) => entry);
  }

  isDurable(id: string): boolean {
    return this.#slots.has(id) && this.#stored.has(id);
  }

  /** `isUrgent`: somebody waits until it is stored. */
  set(entry: Entry, isUrgent = false): void {
    this.#slots.set(idOf(entry), { entry, line: lineOf(entry) });
    this.touch(isUrgent);
  }

  drop(id: string): void {
    this.#slots.delete(id);
    this.touch();
  }

  /** Why the last write failed; undefined when all that waited for one has been stored since, or nothing is to be. */
  get error(): unknown {
    return this.#error !== undefined && this.#changes().length > 0 ? this.#error : undefined;
  }

  /** Something is stored otherwise than it is to be, the header perhaps. */
  touch(isUrgent = false): void {
    this.#wake(isUrgent ? 0 : this.#basesMs);
  }

  /** Stores what is known of the entry. @throws what refused it; KUBE_CONFLICT when it has gone. */
  async store(id: string): Promise<void> {
    while (!this.#isStored(id)) {
      if (this.#isStopped || this.get(id) === undefined) throw this.#options.client.changed(id);
      const write = async () => (this.#isStored(id) ? undefined : this.#write());
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

  /** Whether what is stored of it is what is known of it. */
  #isStored(id: string): boolean {
    return this.#slots.has(id) && this.#stored.get(id) === this.#slots.get(id)?.line;
  }

  /** The ids of what is stored otherwise than it is known, what was dropped among them. */
  #changes(): string[] {
    const all = new Set([...this.#slots.keys(), ...this.#stored.keys()]);
    return [...all].filter((id) => !this.#isStored(id));
  }

  /** What is to be stored by id, of those that are put off what is stored already. */
  #lines(): Map<string, string> {
    const lines = new Map<string, string>();
    for (const [id, { line }] of this.#slots) {
      const written = this.#putOff.has(id) ? this.#stored.get(id) : line;
      if (written !== undefined) lines.set(id, written);
    }
    return lines;
  }

  /** Resolves with what refused it. */
  async #write(): Promise<unknown> {
    const { client, clock, header: current, onStored, onWrite } = this.#options;
    const [nowMs, header, before] = [clock.monotonic(), current(), this.#stored];
    if (nowMs >= this.#putOffMs) this.#putOff.clear();
    this.#dueMs = Infinity;
    if (this.#putOff.size > 0) this.#wake(this.#putOffMs);
    const changes = this.#changes().filter((id) => !this.#putOff.has(id));
    const hasOtherHeader = this.#header !== undefined && !isDeepStrictEqual(this.#header, header);
    if (this.#isStopped || (changes.length === 0 && !hasOtherHeader)) return undefined;
    const lines = this.#lines();
    this.#basesMs = nowMs + BASES_MS;
    try {
      this.version = await client.write(this, header, [...lines.values(), ...this.#unread]);
      [this.#stored, this.#header] = [lines, header];
      if (this.#putOff.size === 0) [this.#failures, this.#error] = [0, undefined];
      onWrite('written');
      onStored(
        this,
        [...lines.keys()].filter((id) => this.#slots.has(id) && !before.has(id)),
      );
      return undefined;
    } catch (error) {
      const isConflict = isBridgeError(error, 'KUBE_CONFLICT');
      const refusal = isConflict ? await this.#merge().catch((cause: unknown) => cause) : error;
      if (refusal !== undefined)
        this.#refused(
          refusal,
          changes.filter((id) => this.#slots.has(id) && !this.isDurable(id)),
        );
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
    const read = await client.read(this.name);
    const isOurs = read !== undefined && read.metadata.resourceVersion === this.version?.resourceVersion;
    if (!isOurs && !(await isLeader())) return onDeposed();
    if (this.#isStopped) return;
    if (read) onStored(this, this.merge(read));
    // It is gone, and what is in memory is all that is left.
    else [this.version, this.#stored] = [undefined, new Map()];
    this.touch(true);
  }

  /**
   * Takes over what is stored, but for what there is a newer word on here. Returns the ids of those that are stored otherwise
   * than was known, or were not known.
   */
  merge({ metadata, status: { entries: lines = [], header } = {} }: NacosConfigInventory): string[] {
    const read = new Map<string, { entry: Entry; line: string }>();
    const before = this.#stored;
    this.#unread = lines.filter((line) => {
      const entry = entryOf(line);
      if (entry) read.set(idOf(entry), { entry, line });
      return entry === undefined;
    });
    this.#stored = new Map([...read].map(([id, { line }]) => [id, line]));
    this.#header = header;
    this.version = metadata;
    const all = new Set([...before.keys(), ...read.keys()]);
    return [...all].filter((id) => {
      const [was, is, slot] = [before.get(id), read.get(id), this.#slots.get(id)];
      if (was === is?.line) return false;
      // What somebody else has dropped is new again, if it is wanted.
      const entry = is?.entry ?? (slot && { ...slot.entry, base: undefined });
      if (entry && slot?.line === was) this.#slots.set(id, { entry, line: lineOf(entry) });
      return this.#slots.has(id);
    });
  }
}
