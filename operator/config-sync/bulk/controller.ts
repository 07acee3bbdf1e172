/**
 * NacosConfigSyncs as one part of the operator: which changes make it look at which of them.
 *
 * Changes are gathered for a moment and remembered by name, so that a burst is one pass and a pass costs what changed.
 */
import { FINALIZER, SYNC_LABEL } from '../../api/names.ts';
import type { NacosConfigSync } from '../../api/resources.ts';
import { ambiguityVerdict } from '../../connections/ambiguous-namespace.ts';
import { notReady, type ConnectionDirectory, type ConnectionHandle } from '../../connections/connection-directory.ts';
import type { ConnectionKey } from '../../connections/connection-key.ts';
import { isBridgeError, isLostRace, type BridgeError } from '../../errors.ts';
import { hasFinalizer } from '../../kube/finalizer.ts';
import type { KubeObject } from '../../kube/resource.ts';
import type { Store, StoreChange } from '../../kube/store.ts';
import type { Logger } from '../../logger.ts';
import { errorOf } from '../../nacos/index.ts';
import { Controller, type Reconcile } from '../../runtime/controller.ts';
import { RateLimiter } from '../../runtime/rate-limiter.ts';
import { desiredChanged } from '../../runtime/predicates.ts';
import type { Runnable } from '../../runtime/runnable.ts';
import { laneIn, usersOf } from '../caches.ts';
import { connectionOf } from '../intent.ts';
import { namespaceIdOf } from './finder.ts';
import { isHeldBySuspend, type Ended } from './items/ending.ts';
import { compileMapping } from './mapping.ts';
import type { RunningSync, RunningSyncOptions } from './running-sync.ts';
import type { Progress, SyncFindings } from './status.ts';
import { SyncRollouts, type SyncRolloutsOptions } from './sync-rollouts.ts';
import { SyncReporter, type SyncReporterOptions } from './sync-reporter.ts';
import { Tally } from './tally.ts';

export interface BulkSyncOptions extends SyncReporterOptions, SyncRolloutsOptions {
  /** Sets a sync to work; `look` is told the id of each item that is to be settled by itself. */
  readonly run: (options: RunningSyncOptions, look: (id: string) => void) => RunningSync;
  /** Ends a sync that is being deleted (items/ending.ts). */
  readonly end: (sync: NacosConfigSync, tell: (progress: Progress) => void, signal: AbortSignal) => Promise<Ended>;
  /** Shards of inventories, as metadata. */
  readonly inventories: Store<KubeObject>;
  readonly connections: ConnectionDirectory;
}

/** Changes come in bursts. */
const GATHER_MS = 100;
/** Of one connection; most of them wait for Nacos or for a batch. */
const ITEMS_AT_ONCE = 100;
const LOSS_RECHECK_MS = 30_000;
/** What has not changed is looked at again after half to all of this time. */
const RESYNC_MS = 1_800_000;
/** What fails has mostly lost a race. */
const itemRetries = { initialMs: 50, retriesPerSecond: 100, burst: 1000 };

/** A sync at work: of this spec, on this connection. */
interface Entry {
  readonly running: RunningSync;
  readonly sync: NacosConfigSync;
  readonly connection: ConnectionHandle;
  /** All items were known once. */
  wasComplete: boolean;
}

/** What is remembered of a sync by its name, whatever its spec is. */
interface Memory {
  entry?: Entry | undefined;
  /** When items went, for the guards. */
  readonly goneMs: number[];
  /** Why there is no entry, or why its last pass did not end. */
  error?: BridgeError | undefined;
  /** While it is being deleted. */
  ending?: Progress;
}

export class BulkSync implements Runnable {
  readonly name = 'nacosconfigsync';
  readonly controllers: readonly Controller[];
  readonly #options: BulkSyncOptions;
  readonly #controller: Controller;
  readonly #items: Controller;
  readonly #reporter: SyncReporter;
  readonly #rollouts: SyncRollouts;
  readonly #memories = new Map<string, Memory>();
  #unsubscribe: (() => void)[] = [];

