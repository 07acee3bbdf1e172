/**
 * NacosConfigSyncs as one part of the operator: which changes make it look at which of them.
 *
 * Changes are gathered for a moment and remembered by name, so that a burst is one pass and a pass costs what changed.
 */
import { FINALIZER, SYNC_LABEL } from '../../api/names.ts';
import type { NacosConfigInventory, NacosConfigSync } from '../../api/resources.ts';
import { ambiguityVerdict } from '../../connections/ambiguous-namespace.ts';
import type { ConnectionDirectory, ConnectionHandle } from '../../connections/connection-directory.ts';
import { connectionKey, type ConnectionKey } from '../../connections/connection-key.ts';
import { BridgeError, isBridgeError, isLostRace } from '../../errors.ts';
import { hasFinalizer } from '../../kube/finalizer.ts';
import type { ResourceClient } from '../../kube/resource-client.ts';
import { objectKey, parseKey, type KubeObject } from '../../kube/resource.ts';
import { Store, type StoreChange } from '../../kube/store.ts';
import { errorOf } from '../../nacos/index.ts';
import { Controller, type ReconcileContext } from '../../runtime/controller.ts';
import { RateLimiter } from '../../runtime/rate-limiter.ts';
import { desiredChanged } from '../../runtime/predicates.ts';
import type { Term } from '../../runtime/term.ts';
import type { Runnable } from '../../runtime/runnable.ts';
import type { MirrorKind } from '../mirror/mirror-target.ts';
import type { NacosPlaces } from '../base/nacos-places.ts';
import { ownershipMark, syncMarkName } from '../remote.ts';
import { namespaceIdOf } from './finder.ts';
import { ShardClient } from './inventory/shard-client.ts';
import { endSync, isHeldBySuspend } from './items/ending.ts';
import type { ShardRemoval } from './items/remove-shard.ts';
import { InboundSync } from './inbound.ts';
import { compileMapping } from './mapping.ts';
import type { ObjectAccess, RunningSync, RunningSyncOptions } from './running-sync.ts';
import { MAX_PROBLEMS, type Progress, type SyncFindings } from './status.ts';
import { SyncReporter, type SyncReporterOptions } from './sync-reporter.ts';
import { Tally, type Outcome } from './tally.ts';

export interface BulkSyncOptions extends Omit<SyncReporterOptions, 'findings'> {
  readonly objects: ObjectAccess;
  /** A sync whose items are remembered in an inventory; `look` is told the id of each item that is to be settled. */
  readonly outbound: (options: RunningSyncOptions, look: (id: string) => void) => RunningSync;
  /** Shards of inventories, as metadata. */
  readonly inventories: Store<KubeObject>;
  readonly shards: ResourceClient<NacosConfigInventory>;
  readonly clusterId: () => string;
  readonly places: NacosPlaces;
  readonly isClaimed: ShardRemoval['isClaimed'];
  /** Why the connection of a sync can never be used again (lost-connection.ts). */
  readonly lossOf: (sync: NacosConfigSync) => Promise<string | undefined>;
  readonly term: Term;
  /** Objects as metadata. */
  readonly metadata: Readonly<Record<MirrorKind, Store<KubeObject>>>;
  readonly connections: ConnectionDirectory;
  /** Says for a user, by key, whether it needs the metadata of Secrets. */
  readonly requireSecrets: (user: string, isNeeded: boolean) => void;
  /** The time after which a NacosConfigSync is looked at although nothing happened; halved at random. @default 1_800_000 */
  readonly resyncMs?: number;
  /** @default Math.random */
  readonly random?: () => number;
}

const NAMESPACE_INDEX = 'namespace';
const CONNECTION_INDEX = 'connection';
/** Changes come in bursts. */
const GATHER_MS = 100;
/** Of one connection; most of them wait for Nacos or for a batch. */
const ITEMS_AT_ONCE = 100;
const LOSS_RECHECK_MS = 30_000;
/** What fails has mostly lost a race. */
const itemRetries = { initialMs: 50, retriesPerSecond: 100, burst: 1000 };

/** The NacosConfigSyncs, found by their namespace and by the connection that they name. */
export function newSyncStore(): Store<NacosConfigSync> {
  return new Store<NacosConfigSync>({
    indexes: {
      [NAMESPACE_INDEX]: ({ metadata }) => [metadata.namespace ?? ''],
      [CONNECTION_INDEX]: (sync) => [connectionOfSync(sync)],
    },
  });
}

export function connectionOfSync({ spec, metadata }: NacosConfigSync): ConnectionKey {
  return connectionKey(metadata.namespace, spec.connectionRef?.name);
}

