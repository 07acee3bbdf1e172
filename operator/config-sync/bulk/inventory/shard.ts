/**
 * One shard in memory: its entries, what of them is stored, and what is not yet.
 *
 * Pure: it does no request. An entry is durable when the stored shard has it, with or without a base. What is stored and
 * cannot be read, as of a later version, is written back as it is.
 */
import { entryOf, idOf, lineOf, type Entry } from './entry.ts';

/** Where it closes, since each write is of the whole. */
const MAX_ENTRIES = 500;
const MAX_BYTES = 256 * 1024;

interface Slot {
  entry: Entry;
  line: string;
  /** The line of it that is stored; undefined while none is. */
  stored: string | undefined;
  /** Before that time it is not written, on the monotonic clock. */
  notBeforeMs: number;
}

/** What one write is to store. */
export interface Batch {
  readonly header: string;
  readonly lines: readonly string[];
  readonly byId: ReadonlyMap<string, string>;
  readonly dropped: readonly string[];
  /** Entries that somebody waits for. */
  readonly urgent: readonly string[];
}

/** What a fresh read has brought. */
export interface Merged {
  /** Entries that were not known. */
  readonly found: readonly Entry[];
  /** Ids of those that are otherwise than they were, or durable by now. */
  readonly changed: readonly string[];
}

export class Shard {
  readonly name: string;
  /** Of what was read or written last; undefined while nothing is stored. */
  resourceVersion: string | undefined;
  uid: string | undefined;
  readonly #slots = new Map<string, Slot>();
  readonly #unread: string[] = [];
  readonly #dirty = new Set<string>();
  readonly #urgent = new Set<string>();
  /** Stored, and not wanted any more. */
  readonly #dropped = new Set<string>();
  #storedHeader: string | undefined;
  #bytes = 0;

  constructor(name: string) {
    this.name = name;
  }

  /** Whether it takes no more entries. */
  get isClosed(): boolean {
    return this.#slots.size >= MAX_ENTRIES || this.#bytes >= MAX_BYTES;
  }

  get(id: string): Entry | undefined {
    return this.#slots.get(id)?.entry;
  }

