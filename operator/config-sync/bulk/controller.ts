/**
 * NacosConfigSyncs as one part of the operator: which changes make it look at which of them.
 *
 * Changes are gathered for a moment and remembered by name, so that a burst is one pass and a pass costs what changed.
 */
import { SYNC_LABEL } from '../../api/names.ts';
import type { NacosConfig, NacosConfigSync } from '../../api/resources.ts';
import { ambiguityVerdict } from '../../connections/ambiguous-namespace.ts';
import type { ConnectionDirectory, ConnectionHandle } from '../../connections/connection-directory.ts';
import { connectionKey, type ConnectionKey } from '../../connections/connection-key.ts';
import { BridgeError, isBridgeError, isLostRace } from '../../errors.ts';
import { isControlledBy } from '../../kube/owner.ts';
import { objectKey, parseKey, type KubeObject } from '../../kube/resource.ts';
import { Store, type StoreChange } from '../../kube/store.ts';
import { errorOf } from '../../nacos/index.ts';
import { Controller, type ReconcileContext } from '../../runtime/controller.ts';
import { desiredChanged } from '../../runtime/predicates.ts';
import type { Runnable } from '../../runtime/runnable.ts';
import type { MirrorKind } from '../mirror/mirror-target.ts';
import { OutboundSync } from './children/outbound.ts';
import { namespaceIdOf } from './finder.ts';
import { InboundSync } from './inbound.ts';
import { compileMapping } from './mapping.ts';
import type { RunningSync, SyncWorld } from './running-sync.ts';
import { MAX_PROBLEMS, type SyncFindings } from './status.ts';
import { SyncReporter, type SyncReporterOptions } from './sync-reporter.ts';
import { Tally } from './tally.ts';

export interface BulkSyncOptions extends Omit<SyncReporterOptions, 'findings'> {
  readonly world: SyncWorld;
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
  readonly connection: ConnectionHandle | undefined;
  /** All items were known once. */
  wasComplete: boolean;
}

export class BulkSync implements Runnable {
  readonly name = 'nacosconfigsync';
  readonly controllers: readonly Controller[];
  readonly #options: BulkSyncOptions;
  readonly #controller: Controller;
  readonly #reporter: SyncReporter;
  readonly #entries = new Map<string, Entry>();
  /** When items went, for the guards. */
  readonly #goneMs = new Map<string, number[]>();
  /** Why there is no entry, or why its last pass did not end. */
  readonly #errors = new Map<string, BridgeError>();
  /** Until this process ends, or they are gone. */
  readonly #mayHaveLeftSecrets = new Set<string>();
  #unsubscribe: (() => void)[] = [];

  constructor(options: BulkSyncOptions) {
    const { clock, log, runtimeMetrics: metrics } = options;
    this.#options = options;
    this.#reporter = new SyncReporter({ ...options, findings: (key) => this.#findings(key) });
    const reconcile = (key: string, context: ReconcileContext) => this.#reconcile(key, context);
    const lane = (key: string) => laneOf(options.syncs.get(key));
    this.#controller = new Controller({ name: this.name, reconcile, concurrency: 4, lane, log, clock, metrics });
    this.controllers = [this.#controller, this.#reporter.controller];
  }

  start(): void {
    const { connections, metadata, syncs, world } = this.#options;
    this.#unsubscribe = [
      syncs.onChange((change) => this.#syncChanged(change)),
      world.configs.onChange((change) => this.#configChanged(change)),
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
    for (const key of this.#entries.keys()) this.#end(key);
  }

  async #reconcile(key: string, { log, signal }: ReconcileContext): Promise<{ requeueAfterMs: number } | void> {
    const sync = this.#options.syncs.get(key);
    if (sync === undefined || sync.metadata.deletionTimestamp !== undefined) return this.#forget(key);
    try {
      const entry = this.#entryOf(key, sync);
      const { nextMs = Infinity } = await entry.running.pass(sync, log, signal);
      entry.wasComplete ||= entry.running.isComplete;
      throwIfUnread(entry);
      this.#errors.delete(key);
      this.#reporter.changed(key);
      return { requeueAfterMs: Math.min(nextMs, this.#resyncMs()) };
    } catch (error) {
      if (!isBridgeError(error) || isLostRace(error)) throw error;
      this.#errors.set(key, error);
      this.#reporter.changed(key);
      throw error;
    }
  }

  /** The entry of this spec on this connection; one of another is replaced. */
  #entryOf(key: string, sync: NacosConfigSync): Entry {
    const { uid, generation } = sync.metadata;
    const needsConnection = sync.spec.source !== 'Kubernetes';
    const connection = needsConnection ? this.#connectionOf(key, sync) : undefined;
    const before = this.#entries.get(key);
    const isSame = before?.uid === uid && before?.generation === generation;
    if (before && isSame && isSameConnection(before.connection, connection)) return before;
    const running = this.#newRunning(key, sync, connection);
    // What both need goes on without a break: the watches of the old one end when the new one has its own.
    this.#end(key);
    const entry = { running, uid, generation, connection, wasComplete: false };
    this.#entries.set(key, entry);
    this.#errors.delete(key);
    return entry;
  }

  /** @throws BridgeError NOT_ALLOWED, and asks nothing of Nacos any more. */
  #connectionOf(key: string, sync: NacosConfigSync): ConnectionHandle {
    const connection = this.#options.connections.find(connectionOfSync(sync));
    try {
      const { namespace = '' } = sync.metadata;
      connection.allowance.checkNacosNamespace(namespace, namespaceIdOf(sync, connection));
    } catch (error) {
      this.#end(key);
      throw error;
    }
    return connection;
  }

  #newRunning(key: string, sync: NacosConfigSync, connection: ConnectionHandle | undefined): RunningSync {
    const { world } = this.#options;
    const { namespace = '', uid = '' } = sync.metadata;
    const goneMs = this.#goneMs.get(key) ?? [];
    this.#goneMs.set(key, goneMs);
    const options = {
      sync,
      goneMs,
      mapping: compileMapping(sync.spec, namespace),
      connection,
      world,
      children: world.configs.list().filter((config) => isControlledBy(config, uid)),
      onWork: () => this.#controller.queue.addAfter(key, GATHER_MS, 'high'),
      onWritten: (note: string) => this.#reporter.event(this.#options.syncs.get(key) ?? sync, note),
    };
    return sync.spec.source === 'Nacos' && connection
      ? new InboundSync({ ...options, connection })
      : new OutboundSync(options);
  }

  #findings(key: string): SyncFindings | undefined {
    const { metadata, spec, status } = this.#options.syncs.get(key) ?? {};
    const { connection, running, wasComplete = false } = this.#entries.get(key) ?? {};
    const error = this.#errors.get(key);
    const isNew = status?.observedGeneration !== metadata?.generation;
    const isWorthTelling = error !== undefined || wasComplete || running?.hasWritten || isNew;
    if (!isWorthTelling || (running === undefined && error === undefined)) return undefined;
    const { finder, held = 0, place, tally = new Tally() } = running ?? {};
    const { counts, digest, total } = tally;
    const problems = tally.worst(MAX_PROBLEMS);
    const ambiguous = connection && ambiguityVerdict(connection.client, spec?.namespaceId);
    const found = { discovery: finder?.mode, held, place, isComplete: wasComplete, ambiguous, error };
    return { total, counts, problems, digest, ...found };
  }

  #syncChanged({ key, previous, current }: StoreChange<NacosConfigSync>): void {
    this.#requireSecrets(key, current);
    if (desiredChanged(previous, current)) this.#controller.enqueue(key, 'high');
  }

