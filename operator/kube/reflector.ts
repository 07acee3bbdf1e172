/**
 * Keeps a store equal to what the API server holds of one resource, in all namespaces, one, or several.
 *
 * Guarantees: once `hasSynced`, the store has held a complete list; every change since then reaches it in the order
 * of the server, or as the difference to a later list; nothing is removed because the server cannot be reached, refuses
 * or has forgotten a version. It goes on until `stop`, whatever the server does: refusals (401, 403, 404) are tried
 * again, since rights and types may arrive later, and stand in `lastError` meanwhile.
 * Assumptions: resourceVersions are opaque and compared for equality only; a list without a version is read at the
 * newest state; a watch sends everything after the version it starts from, in order.
 * Caveats: between two looks the changes of an object may melt into one; a view is as old as
 * `lastConfirmedMonotonicMs` says: a quiet watch is confirmed by bookmarks, about once a minute, and by its own end.
 */
import type { Clock } from '../clock.ts';
import { BridgeError } from '../errors.ts';
import type { Logger } from '../logger.ts';
import type { KubeClient } from './client.ts';
import { ListWatch } from './list-watch.ts';
import type { ListWatchTiming, WatchSeconds } from './list-watch.ts';
import type { KubeMetrics } from './metrics.ts';
import type { KubeObject, ResourceRef } from './resource.ts';
import { resourceName } from './resource.ts';
import { ResourceClient } from './resource-client.ts';
import type { Store } from './store.ts';
import { trim } from './trim.ts';

export interface ReflectorOptions<T extends KubeObject> {
  readonly client: KubeClient;
  readonly resource: ResourceRef;
  /** All namespaces when neither this nor `namespaces` is given. */
  readonly namespace?: string;
  /** One list and watch for each; an empty array means all namespaces. */
  readonly namespaces?: readonly string[];
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
  /** Objects consist of apiVersion, kind and metadata only. */
  readonly metadataOnly?: boolean;
  readonly store: Store<T>;
  /** What is kept of an object that has just come in, which it may change. @default trim.ts */
  readonly trim?: (object: T) => T;
  readonly log: Logger;
  readonly clock: Clock;
  readonly metrics: KubeMetrics;
  /** Called when a watch is open again after a failure: what failed for want of the API server can be tried again. */
  readonly onRecovered?: () => void;
  /** A number in [0, 1). @default Math.random */
  readonly random?: () => number;
  /** For how long a watch is asked for; the shorter, the more often is a quiet view confirmed. @default 290 to 590 */
  readonly watchSeconds?: WatchSeconds;
  /** @default 500 */
  readonly pageSize?: number;
  /** @default 800 ms to 30 s (10 s while nothing listens), reset after 120 s; idle 90 s with bookmarks, else 5 min */
  readonly timing?: Partial<ListWatchTiming>;
}

/** Bookmarks of several reflectors should not come in step, nor their reconnects. */
const DEFAULT_WATCH_SECONDS: WatchSeconds = { from: 290, to: 590 };

const defaultTiming: ListWatchTiming = {
  backoffInitialMs: 800,
  backoffMaxMs: 30_000,
  backoffUnreachableMaxMs: 10_000,
  backoffResetMs: 120_000,
  idleWithBookmarksMs: 90_000,
  idleMs: 300_000,
  usefulWatchMs: 1000,
};

/** A view of a resource, whatever its objects are: how old it is, and a way to have it anew. */
export type View = Pick<Reflector<KubeObject>, 'resource' | 'lastConfirmedMonotonicMs' | 'lastError' | 'refresh'>;

export class Reflector<T extends KubeObject> {
  /** As `kubectl` names it, for checks and logs. */
  readonly resource: string;
  readonly #parts: readonly ListWatch<T>[];
  readonly #stopping = new AbortController();
  readonly #synced = Promise.withResolvers<void>();
  #running: Promise<unknown> | undefined;

  constructor(options: ReflectorOptions<T>) {
    this.resource = resourceName(options.resource);
    const { namespace, namespaces = namespace === undefined ? [] : [namespace] } = options;
    const scopes = namespaces.length > 0 ? [...new Set(namespaces)] : [undefined];
    const resource = new ResourceClient<T>(options.client, options.resource);
    this.#parts = scopes.map((scope) => this.#part(options, resource, scope));
    // Nobody may be waiting; those who are get their own copy of the failure.
    this.#synced.promise.catch(() => {});
  }

  /** Begins; later calls do nothing. */
  start(): void {
    this.#running ??= Promise.all(this.#parts.map((part) => part.run(this.#stopping.signal)));
  }

  /** Ends the watch and resolves when nothing is under way any more. The store keeps what it has. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#synced.reject(
      new BridgeError('ABORTED', `the reflector of ${this.resource} was stopped before it was synced`),
    );
    await this.#running;
  }

  /** Lists anew. Resolves when the store holds the new list; rejects when it cannot be had just now. */
  async refresh(): Promise<void> {
    await Promise.all(this.#parts.map((part) => part.refresh()));
  }

  /** A complete list has reached the store, of each namespace. Never goes back to false. */
  get hasSynced(): boolean {
    return this.#parts.every((part) => part.hasSynced);
  }

  /** Resolves when `hasSynced`; rejects with ABORTED on `signal` or `stop`. */
  synced(signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const aborted = () => reject(new BridgeError('ABORTED', `waiting for ${this.resource} was given up`));
      if (signal?.aborted) return aborted();
      signal?.addEventListener('abort', aborted, { once: true });
      this.#synced.promise.then(resolve, reject).finally(() => signal?.removeEventListener('abort', aborted));
    });
  }

  /** Why the view is not current just now; undefined while every watch is open. */
  get lastError(): BridgeError | undefined {
    return this.#parts.find((part) => part.lastError !== undefined)?.lastError;
  }

  /**
   * On the monotonic clock: when the whole view was last known to be current, by a list, an event, a bookmark or a watch
   * that ended by its own timeout, in the namespace where that is longest ago. Undefined before the first list. What it
   * confirms is in the store.
   */
  get lastConfirmedMonotonicMs(): number | undefined {
    const times = this.#parts.map((part) => part.lastConfirmedMonotonicMs);
    return times.includes(undefined) ? undefined : Math.min(...times.map(Number));
  }

  #part(options: ReflectorOptions<T>, resource: ResourceClient<T>, namespace: string | undefined): ListWatch<T> {
    const { store, clock, metrics, labelSelector, fieldSelector, metadataOnly, pageSize = 500 } = options;
    return new ListWatch({
      resource,
      selection: { namespace, labelSelector, fieldSelector, metadataOnly },
      trim: options.trim ?? trim,
      sink: {
        listed: (objects) => this.#listed(store, objects, namespace),
        changed: (type, object) => store.applyEvent(type, object),
        recovered: () => options.onRecovered?.(),
      },
      pageSize,
      watchSeconds: options.watchSeconds ?? DEFAULT_WATCH_SECONDS,
      timing: { ...defaultTiming, ...options.timing },
      random: options.random ?? Math.random,
      clock,
      metrics,
      log: options.log.child({ resource: this.resource, namespace }),
    });
  }

  #listed(store: Store<T>, objects: readonly T[], namespace: string | undefined): void {
    try {
      store.replace(objects, namespace);
    } finally {
      if (this.hasSynced) this.#synced.resolve();
    }
  }
}