  entries(): Entry[] {
    return [...this.#slots.values()].map(({ entry }) => entry);
  }

  isDurable(id: string): boolean {
    return this.#slots.get(id)?.stored !== undefined;
  }

  /** Whether what is stored of it is what is known of it. */
  isStored(id: string): boolean {
    const slot = this.#slots.get(id);
    return slot !== undefined && slot.stored === slot.line;
  }

  /** `isUrgent`: somebody waits until it is stored. */
  set(entry: Entry, isUrgent: boolean): void {
    const id = idOf(entry);
    const line = lineOf(entry);
    const { line: former = '', stored, notBeforeMs = 0 } = this.#slots.get(id) ?? {};
    this.#bytes += line.length - former.length;
    this.#slots.set(id, { entry, line, stored, notBeforeMs });
    this.#dropped.delete(id);
    if (isUrgent && stored !== line) this.#urgent.add(id);
    this.#note(id);
  }

  drop(id: string): void {
    const slot = this.#slots.get(id);
    if (slot === undefined) return;
    this.#bytes -= slot.line.length;
    this.#slots.delete(id);
    this.#dirty.delete(id);
    this.#urgent.delete(id);
    if (slot.stored !== undefined) this.#dropped.add(id);
  }

  /** When it is to be written, if `basesMs` is when what nobody waits for may be; undefined when nothing is to be. */
  dueMs(nowMs: number, basesMs: number, header: string): number | undefined {
    const waits = [...this.#urgent].map((id) => Math.max(nowMs, this.#slots.get(id)?.notBeforeMs ?? 0));
    const hasOther = this.#dropped.size > 0 || this.#dirty.size > this.#urgent.size;
    const hasOldHeader = this.#storedHeader !== undefined && this.#storedHeader !== header;
    if (hasOther || hasOldHeader) waits.push(basesMs);
    return waits.length === 0 ? undefined : waits.reduce((a, b) => Math.min(a, b));
  }

  batch(nowMs: number, header: string): Batch {
    const slots = [...this.#slots].filter(([, slot]) => slot.stored !== undefined || slot.notBeforeMs <= nowMs);
    const byId = new Map(
      slots.map(([id, { line, stored = '', notBeforeMs }]) => [id, notBeforeMs <= nowMs ? line : stored]),
    );
    const urgent = [...this.#urgent].filter((id) => (this.#slots.get(id)?.notBeforeMs ?? 0) <= nowMs);
    return { header, lines: [...byId.values(), ...this.#unread], byId, dropped: [...this.#dropped], urgent };
  }

  /** Returns the ids of those that are durable by it. */
  wrote({ byId, dropped, header }: Batch, resourceVersion: string | undefined): string[] {
    this.resourceVersion = resourceVersion;
    this.#storedHeader = header;
    for (const id of dropped) this.#dropped.delete(id);
    const durable: string[] = [];
    for (const [id, line] of byId) {
      const slot = this.#slots.get(id);
      // Dropped while it was being written.
      if (slot === undefined) this.#dropped.add(id);
      else if (slot.stored === undefined) durable.push(id);
      if (slot) slot.stored = line;
      this.#note(id);
    }
    return durable;
  }

  /** Those that somebody waits for are tried again no sooner; all others go on without them. */
  postpone({ urgent }: Batch, notBeforeMs: number): void {
    for (const id of urgent) {
      const slot = this.#slots.get(id);
      if (slot) slot.notBeforeMs = notBeforeMs;
    }
  }

  /** Takes over what is stored, but for what there is a newer word on here. */
  merge(lines: readonly string[], header: string, version: { resourceVersion?: string; uid?: string }): Merged {
    this.resourceVersion = version.resourceVersion;
    this.uid = version.uid;
    this.#storedHeader = header;
    this.#unread.length = 0;
    const found: Entry[] = [];
    const changed: string[] = [];
    const seen = new Set<string>();
    for (const line of lines) {
      const entry = entryOf(line);
      if (entry === undefined) {
        this.#unread.push(line);
        continue;
      }
      const id = idOf(entry);
      seen.add(id);
      if (this.#dropped.has(id)) continue;
      const slot = this.#slots.get(id);
      if (slot === undefined) found.push(entry);
      else if (slot.stored === undefined || (slot.stored === slot.line && slot.line !== line)) changed.push(id);
      this.#take(id, entry, line);
    }
    changed.push(...this.#missing(seen));
    for (const id of this.#dropped) if (!seen.has(id)) this.#dropped.delete(id);
    return { found, changed };
  }

  /** It is gone, and what is in memory is all that is left. */
  lost(): void {
    this.resourceVersion = undefined;
    this.uid = undefined;
    this.#dropped.clear();
    for (const [id, slot] of this.#slots) {
      slot.stored = undefined;
      this.#urgent.add(id);
      this.#note(id);
    }
  }

  #take(id: string, entry: Entry, line: string): void {
    const slot = this.#slots.get(id);
    if (slot === undefined || slot.stored === slot.line) {
      this.#bytes += line.length - (slot?.line.length ?? 0);
      this.#slots.set(id, { entry, line, stored: line, notBeforeMs: 0 });
    } else {
      // There is a newer word here, which is written next.
      slot.stored = line;
    }
    this.#note(id);
  }

  /** Somebody else has dropped them: they are new again, if they are wanted. */
  #missing(seen: ReadonlySet<string>): string[] {
    const gone = [...this.#slots].filter(([id, { stored }]) => stored !== undefined && !seen.has(id));
    for (const [, slot] of gone) {
      const entry = slot.stored === slot.line ? { ...slot.entry, base: undefined } : slot.entry;
      slot.stored = undefined;
      this.set(entry, true);
    }
    return gone.map(([id]) => id);
  }

  #note(id: string): void {
    const slot = this.#slots.get(id);
    if (slot && slot.stored !== slot.line) return void this.#dirty.add(id);
    this.#dirty.delete(id);
    this.#urgent.delete(id);
  }
}
