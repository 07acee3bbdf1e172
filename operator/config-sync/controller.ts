/**
 * The config-sync feature as one part of the operator: which changes make it look at which NacosConfig.
 *
 * Events only say "look": a change of the resource itself, of a ConfigMap that it reads or writes, of its dataId in
 * Nacos, or of its connection.
 */
import type { NacosConfig } from '../api/resources.ts';
import type { Clock } from '../clock.ts';
import type { ConnectionDirectory } from '../connections/connection-directory.ts';
import type { ConnectionKey } from '../connections/connection-key.ts';
import type { EventRecorder } from '../kube/events.ts';
import type { ResourceClient } from '../kube/resource-client.ts';
import type { KubeObject } from '../kube/resource.ts';
import { Store, type StoreChange } from '../kube/store.ts';
import type { Logger } from '../log.ts';
import { Controller } from '../runtime/controller.ts';
import type { Runnable } from '../runtime/runnable.ts';
import type { RuntimeMetrics } from '../runtime/metrics.ts';
import { annotationsChanged, deletionStarted, generationChanged, or } from '../runtime/predicates.ts';
import type { Priority } from '../runtime/work-queue.ts';
import { configMapsOf, connectionOf, deletesFromNacos } from './intent.ts';
import type { ConfigMetrics } from './metrics.ts';
import type { ConfigMap } from './mirror.ts';
import { ConfigReconciler, CONTROLLER_INDEX } from './reconcile.ts';
import { ConfigReporter } from './reporter.ts';
import { ConfigSessions } from './session.ts';

export interface ConfigSyncOptions {
  /** Asked for when it is needed, since it may have to be read from the API server first. */
  clusterId: () => string;
  concurrency: number;
  /** The time after which a config is looked at although nothing happened; halved at random. @default 1_800_000 */
  resyncMs?: number;
  configs: Store<NacosConfig>;
  configMapMetadata: Store<KubeObject>;
  configClient: ResourceClient<NacosConfig>;
  configMapClient: ResourceClient<ConfigMap>;
  connections: ConnectionDirectory;
  events: EventRecorder;
  metrics: ConfigMetrics;
  runtimeMetrics: RuntimeMetrics;
  log: Logger;
  clock: Clock;
  /** @default Math.random */
  random?: () => number;
}

const CONFIG_MAP_INDEX = 'configMap';
const CONNECTION_INDEX = 'connection';

/** The NacosConfigs, found by the ConfigMaps and the connection that they name. */
export function newConfigStore(): Store<NacosConfig> {
  return new Store<NacosConfig>({
    indexes: { [CONFIG_MAP_INDEX]: configMapsOf, [CONNECTION_INDEX]: (resource) => [connectionOf(resource)] },
  });
}

/** ConfigMaps as metadata, found by the uid of their controller. */
export function newConfigMapStore(): Store<KubeObject> {
  const controllers = ({ metadata }: KubeObject) =>
    (metadata.ownerReferences ?? []).filter(({ controller }) => controller).map(({ uid }) => uid);
  return new Store<KubeObject>({ indexes: { [CONTROLLER_INDEX]: controllers } });
}

/** How many NacosConfigs use a connection, and how many of them Nacos has to be told of when they are deleted. */
export function connectionUsage(
  configs: Store<NacosConfig>,
  key: ConnectionKey,
): { resources: number; holding: number } {
  const users = configs.byIndex(CONNECTION_INDEX, key);
  return { resources: users.length, holding: users.filter(deletesFromNacos).length };
}

const isWorthALook = or(generationChanged, annotationsChanged, deletionStarted);

export class ConfigSync implements Runnable {
  readonly name = 'nacosconfig';
  readonly controller: Controller;
  readonly #options: ConfigSyncOptions;
  readonly #sessions: ConfigSessions;
  #unsubscribe: (() => void)[] = [];

  constructor(options: ConfigSyncOptions) {
    const {
      clock,
      concurrency,
      configClient,
      events,
      log,
      random = Math.random,
      resyncMs = 1_800_000,
      runtimeMetrics,
    } = options;
    this.#options = options;
    this.#sessions = new ConfigSessions((key) => this.#changedInNacos(key));
    const reconciler = new ConfigReconciler({
      ...options,
      sessions: this.#sessions,
      reporter: new ConfigReporter(configClient, events, clock),
      resyncMs: () => resyncMs * (1 - random() / 2),
    });
    this.controller = new Controller({
      name: this.name,
      reconcile: (key, context) => reconciler.reconcile(key, context),
      concurrency,
      log,
      clock,
      metrics: runtimeMetrics,
    });
  }

  async start(): Promise<void> {
    const { configs, configMapMetadata, connections } = this.#options;
    this.#unsubscribe = [
      configs.onChange((change) => this.#resourceChanged(change)),
      configMapMetadata.onChange((change) => this.#configMapChanged(change)),
      connections.onChange((connection) => this.#enqueueAll(this.#usersOf(connection))),
      connections.onReady((connection) => this.#retryUsersOf(connection)),
    ];
    for (const key of configs.keys()) this.controller.enqueue(key, 'low');
    this.controller.start();
  }

  async stop(hurry?: AbortSignal): Promise<void> {
    for (const unsubscribe of this.#unsubscribe) unsubscribe();
    await this.controller.stop(hurry);
    this.#sessions.closeAll();
  }

  #resourceChanged({ key, previous, current, initial }: StoreChange<NacosConfig>): void {
    if (!isWorthALook(previous, current)) return;
    if (!initial) this.#options.metrics.lag.to_nacos.seen(key);
    this.#enqueue(key, initial ? 'low' : 'high');
  }

  #configMapChanged({ key, initial }: StoreChange<KubeObject>): void {
    for (const user of this.#options.configs.byIndex(CONFIG_MAP_INDEX, key)) {
      const userKey = `${user.metadata.namespace}/${user.metadata.name}`;
      const isSource = user.spec.contentFrom?.configMapKeyRef?.name === key.split('/')[1];
      if (isSource && !initial) this.#options.metrics.lag.to_nacos.seen(userKey);
      this.#enqueue(userKey, initial ? 'low' : 'high');
    }
  }

  #changedInNacos(key: string): void {
    if (this.#options.configs.get(key)?.spec.mirror) this.#options.metrics.lag.to_kubernetes.seen(key);
    this.#enqueue(key, 'high');
  }

  #usersOf(connection: string): string[] {
    const users = this.#options.configs.byIndex(CONNECTION_INDEX, connection);
    return users.map(({ metadata }) => `${metadata.namespace}/${metadata.name}`);
  }

  #retryUsersOf(connection: ConnectionKey): void {
    const users = new Set(this.#usersOf(connection));
    this.controller.queue.retryFailing((key) => users.has(key));
  }

  #enqueueAll(keys: readonly string[]): void {
    for (const key of keys) this.#enqueue(key, 'high');
  }

  #enqueue(key: string, priority: Priority): void {
    this.controller.enqueue(key, priority);
  }
}
