/**
 * One shard in memory: the entries that it is to hold, and the lines that are stored.
 *
 * Pure: it does no request. An entry is durable when the stored shard has it, with or without a base. What is stored and
 * cannot be read, as of a later version, is written back as it is.
 */
import { isDeepStrictEqual } from 'node:util';
import type { NacosConfigInventory } from '../../../api/resources.ts';
import { entryOf, idOf, lineOf, type Entry } from './entry.ts';
import type { Header } from './header.ts';

/** Where it closes, since each write is of the whole. */
const MAX_ENTRIES = 500;
const MAX_BYTES = 256 * 1024;

export class Shard {
  readonly name: string;
  /** Of what was read or written last; undefined while nothing is stored. */
  version: NacosConfigInventory['metadata'] | undefined;
  /** Stored lines that are no entries. */
  unread: readonly string[] = [];
  readonly #slots = new Map<string, { readonly entry: Entry; readonly line: string }>();
  /** The lines that are stored, also of entries that have been dropped since. */
  #stored: ReadonlyMap<string, string> = new Map();
  #storedHeader: Header | undefined;

  constructor(name: string) {
    this.name = name;
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

  /** Whether what is stored of it is what is known of it. */
  isStored(id: string): boolean {
    return this.#slots.has(id) && this.#stored.get(id) === this.#slots.get(id)?.line;
  }

  set(entry: Entry): void {
    this.#slots.set(idOf(entry), { entry, line: lineOf(entry) });
  }

  drop(id: string): void {
    this.#slots.delete(id);
  }

  /** The ids of what is stored otherwise than it is known, what was dropped among them. */
  changes(): string[] {
    const all = new Set([...this.#slots.keys(), ...this.#stored.keys()]);
    return [...all].filter((id) => !this.isStored(id));
  }

  hasOtherHeader(header: Header): boolean {
    return this.#storedHeader !== undefined && !isDeepStrictEqual(this.#storedHeader, header);
  }

  /** By id, what is to be stored; of those of `putOff` what is stored already. */
  lines(putOff: ReadonlySet<string>): Map<string, string> {
    const lines = new Map<string, string>();
    for (const [id, { line }] of this.#slots) {
      const written = putOff.has(id) ? this.#stored.get(id) : line;
      if (written !== undefined) lines.set(id, written);
    }
    return lines;
  }

  /** Returns the ids of those that are durable by it. */
  wrote(lines: ReadonlyMap<string, string>, header: Header, version: Shard['version']): string[] {
    const before = this.#stored;
    this.#stored = lines;
    this.#storedHeader = header;
    this.version = version;
    return [...lines.keys()].filter((id) => this.#slots.has(id) && !before.has(id));
  }

  /**
   * Takes over what is stored, but for what there is a newer word on here. Returns the ids of those that are stored otherwise
   * than was known, or were not known.
   */
  merge({ metadata, status: { entries: lines = [], header } = {} }: NacosConfigInventory): string[] {
    const read = new Map<string, { entry: Entry; line: string }>();
    const before = this.#stored;
    this.unread = lines.filter((line) => {
      const entry = entryOf(line);
      if (entry) read.set(idOf(entry), { entry, line });
      return entry === undefined;
    });
    this.#stored = new Map([...read].map(([id, { line }]) => [id, line]));
    this.#storedHeader = header;
    this.version = metadata;
    const all = new Set([...before.keys(), ...read.keys()]);
    return [...all].filter((id) => {
      const [was, is, slot] = [before.get(id), read.get(id), this.#slots.get(id)];
      if (was === is?.line) return false;
      // What somebody else has dropped is new again, if it is wanted.
      const entry = is?.entry ?? (slot && { ...slot.entry, base: undefined });
      if (entry && slot?.line === was) this.set(entry);
      return this.#slots.has(id);
    });
  }

  /** It is gone, and what is in memory is all that is left. */
  lost(): void {
    this.version = undefined;
    this.#stored = new Map();
  }
}
