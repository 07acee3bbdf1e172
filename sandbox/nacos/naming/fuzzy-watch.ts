/**
 * Watches of service names by pattern (3.x): `namespace>>group>>service`, with `*` for any text in the last two.
 *
 * A watcher is told first which services there are that it does not know, ten at a time, then that this is all; and from
 * then on of each that gets its first publisher or loses its last one. Servers hold 20 patterns at most, and follow 500
 * services of each.
 */
import type { Clock, Timer } from '../../../operator/clock.ts';
import type { Json, RpcConnection } from '../rpc.ts';
import type { Registry } from './registry.ts';
import { serviceText } from './service-key.ts';
import type { ServiceKey } from './service-key.ts';

type ChangedType = 'ADD_SERVICE' | 'DELETE_SERVICE';

interface Pattern {
  readonly fits: (key: ServiceKey) => boolean;
  readonly watchers: Map<string, RpcConnection>;
  readonly matched: Set<string>;
}

const maxPatterns = 20;
const maxMatches = 500;
const batchSize = 10;
const retryMs = 1_000;
const patternLimit = { code: 50_310, message: 'fuzzy watch pattern over limit' } as const;
const matchLimit = { code: 50_311, message: 'fuzzy watch pattern matched count over limit' } as const;

export interface FuzzyWatchesOptions {
  readonly clock: Clock;
  readonly delayMs: number;
  readonly registry: Registry;
}

export class FuzzyWatches {
  readonly #options: FuzzyWatchesOptions;
  readonly #patterns = new Map<string, Pattern>();
  readonly #timers = new Set<Timer>();

  constructor(options: FuzzyWatchesOptions) {
    this.#options = options;
  }

  /** Returns the limit that was met, if any. With the limit of matches the watch goes on for those that are followed. */
  watch(
    text: string,
    connection: RpcConnection,
    received: readonly string[],
    isInitializing: boolean,
  ): typeof patternLimit | typeof matchLimit | undefined {
    const pattern = this.#patterns.get(text) ?? this.#create(text);
    if (!pattern) return patternLimit;
    pattern.watchers.set(connection.id, connection);
    this.#later(this.#options.delayMs, () => void this.#sync(text, pattern, connection, received, isInitializing));
    return pattern.matched.size >= maxMatches ? matchLimit : undefined;
  }

  cancel(text: string, connectionId: string): void {
    const pattern = this.#patterns.get(text);
    pattern?.watchers.delete(connectionId);
    if (pattern?.watchers.size === 0) this.#patterns.delete(text);
  }

  removeConnection(connectionId: string): void {
    for (const text of this.#patterns.keys()) this.cancel(text, connectionId);
  }

  serviceChanged(key: ServiceKey, changedType: ChangedType): void {
    const serviceKey = serviceText(key);
    for (const [text, { fits, matched, watchers }] of this.#patterns) {
      if (!fits(key)) continue;
      const isAdded = changedType === 'ADD_SERVICE';
      if (isAdded === matched.has(serviceKey) || (isAdded && matched.size >= maxMatches)) continue;
      if (isAdded) matched.add(serviceKey);
      else matched.delete(serviceKey);
      const change = { syncType: 'FUZZY_WATCH_RESOURCE_CHANGED', serviceKey, changedType };
      for (const connection of watchers.values()) {
        this.#later(this.#options.delayMs, () => {
          void this.#tell(text, connection, 'NamingFuzzyWatchChangeNotifyRequest', change);
        });
      }
    }
  }

  stop(): void {
    for (const timer of this.#timers) timer.cancel();
    this.#timers.clear();
    this.#patterns.clear();
  }

  #create(text: string): Pattern | undefined {
    if (this.#patterns.size >= maxPatterns) return undefined;
    const pattern: Pattern = { fits: matcherOf(text), watchers: new Map(), matched: new Set() };
    for (const { key } of this.#options.registry.servicesOf(text.split('>>')[0] ?? '')) {
      if (pattern.matched.size >= maxMatches) break;
      if (pattern.fits(key)) pattern.matched.add(serviceText(key));
    }
    this.#patterns.set(text, pattern);
    return pattern;
  }

  /** What the watcher does not know yet, what it knows and is gone, and at the first time the end of it. */
  async #sync(
    text: string,
    { matched }: Pattern,
    connection: RpcConnection,
    received: readonly string[],
    isInitializing: boolean,
  ): Promise<void> {
    const known = new Set(received);
    const contexts = [
      ...[...matched].filter((key) => !known.has(key)).map((key) => contextOf(key, 'ADD_SERVICE')),
      ...received.filter((key) => !matched.has(key)).map((key) => contextOf(key, 'DELETE_SERVICE')),
    ];
    const total = Math.ceil(contexts.length / batchSize);
    const syncType = isInitializing ? 'FUZZY_WATCH_INIT_NOTIFY' : 'FUZZY_WATCH_DIFF_SYNC_NOTIFY';
    for (let batch = 0; batch < total; batch += 1) {
      const part = contexts.slice(batch * batchSize, (batch + 1) * batchSize);
      await this.#tell(text, connection, 'NamingFuzzyWatchSyncRequest', syncOf(syncType, text, part, total, batch + 1));
    }
    if (!isInitializing) return;
    const finish = syncOf('FINISH_FUZZY_WATCH_INIT_NOTIFY', text, [], 1, 1);
    await this.#tell(text, connection, 'NamingFuzzyWatchSyncRequest', finish);
  }

  /** Again and again, until it is acknowledged or the watch is over. */
  async #tell(text: string, connection: RpcConnection, type: string, body: Json): Promise<void> {
    const isWatching = (): boolean => this.#patterns.get(text)?.watchers.has(connection.id) === true;
    while (isWatching()) {
      try {
        await connection.request(type, { ...body, module: 'naming' });
        return;
      } catch {
        await new Promise<void>((resolve) => this.#later(retryMs, resolve));
      }
    }
  }

  #later(delayMs: number, callback: () => void): void {
    const timer = this.#options.clock.after(delayMs, () => {
      this.#timers.delete(timer);
      callback();
    });
    this.#timers.add(timer);
  }
}

function contextOf(serviceKey: string, changedType: ChangedType): Json {
  return { serviceKey, changedType };
}

function syncOf(
  syncType: string,
  groupKeyPattern: string,
  contexts: Json[],
  totalBatch: number,
  currentBatch: number,
): Json {
  return { syncType, groupKeyPattern, contexts, totalBatch, currentBatch };
}

function matcherOf(text: string): Pattern['fits'] {
  const [namespaceId = '', group = '', name = ''] = text.split('>>');
  const groups = wildcard(group);
  const names = wildcard(name);
  return (key) => key.namespaceId === namespaceId && groups.test(key.group) && names.test(key.name);
}

function wildcard(text: string): RegExp {
  const parts = text.split('*').map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`));
  return new RegExp(`^${parts.join('.*')}$`);
}
