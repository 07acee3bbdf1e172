/**
 * What every write left behind, per config, newest first: an insert with the new content, an update or removal with the
 * content that it replaced. The oldest of all rows are dropped beyond a limit, as the real server drops old days.
 */
import { groupKeyOf } from './config.ts';
import type { ConfigKey, StoredConfig, Writer } from './config.ts';

export interface HistoryRow {
  readonly id: string;
  /** Of the config that was replaced; '0' when it was created. */
  readonly configId: string;
  readonly operation: 'I' | 'U' | 'D';
  readonly config: StoredConfig;
  readonly writer: Writer;
  readonly timeMs: number;
}

const maxRows = 50_000;

export class ConfigHistory {
  /** Oldest first. */
  readonly #byKey = new Map<string, HistoryRow[]>();
  /** Oldest first, too. */
  readonly #byId = new Map<string, HistoryRow>();
  #lastId = 0;

  add(operation: HistoryRow['operation'], config: StoredConfig, writer: Writer, timeMs: number): void {
    this.#lastId += 1;
    const configId = operation === 'I' ? '0' : config.id;
    const row: HistoryRow = { id: String(this.#lastId), configId, operation, config, writer, timeMs };
    const groupKey = groupKeyOf(config.key);
    const rows = this.#byKey.get(groupKey);
    if (rows) rows.push(row);
    else this.#byKey.set(groupKey, [row]);
    this.#byId.set(row.id, row);
    if (this.#byId.size > maxRows) this.#dropOldest();
  }

  get(id: string): HistoryRow | undefined {
    return this.#byId.get(id);
  }

  /** Newest first. */
  rowsOf(key: ConfigKey): HistoryRow[] {
    return (this.#byKey.get(groupKeyOf(key)) ?? []).toReversed();
  }

  /** What the last change of this config replaced. */
  previousOf(key: ConfigKey, configId: string): HistoryRow | undefined {
    return this.rowsOf(key).find((row) => row.configId === configId);
  }

  #dropOldest(): void {
    const [oldest] = this.#byId.values();
    if (!oldest) return;
    this.#byId.delete(oldest.id);
    const groupKey = groupKeyOf(oldest.config.key);
    const rows = this.#byKey.get(groupKey);
    rows?.shift();
    if (rows?.length === 0) this.#byKey.delete(groupKey);
  }
}