  constructor(options: BulkSyncOptions) {
    const { clock, log, runtimeMetrics: metrics, syncs } = options;
    this.#options = options;
    this.#reporter = new SyncReporter(options, (key) => this.#findings(key));
    this.#rollouts = new SyncRollouts(options, (key) => this.#reporter.changed(key));
    const reconcile: Reconcile = (key, { log, signal }) => this.#reconcile(key, log, signal);
    const lane = laneIn(syncs);
    const itemLane = (key: string) => lane(syncOfItem(key));
    const common = { log, clock, metrics };
    this.#controller = new Controller({ ...common, name: this.name, reconcile, concurrency: 4, lane });
    this.#items = new Controller({
      ...common,
      name: 'nacosconfigsync-item',
      reconcile: (key, context) => this.#settle(key, context.log),
      concurrency: ITEMS_AT_ONCE,
      lane: itemLane,
      rateLimiter: new RateLimiter({ ...itemRetries, clock, lane: itemLane }),
    });
    this.controllers = [this.#controller, this.#items, this.#reporter.controller, this.#rollouts.controller];
  }

  start(): void {
    const { connections, inventories, syncs } = this.#options;
    const look = (key: string) => this.#controller.enqueue(key, 'high');
    this.#unsubscribe = [
      syncs.onChange(({ key, previous, current }) => desiredChanged(previous, current) && look(key)),
      inventories.onChange((change) => this.#shardChanged(change)),
      connections.onChange((connection) => usersOf(syncs, connection).forEach(look)),
      connections.onReady((connection) => this.#connectionReady(connection)),
    ];
    for (const key of syncs.keys()) this.#controller.enqueue(key, 'low');
    this.#rollouts.start();
    for (const controller of this.controllers) controller.start();
  }

  async stop(hurry?: AbortSignal): Promise<void> {
    for (const unsubscribe of this.#unsubscribe) unsubscribe();
    this.#rollouts.stop();
    await Promise.all(this.controllers.map((controller) => controller.stop(hurry)));
    await Promise.all([...this.#memories.keys()].map((key) => this.#stop(key)));
  }

  /** All items, by their state. */
  counts(): Readonly<Record<string, number>> {
    const sums: Record<string, number> = { ...new Tally().counts };
    for (const { entry } of this.#memories.values()) {
      for (const [state, count] of Object.entries(entry?.running.tally.counts ?? {}))
        sums[state] = (sums[state] ?? 0) + count;
    }
    return sums;
  }

  async #reconcile(key: string, log: Logger, signal: AbortSignal): Promise<{ requeueAfterMs: number } | void> {
    const sync = this.#options.syncs.get(key);
    if (sync === undefined) return this.#forget(key);
    const isEnding = sync.metadata.deletionTimestamp !== undefined;
    const memory = this.#memoryOf(key);
    try {
      if (isEnding) return await this.#finish(key, sync, signal);
      const entry = await this.#entryOf(key, sync);
      const { nextMs = Infinity } = await entry.running.pass(sync, log, signal);
      entry.wasComplete ||= entry.running.isComplete;
      throwIfUnread(entry);
      memory.error = undefined;
      return { requeueAfterMs: Math.min(nextMs, RESYNC_MS * (1 - Math.random() / 2)) };
    } catch (error) {
      if (!isBridgeError(error) || isLostRace(error)) throw error;
      memory.error = error;
      if (isBridgeError(error, 'NOT_ALLOWED')) await this.#stop(key);
      // Its namespace may go later, and the connection with it.
      if (isEnding && isBridgeError(error, 'REFERENCE_MISSING')) return { requeueAfterMs: LOSS_RECHECK_MS };
      throw error;
    } finally {
      this.#reporter.changed(key);
    }
  }

  async #finish(key: string, sync: NacosConfigSync, signal: AbortSignal): Promise<void> {
    await this.#stop(key);
    if (!hasFinalizer(sync, FINALIZER)) return this.#forget(key);
    const tell = (progress: Progress): void => {
      this.#memoryOf(key).ending = progress;
      this.#reporter.changed(key);
    };
    tell({ done: 0, total: 0 });
    if (isHeldBySuspend(sync)) return;
    this.#reporter.ended(sync, await this.#options.end(sync, tell, signal));
    await this.#forget(key);
  }

  /** The entry of this spec on this connection; one of another is replaced. */
  async #entryOf(key: string, sync: NacosConfigSync): Promise<Entry> {
    const memory = this.#memoryOf(key);
    const connection = this.#options.connections.find(connectionOf(sync));
    connection.allowance.checkNacosNamespace(sync.metadata.namespace ?? '', namespaceIdOf(sync, connection));
    const { entry } = memory;
    const { uid, generation } = entry?.sync.metadata ?? {};
    const isSameSpec = uid === sync.metadata.uid && generation === sync.metadata.generation;
    if (entry?.connection === connection && isSameSpec) return entry;
    // One that writes down what it knows has done so before the next one reads it.
    if (sync.spec.source !== 'Nacos') await this.#stop(key);
    const running = this.#newRunning(key, sync, connection);
    // What both need goes on without a break: the watches of the old one end when the new one has its own.
    await this.#stop(key);
    memory.error = undefined;
    return (memory.entry = { running, sync, connection, wasComplete: false });
  }

  #newRunning(key: string, sync: NacosConfigSync, connection: ConnectionHandle): RunningSync {
    const { clock, run, syncs } = this.#options;
    const reporter = this.#reporter;
    const latest = () => syncs.get(key) ?? sync;
    const options: RunningSyncOptions = {
      sync,
      goneMs: this.#memoryOf(key).goneMs,
      mapping: compileMapping(sync.spec, sync.metadata.namespace ?? ''),
      connection,
      clock,
      onWork: () => this.#controller.queue.addAfter(key, GATHER_MS, 'high'),
      onWritten: (note) => reporter.written(latest(), note),
      onProblem: (object, outcome) => reporter.problem(latest(), object, outcome),
      onLeft: (note) => reporter.left(latest(), note),
    };
    return run(options, (id) => this.#items.enqueue(`${key} ${id}`, 'high'));
  }

  async #settle(key: string, log: Logger): Promise<{ requeueAfterMs: number } | void> {
    const sync = syncOfItem(key);
    const running = this.#runningOf(sync);
    try {
      return await running?.settle?.(key.slice(sync.length + 1), log);
    } finally {
      if (running) this.#reporter.changed(sync);
    }
  }

  #findings(key: string): SyncFindings | undefined {
    const { metadata, spec, status } = this.#options.syncs.get(key) ?? {};
    const { ending, entry, error = entry?.running.trouble } = this.#memories.get(key) ?? {};
    const { connection, running, wasComplete = false } = entry ?? {};
    const isNew = status?.observedGeneration !== metadata?.generation;
    // What the guard holds stays on its way, and must be told all the same.
    const isWorthTelling = running && (wasComplete || running.tally.hasWritten || running.held > 0 || isNew);
    if (isWorthTelling !== true && error === undefined && ending === undefined) return undefined;
    const ambiguous = connection && ambiguityVerdict(connection.client, spec?.namespaceId);
    return { running, isComplete: wasComplete, ambiguous, rolledOut: this.#rollouts.verdict(key), error, ending };
  }

  #shardChanged(change: StoreChange<KubeObject>): void {
    const { labels, namespace } = (change.current ?? change.previous)?.metadata ?? {};
    this.#runningOf(`${namespace}/${labels?.[SYNC_LABEL]}`)?.shardChanged?.(change);
  }

  #connectionReady(connection: ConnectionKey): void {
    const users = new Set(usersOf(this.#options.syncs, connection));
    this.#controller.queue.retryFailing((key) => users.has(key));
    this.#items.queue.retryFailing((key) => users.has(syncOfItem(key)));
  }

  #memoryOf(key: string): Memory {
    const memory = this.#memories.get(key) ?? { goneMs: [] };
    this.#memories.set(key, memory);
    return memory;
  }

  #runningOf(key: string): RunningSync | undefined {
    return this.#memories.get(key)?.entry?.running;
  }

  async #forget(key: string): Promise<void> {
    await this.#stop(key);
    this.#memories.delete(key);
    this.#reporter.changed(key);
  }

  async #stop(key: string): Promise<void> {
    const running = this.#runningOf(key);
    if (running) this.#memoryOf(key).entry = undefined;
    await running?.stop();
  }
}

/** Of the key of an item, which is that of its sync, a blank and its id. */
function syncOfItem(key: string): string {
  return key.slice(0, key.indexOf(' '));
}

/** @throws BridgeError why Nacos tells nothing, or nothing any more; not while the first look is under way. */
function throwIfUnread({ connection, running: { finder }, wasComplete }: Entry): void {
  if (finder === undefined) return;
  if (wasComplete && finder.lastError) throw finder.lastError;
  const cause = errorOf(connection.client.state) ?? finder.lastError;
  if (wasComplete || cause === undefined) return;
  throw notReady(connection, cause);
}