  #configChanged({ previous, current }: StoreChange<NacosConfig>): void {
    const { labels, namespace } = (current ?? previous)?.metadata ?? {};
    const names = new Set([labels?.[SYNC_LABEL], previous?.metadata.labels?.[SYNC_LABEL]]);
    for (const name of names) {
      const key = `${namespace}/${name}`;
      const entry = name === undefined ? undefined : this.#entries.get(key);
      if (entry?.running.childChanged?.(previous, current)) this.#controller.queue.addAfter(key, GATHER_MS, 'high');
      if (entry) this.#reporter.changed(key);
    }
  }

  #objectChanged(kind: MirrorKind, change: StoreChange<KubeObject>): void {
    const { namespace = '', name } = parseKey(change.key);
    for (const sync of this.#options.syncs.byIndex(NAMESPACE_INDEX, namespace)) {
      this.#entries.get(objectKey(sync))?.running.objectChanged(kind, name, change);
    }
  }

  #connectionChanged(connection: ConnectionKey): void {
    const users = this.#options.syncs.byIndex(CONNECTION_INDEX, connection);
    for (const sync of users) if (sync.spec.source !== 'Kubernetes') this.#controller.enqueue(objectKey(sync), 'high');
  }

  #connectionReady(connection: ConnectionKey): void {
    const users = new Set(this.#options.syncs.byIndex(CONNECTION_INDEX, connection).map(objectKey));
    this.#controller.queue.retryFailing((key) => users.has(key));
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

  #forget(key: string): void {
    this.#end(key);
    this.#goneMs.delete(key);
    this.#errors.delete(key);
    this.#reporter.changed(key);
  }

  #end(key: string): void {
    this.#entries.get(key)?.running.stop();
    this.#entries.delete(key);
  }

  #resyncMs(): number {
    const { random = Math.random, resyncMs = 1_800_000 } = this.#options;
    return resyncMs * (1 - random() / 2);
  }
}

function isSameConnection(one: ConnectionHandle | undefined, other: ConnectionHandle | undefined): boolean {
  const isSamePlace = one?.client === other?.client && one?.namespaceId === other?.namespaceId;
  return isSamePlace && one?.allowance.id === other?.allowance.id;
}

/** @throws BridgeError why Nacos tells nothing, or nothing any more; not while the first look is under way. */
function throwIfUnread({ connection, running: { finder }, wasComplete }: Entry): void {
  if (connection === undefined || finder === undefined) return;
  if (wasComplete && finder.lastError) throw finder.lastError;
  const cause = errorOf(connection.client.state) ?? finder.lastError;
  if (wasComplete || cause === undefined) return;
  const words = `${connection.title} is not ready: ${cause.message}`;
  throw new BridgeError('CONNECTION_NOT_READY', words, { cause });
}
