/**
 * The configs in memory: the database, which writes and the admin API see, and the cache, which clients read and listen
 * to. As in the real server each write is dumped into the cache a little later, several writes at once when they are
 * quick, so that a client may read what was before its own write.
 *
 * Guarantees: a write costs the same however many configs there are; a dump that changes nothing is told to nobody.
 */
import { createHash } from 'node:crypto';
import type { Clock, Timer } from '../../../operator/clock.ts';
import { groupKeyOf } from './config.ts';
import type { ConfigFields, ConfigKey, StoredConfig, Writer } from './config.ts';

export interface ConfigDump {
  readonly key: ConfigKey;
  readonly groupKey: string;
  readonly before: StoredConfig | undefined;
  readonly after: StoredConfig | undefined;
}

export interface HistoryRow {
  readonly id: string;
  readonly operation: 'I' | 'U' | 'D';
  readonly writer: Writer;
  readonly timeMs: number;
}

export interface ConfigStoreOptions {
  readonly dumpDelayMs: number;
  readonly clock: Clock;
}

/** How many configs keep what was there before their last write. */
const maxFormer = 20_000;
/** How many writes are remembered of each config. */
const maxHistory = 10_000;
/** Like the numbers of the real server, which are beyond what a double holds. */
const firstId = 861_473_000_000_000_000n;

export class ConfigStore {
  readonly #options: ConfigStoreOptions;
  readonly #database = new Map<string, StoredConfig>();
  readonly #cache = new Map<string, StoredConfig>();
  readonly #former = new Map<string, StoredConfig | undefined>();
  /** Oldest first. */
  readonly #history = new Map<string, HistoryRow[]>();
  readonly #dumps = new Map<string, Timer>();
  readonly #onDump = new Set<(dump: ConfigDump) => void>();
  #lastId = firstId;

  constructor(options: ConfigStoreOptions) {
    this.#options = options;
  }

  onDump(listener: (dump: ConfigDump) => void): void {
    this.#onDump.add(listener);
  }

  /** What the database holds; with `former` what it held before the last write of this config. */
  stored(key: ConfigKey, former = false): StoredConfig | undefined {
    return this.#read(this.#database, key, former);
  }

  /** What clients read. */
  cached(key: ConfigKey, former = false): StoredConfig | undefined {
    return this.#read(this.#cache, key, former);
  }

  /** '' for what does not exist. */
  cachedMd5(groupKey: string): string {
    return this.#cache.get(groupKey)?.md5 ?? '';
  }

  get size(): number {
    return this.#database.size;
  }

  /** In the order of creation. */
  all(): StoredConfig[] {
    return [...this.#database.values()];
  }

  allCached(): Iterable<StoredConfig> {
    return this.#cache.values();
  }

  /** Every write of a config, newest first. */
  history(key: ConfigKey): HistoryRow[] {
    return (this.#history.get(groupKeyOf(key)) ?? []).toReversed();
  }

  /** False when `casMd5` is not that of what is there; what is not there is created all the same, as Nacos does. */
  publish(key: ConfigKey, fields: ConfigFields, writer: Writer, casMd5?: string): boolean {
    const groupKey = groupKeyOf(key);
    const before = this.#database.get(groupKey);
    if (before && casMd5 !== undefined && casMd5 !== before.md5) return false;
    const nowMs = this.#options.clock.now();
    this.#write(groupKey, before, {
      ...fields,
      appName: fields.appName ?? before?.appName ?? '',
      configTags: fields.configTags ?? before?.configTags ?? null,
      id: before?.id ?? this.#nextId(),
      key,
      md5: createHash('md5').update(fields.content).digest('hex'),
      writer,
      createTimeMs: before?.createTimeMs ?? nowMs,
      modifyTimeMs: nowMs,
    });
    this.#remember(groupKey, { operation: before ? 'U' : 'I', writer, timeMs: nowMs });
    return true;
  }

  remove(key: ConfigKey, writer: Writer): void {
    const groupKey = groupKeyOf(key);
    const before = this.#database.get(groupKey);
    if (!before) return;
    this.#write(groupKey, before, undefined);
    this.#remember(groupKey, { operation: 'D', writer, timeMs: this.#options.clock.now() });
  }

  /** Dumps everything that waits, as a server does when it starts. */
  dumpAll(): void {
    for (const groupKey of this.#dumps.keys()) this.#dump(groupKey);
  }

  stop(): void {
    for (const timer of this.#dumps.values()) timer.cancel();
    this.#dumps.clear();
  }

  #read(from: ReadonlyMap<string, StoredConfig>, key: ConfigKey, former: boolean): StoredConfig | undefined {
    const groupKey = groupKeyOf(key);
    return former && this.#former.has(groupKey) ? this.#former.get(groupKey) : from.get(groupKey);
  }

  #write(groupKey: string, before: StoredConfig | undefined, after: StoredConfig | undefined): void {
    if (after) this.#database.set(groupKey, after);
    else this.#database.delete(groupKey);
    this.#former.delete(groupKey);
    this.#former.set(groupKey, before);
    if (this.#former.size > maxFormer) this.#former.delete(this.#former.keys().next().value ?? '');
    const { clock, dumpDelayMs } = this.#options;
    if (dumpDelayMs === 0) return this.#dump(groupKey);
    if (this.#dumps.has(groupKey)) return;
    const timer = clock.after(dumpDelayMs, () => this.#dump(groupKey));
    this.#dumps.set(groupKey, timer);
  }

  #dump(groupKey: string): void {
    this.#dumps.get(groupKey)?.cancel();
    this.#dumps.delete(groupKey);
    const before = this.#cache.get(groupKey);
    const after = this.#database.get(groupKey);
    const { key } = after ?? before ?? {};
    if (after) this.#cache.set(groupKey, after);
    else this.#cache.delete(groupKey);
    if (!key || before?.md5 === after?.md5) return;
    for (const listener of this.#onDump) listener({ key, groupKey, before, after });
  }

  #remember(groupKey: string, row: Omit<HistoryRow, 'id'>): void {
    const rows = this.#history.get(groupKey) ?? [];
    this.#history.set(groupKey, rows);
    rows.push({ id: this.#nextId(), ...row });
    if (rows.length > maxHistory) rows.shift();
  }

  #nextId(): string {
    this.#lastId += 1n;
    return String(this.#lastId);
  }
}
