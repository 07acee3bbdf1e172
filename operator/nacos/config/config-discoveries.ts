/**
 * The patterns that are discovered over one client, each once however many listeners it has.
 *
 * Guarantees: a listener first hears all that is known, then every change, each once and in order; it is not called from
 * within `discover`, nor after `stop`; one that fails hurts nobody. What was found outlives a lost connection.
 */
import { errorFields } from '../../logger.ts';
import type { Surroundings } from '../surroundings.ts';
import type { ConfigListing } from './config-listing.ts';
import { type ConfigName, type ConfigPattern, patternText } from './config-pattern.ts';
import { type FuzzyWatchApi, parseFuzzyPush } from './fuzzy-watch-api.ts';
import { callListener } from '../listeners.ts';
import type { Push } from '../transport/connection.ts';
import type { DiscoveryChange, DiscoveryState } from './discovery-state.ts';
import { PatternDiscovery } from './pattern-discovery.ts';
import { RequestLimiter } from '../transport/request-limiter.ts';

export interface ConfigDiscovery {
  readonly state: DiscoveryState;
  /** What exists by now, in no order. */
  names(): Iterable<ConfigName>;
  /** Idempotent. */
  stop(): void;
}

export type DiscoveryListener = (change: DiscoveryChange) => void;

interface ConfigDiscoveriesOptions extends Surroundings {
  readonly api: FuzzyWatchApi;
  readonly list: (pattern: ConfigPattern, signal: AbortSignal) => Promise<ConfigListing>;
}

interface Entry {
  readonly pattern: string;
  readonly discovery: PatternDiscovery;
  /** And whether it has heard what is known. */
  readonly listeners: Map<DiscoveryListener, { isPrimed: boolean }>;
}

export class ConfigDiscoveries {
  readonly #options: ConfigDiscoveriesOptions;
  readonly #entries = new Map<string, Entry>();
  /** Watched again before the server has heard of its end, a pattern would end after its beginning. */
  readonly #leaving = new Map<string, Promise<void>>();
  readonly #listingLimiter = new RequestLimiter(1);
  #isConnected = false;

  constructor(options: ConfigDiscoveriesOptions) {
    this.#options = options;
  }

  discover(pattern: ConfigPattern, listener: DiscoveryListener): ConfigDiscovery {
    const entry = this.#entries.get(patternText(pattern)) ?? this.#add(pattern);
    // Each discovery has an entry of its own, also when a listener is used twice.
    const own: DiscoveryListener = (change) => listener(change);
    entry.listeners.set(own, { isPrimed: false });
    if (entry.discovery.state.mode) queueMicrotask(() => this.#prime(entry, own));
    return {
      get state() {
        return entry.discovery.state;
      },
      names: () => entry.discovery.names(),
      stop: () => this.#remove(entry, own),
    };
  }

  pushed(push: Push): void {
    if (this.#entries.size === 0) return;
    const fuzzyPush = parseFuzzyPush(push);
    if (fuzzyPush) for (const { discovery } of this.#entries.values()) discovery.pushed(fuzzyPush);
  }

  connected(): void {
    this.#isConnected = true;
    this.#leaving.clear();
    for (const { discovery } of this.#entries.values()) discovery.connected();
  }

  disconnected(): void {
    this.#isConnected = false;
    for (const { discovery } of this.#entries.values()) discovery.disconnected();
  }

  retry(): void {
    for (const { discovery } of this.#entries.values()) discovery.retry();
  }

  stop(): void {
    for (const { listeners } of this.#entries.values()) listeners.clear();
    this.disconnected();
    this.#entries.clear();
  }

  #add(pattern: ConfigPattern): Entry {
    const text = patternText(pattern);
    const listeners: Entry['listeners'] = new Map();
    const onChange = (change: DiscoveryChange): void => this.#deliver(entry, change);
    const listingLimiter = this.#listingLimiter;
    const discovery = new PatternDiscovery(pattern, { ...this.#options, listingLimiter, onChange });
    const entry: Entry = { pattern: text, discovery, listeners };
    this.#entries.set(text, entry);
    const left = this.#leaving.get(text);
    const begin = (): void => {
      if (this.#isConnected && this.#entries.get(text) === entry) discovery.connected();
    };
    if (left) void left.then(begin);
    else begin();
    return entry;
  }

  #remove(entry: Entry, own: DiscoveryListener): void {
    entry.listeners.delete(own);
    const { discovery, listeners, pattern } = entry;
    if (listeners.size > 0 || this.#entries.get(pattern) !== entry) return;
    this.#entries.delete(pattern);
    const left = discovery.leave().finally(() => {
      if (this.#leaving.get(pattern) === left) this.#leaving.delete(pattern);
    });
    this.#leaving.set(pattern, left);
  }

  #deliver(entry: Entry, change: DiscoveryChange): void {
    // A listener may start or stop others.
    for (const [listener, known] of Array.from(entry.listeners)) {
      if (!entry.listeners.has(listener)) continue;
      if (known.isPrimed) this.#call(entry, listener, change);
      else this.#prime(entry, listener);
    }
  }

  #prime(entry: Entry, listener: DiscoveryListener): void {
    const known = entry.listeners.get(listener);
    if (!known || known.isPrimed) return;
    known.isPrimed = true;
    const { discovery } = entry;
    this.#call(entry, listener, { added: [...discovery.names()], removed: [], state: discovery.state });
  }

  #call({ pattern }: Entry, listener: DiscoveryListener, change: DiscoveryChange): void {
    const failed = (error: unknown): void =>
      this.#options.log.error('a listener of discovered configs failed', { pattern, ...errorFields(error) });
    callListener(() => listener(change), failed);
  }
}