/** Its connection: a Nacos that is slow must hold up no other. */
function laneOf(sync: NacosConfigSync | undefined): string {
  return sync === undefined ? '' : connectionOfSync(sync);
}

/** How many NacosConfigSyncs use a connection. */
export function syncsUsing(syncs: Store<NacosConfigSync>, connection: ConnectionKey): number {
  return syncs.byIndex(CONNECTION_INDEX, connection).length;
}

interface Entry {
  readonly running: RunningSync;
  readonly uid: string | undefined;
  readonly generation: number | undefined;
  readonly connection: ConnectionHandle;
  /** All items were known once. */
  wasComplete: boolean;
}

export class BulkSync implements Runnable {
  readonly name = 'nacosconfigsync';
  readonly controllers: readonly Controller[];
  readonly #options: BulkSyncOptions;
  readonly #controller: Controller;
  readonly #items: Controller;
  readonly #reporter: SyncReporter;
  readonly #entries = new Map<string, Entry>();
  /** When items went, for the guards. */
  readonly #goneMs = new Map<string, number[]>();
  /** Why there is no entry, or why its last pass did not end. */
  readonly #errors = new Map<string, BridgeError>();
  /** Until this process ends, or they are gone. */
  readonly #mayHaveLeftSecrets = new Set<string>();
  /** Of those that are being deleted. */
  readonly #progress = new Map<string, Progress>();
  #unsubscribe: (() => void)[] = [];

