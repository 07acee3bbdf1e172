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
import { ConfigHistory } from './config-history.ts';

export interface ConfigDump {
  readonly key: ConfigKey;
  readonly groupKey: string;
  readonly before: StoredConfig | undefined;
  readonly after: StoredConfig | undefined;
}

export interface ConfigStoreOptions {
  readonly dumpDelayMs: number;
  readonly clock: Clock;
}

/** How many configs keep what was there before their last write. */
const maxFormer = 20_000;
/** Like the numbers of the real server, which are beyond what a double holds. */
const firstId = 861_473_000_000_000_000n;

export class ConfigStore {
  readonly history = new ConfigHistory();
  readonly #options: ConfigStoreOptions;
  readonly #database = new Map<string, StoredConfig>();
  readonly #cache = new Map<string, StoredConfig>();
  readonly #former = new Map<string, StoredConfig | undefined>();
  readonly #dumps = new Map<string, Timer>();
  readonly #onDump = new Set<(dump: ConfigDump) => void>();
  readonly #countByNamespace = new Map<string, number>();
  #lastId = firstId;

  constructor(options: ConfigStoreOptions) {
    this.#options = options;
  }

  onDump(listener: (dump: ConfigDump) => void): void {
    this.#onDump.add(listener);
  }

  /** What the database holds; with `former` what it held before the last write of this config. */
  stored(key: ConfigKey, former = false): StoredConfig | undefined {
    const groupKey = groupKeyOf(key);
    return former && this.#former.has(groupKey) ? this.#former.get(groupKey) : this.#database.get(groupKey);
  }

  /** What clients read. */
  cached(key: ConfigKey, former = false): StoredConfig | undefined {
    const groupKey = groupKeyOf(key);
    return former && this.#former.has(groupKey) ? this.#former.get(groupKey) : this.#cache.get(groupKey);
  }

  /** '' for what does not exist. */
  cachedMd5(groupKey: string): string {
    return this.#cache.get(groupKey)?.md5 ?? '';
  }

  get size(): number {
    return this.#database.size;
  }

  /** In the order of creation. */
  all(): Iterable<StoredConfig> {
    return this.#database.values();
  }

  allCached(): Iterable<StoredConfig> {
    return this.#cache.values();
  }

  count(namespaceId: string): number {
    return this.#countByNamespace.get(namespaceId) ?? 0;
  }

  /** False when `casMd5` is not that of what is there; what is not there is created all the same, as Nacos does. */
  publish(key: ConfigKey, fields: ConfigFields, writer: Writer, casMd5?: string): boolean {
    const groupKey = groupKeyOf(key);
    const before = this.#database.get(groupKey);
    if (before && casMd5 !== undefined && casMd5 !== before.md5) return false;
    const nowMs = this.#options.clock.now();
    const after: StoredConfig = {
      ...fields,
      appName: fields.appName ?? before?.appName ?? '',
      configTags: fields.configTags ?? before?.configTags ?? null,
      id: before?.id ?? this.#nextId(),
      key,
      md5: md5Of(fields.content),
      writer,
      createTimeMs: before?.createTimeMs ?? nowMs,
      modifyTimeMs: nowMs,
    };
    this.history.add(before ? 'U' : 'I', before ?? after, writer, nowMs);
    this.#write(groupKey, key, before, after);
    return true;
  }

  /** Whether it was there. */
  remove(key: ConfigKey, writer: Writer): boolean {
    const groupKey = groupKeyOf(key);
    const before = this.#database.get(groupKey);
    if (!before) return false;
    this.history.add('D', before, writer, this.#options.clock.now());
    this.#write(groupKey, key, before, undefined);
    return true;
  }

  /** Dumps everything that waits, as a server does when it starts. */
  dumpAll(): void {
    for (const groupKey of this.#dumps.keys()) this.#dump(groupKey);
  }

  stop(): void {
    for (const timer of this.#dumps.values()) timer.cancel();
    this.#dumps.clear();
  }

  #write(groupKey: string, key: ConfigKey, before: StoredConfig | undefined, after: StoredConfig | undefined): void {
    if (after) this.#database.set(groupKey, after);
    else this.#database.delete(groupKey);
    const added = Number(after !== undefined) - Number(before !== undefined);
    this.#countByNamespace.set(key.namespaceId, this.count(key.namespaceId) + added);
    this.#former.delete(groupKey);
    this.#former.set(groupKey, before);
    if (this.#former.size > maxFormer) this.#former.delete(this.#former.keys().next().value ?? '');
    if (this.#options.dumpDelayMs === 0) return this.#dump(groupKey);
    if (this.#dumps.has(groupKey)) return;
    this.#dumps.set(
      groupKey,
      this.#options.clock.after(this.#options.dumpDelayMs, () => this.#dump(groupKey)),
    );
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

  #nextId(): string {
    this.#lastId += 1n;
    return String(this.#lastId);
  }
}

export function md5Of(content: string): string {
  return createHash('md5').update(content, 'utf8').digest('hex');
}