  constructor(options: BulkSyncOptions) {
    const { clock, log, runtimeMetrics: metrics } = options;
    this.#options = options;
    this.#reporter = new SyncReporter({ ...options, findings: (key) => this.#findings(key) });
    const reconcile = (key: string, context: ReconcileContext) => this.#reconcile(key, context);
    const lane = (key: string) => laneOf(options.syncs.get(key));
    this.#controller = new Controller({ name: this.name, reconcile, concurrency: 4, lane, log, clock, metrics });
    const itemLane = (key: string) => lane(syncOfItem(key));
    this.#items = new Controller({
      name: 'nacosconfigsync-item',
      reconcile: (key, context) => this.#settle(key, context),
      concurrency: ITEMS_AT_ONCE,
      lane: itemLane,
      rateLimiter: new RateLimiter({ ...itemRetries, clock, lane: itemLane }),
      log,
      clock,
      metrics,
    });
    this.controllers = [this.#controller, this.#items, this.#reporter.controller];
  }

  start(): void {
    const { connections, inventories, metadata, syncs } = this.#options;
    this.#unsubscribe = [
      syncs.onChange((change) => this.#syncChanged(change)),
      inventories.onChange((change) => this.#shardChanged(change)),
      metadata.ConfigMap.onChange((change) => this.#objectChanged('ConfigMap', change)),
      metadata.Secret.onChange((change) => this.#objectChanged('Secret', change)),
      connections.onChange((connection) => this.#connectionChanged(connection)),
      connections.onReady((connection) => this.#connectionReady(connection)),
    ];
    for (const sync of syncs.list()) {
      this.#requireSecrets(objectKey(sync), sync);
      this.#controller.enqueue(objectKey(sync), 'low');
    }
    for (const controller of this.controllers) controller.start();
  }

  async stop(hurry?: AbortSignal): Promise<void> {
    for (const unsubscribe of this.#unsubscribe) unsubscribe();
    await Promise.all(this.controllers.map((controller) => controller.stop(hurry)));
    await Promise.all([...this.#entries.keys()].map((key) => this.#end(key)));
  }

  /** All items, by their state. */
  counts(): Readonly<Record<string, number>> {
    const sums: Record<string, number> = { ...new Tally().counts };
    for (const { running } of this.#entries.values()) {
      for (const [state, count] of Object.entries(running.tally.counts)) sums[state] = (sums[state] ?? 0) + count;
    }
    return sums;
  }

  async #reconcile(key: string, context: ReconcileContext): Promise<{ requeueAfterMs: number } | void> {
    const sync = this.#options.syncs.get(key);
    if (sync === undefined) return this.#forget(key);
    try {
      if (sync.metadata.deletionTimestamp !== undefined) return await this.#finish(key, sync, context.signal);
      const entry = await this.#entryOf(key, sync);
      const { nextMs = Infinity } = await entry.running.pass(sync, context.log, context.signal);
      entry.wasComplete ||= entry.running.isComplete;
      throwIfUnread(entry);
      this.#errors.delete(key);
      this.#reporter.changed(key);
      return { requeueAfterMs: Math.min(nextMs, this.#resyncMs()) };
    } catch (error) {
      if (!isBridgeError(error) || isLostRace(error)) throw error;
      this.#errors.set(key, error);
      this.#reporter.changed(key);
      // Its namespace may go later, and the connection with it.
      const mayBeLost = sync.metadata.deletionTimestamp !== undefined && isBridgeError(error, 'REFERENCE_MISSING');
      if (mayBeLost) return { requeueAfterMs: LOSS_RECHECK_MS };
      throw error;
    }
  }

  async #finish(key: string, sync: NacosConfigSync, signal: AbortSignal): Promise<void> {
    await this.#end(key);
    if (!hasFinalizer(sync, FINALIZER)) return this.#forget(key);
    this.#progress.set(key, { done: 0, total: 0 });
    if (isHeldBySuspend(sync)) return this.#reporter.changed(key);
    const { clusterId, connections, isClaimed, lossOf, places, shards, syncClient, term } = this.#options;
    const { name, namespace = '' } = sync.metadata;
    const ended = await endSync(
      {
        sync,
        syncs: syncClient,
        shards: new ShardClient(shards, sync, true),
        namespace,
        connections,
        places,
        isClaimed,
        // A client that we have still is waited for, whatever is lost: Nacos may come back.
        loss: async () => (connections.findUsable(connectionOfSync(sync)) ? undefined : lossOf(sync)),
        mark: ownershipMark(clusterId(), namespace, syncMarkName(name)),
        term,
        onProgress: (done, total) => {
          this.#progress.set(key, { done, total });
          this.#reporter.changed(key);
        },
      },
      signal,
    );
    this.#reporter.ended(sync, ended);
    await this.#forget(key);
  }

  /** The entry of this spec on this connection; one of another is replaced. */
  async #entryOf(key: string, sync: NacosConfigSync): Promise<Entry> {
    const { uid, generation } = sync.metadata;
    const connection = await this.#connectionOf(key, sync);
    const before = this.#entries.get(key);
    const isSame = before?.uid === uid && before?.generation === generation;
    if (before && isSame && isSameConnection(before.connection, connection)) return before;
    // One that writes down what it knows has done so before the next one reads it.
    if (sync.spec.source !== 'Nacos') await this.#end(key);
    const running = this.#newRunning(key, sync, connection);
    // What both need goes on without a break: the watches of the old one end when the new one has its own.
    await this.#end(key);
    const entry = { running, uid, generation, connection, wasComplete: false };
    this.#entries.set(key, entry);
    this.#errors.delete(key);
    return entry;
  }

  /** @throws BridgeError NOT_ALLOWED, and asks nothing of Nacos any more. */
  async #connectionOf(key: string, sync: NacosConfigSync): Promise<ConnectionHandle> {
    const connection = this.#options.connections.find(connectionOfSync(sync));
    try {
      const { namespace = '' } = sync.metadata;
      connection.allowance.checkNacosNamespace(namespace, namespaceIdOf(sync, connection));
    } catch (error) {
      await this.#end(key);
      throw error;
    }
    return connection;
  }

  #newRunning(key: string, sync: NacosConfigSync, connection: ConnectionHandle): RunningSync {
    const { clock, objects, outbound } = this.#options;
    const goneMs = this.#goneMs.get(key) ?? [];
    this.#goneMs.set(key, goneMs);
    const options = {
      sync,
      goneMs,
      mapping: compileMapping(sync.spec, sync.metadata.namespace ?? ''),
      connection,
      clock,
      onWork: () => this.#controller.queue.addAfter(key, GATHER_MS, 'high'),
      onWritten: (note: string) => this.#reporter.event(this.#options.syncs.get(key) ?? sync, note),
      onProblem: (object: KubeObject, outcome: Outcome) =>
        this.#reporter.problem(this.#options.syncs.get(key) ?? sync, object, outcome),
      onLeft: (note: string) => this.#reporter.left(this.#options.syncs.get(key) ?? sync, note),
    };
    if (sync.spec.source === 'Nacos') return new InboundSync({ ...options, objects });
    return outbound(options, (id) => this.#items.enqueue(`${key} ${id}`, 'high'));
  }

  async #settle(key: string, { log }: ReconcileContext): Promise<{ requeueAfterMs: number } | void> {
    const sync = syncOfItem(key);
    const running = this.#entries.get(sync)?.running;
    try {
      return await running?.settle?.(key.slice(sync.length + 1), log);
    } finally {
      if (running) this.#reporter.changed(sync);
    }
  }

  #findings(key: string): SyncFindings | undefined {
    const { metadata, spec, status } = this.#options.syncs.get(key) ?? {};
    const { connection, running, wasComplete = false } = this.#entries.get(key) ?? {};
    const error = this.#errors.get(key) ?? running?.trouble;
    const ending = this.#progress.get(key);
    const isNew = status?.observedGeneration !== metadata?.generation;
    const { finder, held = 0, place, tally = new Tally() } = running ?? {};
    const isInTrouble = error !== undefined || ending !== undefined;
    // What is held is told also where nothing is written any more, and the first look at a new spec came too early.
    const isWorthTelling = isInTrouble || wasComplete || tally.hasWritten || held > 0 || isNew;
    if (!isWorthTelling || (running === undefined && !isInTrouble)) return undefined;
    const { counts, digest, total } = tally;
    const problems = tally.worst(MAX_PROBLEMS);
    const ambiguous = connection && ambiguityVerdict(connection.client, spec?.namespaceId);
    const found = { discovery: finder?.mode, held, place, isComplete: wasComplete, ambiguous, error, ending };
    return { total, counts, problems, digest, ...found };
  }

  #syncChanged({ key, previous, current }: StoreChange<NacosConfigSync>): void {
    this.#requireSecrets(key, current);
    if (desiredChanged(previous, current)) this.#controller.enqueue(key, 'high');
  }

  #shardChanged(change: StoreChange<KubeObject>): void {
    const { labels, namespace } = (change.current ?? change.previous)?.metadata ?? {};
    this.#entries.get(`${namespace}/${labels?.[SYNC_LABEL]}`)?.running.shardChanged?.(change);
  }

  #objectChanged(kind: MirrorKind, change: StoreChange<KubeObject>): void {
    const { namespace = '', name } = parseKey(change.key);
    for (const sync of this.#options.syncs.byIndex(NAMESPACE_INDEX, namespace)) {
      this.#entries.get(objectKey(sync))?.running.objectChanged?.(kind, name, change);
    }
  }

  #connectionChanged(connection: ConnectionKey): void {
    const users = this.#options.syncs.byIndex(CONNECTION_INDEX, connection);
    for (const sync of users) this.#controller.enqueue(objectKey(sync), 'high');
  }

  #connectionReady(connection: ConnectionKey): void {
    const users = new Set(this.#options.syncs.byIndex(CONNECTION_INDEX, connection).map(objectKey));
    this.#controller.queue.retryFailing((key) => users.has(key));
    this.#items.queue.retryFailing((key) => users.has(syncOfItem(key)));
  }

  #requireSecrets(key: string, sync: NacosConfigSync | undefined): void {
    const { metadata, spec, status } = sync ?? {};
    // Its objects may have been Secrets by a former spec, which only the watch finds.
    const hasFormer = status?.observedGeneration !== undefined && status.observedGeneration !== metadata?.generation;
    if (spec?.source === 'Nacos' && hasFormer) this.#mayHaveLeftSecrets.add(key);
    if (sync === undefined) this.#mayHaveLeftSecrets.delete(key);
    const isNeeded = spec?.kubernetes?.kinds.includes('Secret') === true || this.#mayHaveLeftSecrets.has(key);
    this.#options.requireSecrets(`NacosConfigSync ${key}`, isNeeded);
  }

  async #forget(key: string): Promise<void> {
    await this.#end(key);
    this.#goneMs.delete(key);
    this.#errors.delete(key);
    this.#progress.delete(key);
    this.#reporter.changed(key);
  }

  async #end(key: string): Promise<void> {
    const entry = this.#entries.get(key);
    this.#entries.delete(key);
    await entry?.running.stop();
  }

  #resyncMs(): number {
    const { random = Math.random, resyncMs = 1_800_000 } = this.#options;
    return resyncMs * (1 - random() / 2);
  }
}

/** Of the key of an item, which is that of its sync, a blank and its id. */
function syncOfItem(key: string): string {
  return key.slice(0, key.indexOf(' '));
}

function isSameConnection(one: ConnectionHandle, other: ConnectionHandle): boolean {
  const isSamePlace = one.client === other.client && one.namespaceId === other.namespaceId;
  return isSamePlace && one.allowance.id === other.allowance.id;
}

/** @throws BridgeError why Nacos tells nothing, or nothing any more; not while the first look is under way. */
function throwIfUnread({ connection, running: { finder }, wasComplete }: Entry): void {
  if (finder === undefined) return;
  if (wasComplete && finder.lastError) throw finder.lastError;
  const cause = errorOf(connection.client.state) ?? finder.lastError;
  if (wasComplete || cause === undefined) return;
  const words = `${connection.title} is not ready: ${cause.message}`;
  throw new BridgeError('CONNECTION_NOT_READY', words, { cause });
}
