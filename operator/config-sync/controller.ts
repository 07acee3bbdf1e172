/**
 * The config-sync feature as one part of the operator: which changes have which NacosConfig reconciled.
 *
 * An event only says which: a change of the resource itself, of a ConfigMap or Secret that it reads or writes, of its
 * dataId in Nacos, or of its connection. The echo of our own write of a mirror is none.
 */
import type { NacosConfig, NacosConnection } from '../api/resources.ts';
import type { Clock } from '../clock.ts';
import type { ConnectionDirectory } from '../connections/connection-directory.ts';
import type { ConnectionKey } from '../connections/connection-key.ts';
import type { EventRecorder } from '../kube/events.ts';
import type { ResourceClient } from '../kube/resource-client.ts';
import type { Reflector } from '../kube/reflector.ts';
import { objectKey, type KubeObject } from '../kube/resource.ts';
import type { Store, StoreChange } from '../kube/store.ts';
import type { Logger } from '../logger.ts';
import { Controller } from '../runtime/controller.ts';
import type { Runnable } from '../runtime/runnable.ts';
import type { RuntimeMetrics } from '../runtime/metrics.ts';
import { desiredChanged } from '../runtime/predicates.ts';
import type { Priority } from '../runtime/work-queue.ts';
import { CONFIG_MAP_INDEX, CONTROLLER_INDEX, laneIn, SECRET_INDEX, SecretMetadata, usersOf } from './caches.ts';
import { connectionOf, sourceOf } from './intent.ts';
import type { ConfigMetrics } from './metrics.ts';
import type { ConfigMap, Secret } from './mirror/data-object.ts';
import { accessTo } from './mirror/mirror-access.ts';
import { mirroringConfigOf } from './mirror/mirror-owner.ts';
import { Mirrors } from './mirror/mirrors.ts';
import type { NacosPlaces } from './base/nacos-places.ts';
import { storedBase } from './base/recorded-bases.ts';
import type { ItemClaims } from './bulk/items/item-claims.ts';
import { Claims } from './claims.ts';
import type { ObjectUsers } from './mirror/object-users.ts';
import type { InlineContents } from './places/inline-contents.ts';
import { ConfigReconciler } from './reconcile.ts';
import { ConfigReporter } from './report.ts';
import { Delivery } from './rollout/delivery.ts';
import { Rollouts } from './rollout/rollouts.ts';
import type { WorkloadClients } from './rollout/workloads.ts';
import { ConfigSessions } from './session.ts';

export interface ConfigSyncOptions {
  /** Asked for when it is needed, since it may have to be read from the API server first. */
  clusterId: () => string;
  concurrency: number;
  /** The time after which a config is reconciled although nothing happened; halved at random. @default 1_800_000 */
  resyncMs?: number;
  configs: Store<NacosConfig>;
  configMapMetadata: Store<KubeObject>;
  secretMetadata: Store<KubeObject>;
  configClient: ResourceClient<NacosConfig>;
  inlineContents: InlineContents;
  configMapClient: ResourceClient<ConfigMap>;
  secretClient: ResourceClient<Secret>;
  namespaceClient: ResourceClient<KubeObject>;
  connectionClient: ResourceClient<NacosConnection>;
  places: NacosPlaces;
  items: ItemClaims;
  /** A reflector that feeds `secretMetadata`, not started. */
  newSecretReflector: () => Reflector<KubeObject>;
  workloadClients: WorkloadClients;
  objectUsers: ObjectUsers;
  connections: ConnectionDirectory;
  events: EventRecorder;
  metrics: ConfigMetrics;
  runtimeMetrics: RuntimeMetrics;
  log: Logger;
  clock: Clock;
  /** @default Math.random */
  random?: () => number;
}

export class ConfigSync implements Runnable {
  readonly name = 'nacosconfig';
  readonly controllers: readonly Controller[];
  readonly #controller: Controller;
  readonly #options: ConfigSyncOptions;
  readonly #sessions: ConfigSessions;
  readonly #secrets: SecretMetadata;
  readonly #mirrors: Mirrors;
  readonly claims: Claims;
  #unsubscribe: (() => void)[] = [];

  constructor(options: ConfigSyncOptions) {
    const { clock, concurrency, log, random = Math.random, resyncMs = 1_800_000, runtimeMetrics } = options;
    this.#options = options;
    this.#sessions = new ConfigSessions((key) => this.#changedInNacos(key));
    this.#secrets = new SecretMetadata({ configs: options.configs, newReflector: options.newSecretReflector });
    this.#mirrors = newMirrors(options, (key) => this.#enqueue(key, 'high'));
    const { clusterId, configs, connections } = options;
    const usable = (resource: NacosConfig) => connections.findUsable(connectionOf(resource));
    const hasBase = (resource: NacosConfig) =>
      (this.#sessions.get(objectKey(resource))?.base ?? storedBase(resource)) !== undefined;
    this.claims = new Claims({ clusterId, configs, connectionOf: usable, hasBase, items: options.items });
    const reporter = new ConfigReporter(options);
    const reconciler = new ConfigReconciler({
      ...options,
      sessions: this.#sessions,
      claims: this.claims,
      delivery: newDelivery(options, this.#mirrors, reporter),
      reporter,
      resyncMs: () => resyncMs * (1 - random() / 2),
      metadataAgeMs: resyncMs / 3,
    });
    this.#controller = new Controller({
      name: this.name,
      reconcile: (key, context) => reconciler.reconcile(key, context),
      concurrency,
      lane: laneIn(options.configs),
      log,
      clock,
      metrics: runtimeMetrics,
    });
    this.controllers = [this.#controller];
  }

  /** For users of Secrets beside the NacosConfigs. */
  requireSecrets(user: object, isNeeded: boolean): void {
    this.#secrets.require(user, isNeeded);
  }

  async start(): Promise<void> {
    const { configs, configMapMetadata, connections, secretMetadata } = this.#options;
    this.#unsubscribe = [
      configs.onChange((change) => this.#resourceChanged(change)),
      configMapMetadata.onChange((change) => this.#objectChanged(CONFIG_MAP_INDEX, change)),
      secretMetadata.onChange((change) => this.#objectChanged(SECRET_INDEX, change)),
      connections.onChange((connection) => this.#connectionChanged(connection)),
      connections.onReady((connection) => this.#retryUsersOf(connection)),
    ];
    for (const key of configs.keys()) this.#controller.enqueue(key, 'low');
    this.#secrets.start();
    this.#controller.start();
  }

  async stop(hurry?: AbortSignal): Promise<void> {
    for (const unsubscribe of this.#unsubscribe) unsubscribe();
    await this.#controller.stop(hurry);
    await this.#secrets.stop();
    this.#sessions.closeAll();
  }

  /** It may lead to another Nacos, where others declare the same dataIds. */
  #connectionChanged(connection: ConnectionKey): void {
    const users = usersOf(this.#options.configs, connection);
    this.#enqueueAll([...new Set(users.flatMap((key) => [key, ...this.claims.rivalsOf(key)]))]);
  }

  #resourceChanged(change: StoreChange<NacosConfig>): void {
    const { key, previous, current, initial } = change;
    for (const rival of this.claims.changed(change)) this.#enqueue(rival, initial ? 'low' : 'high');
    if (!desiredChanged(previous, current)) return;
    if (!initial) this.#options.metrics.lag.to_nacos.seen(key);
    this.#enqueue(key, initial ? 'low' : 'high');
  }

  /** A ConfigMap or a Secret. */
  #objectChanged(index: string, change: StoreChange<KubeObject>): void {
    const { key, previous, current, initial } = change;
    const [namespace, name] = key.split('/');
    const users = this.#options.configs.byIndex(index, key).map(({ metadata }) => `${namespace}/${metadata.name}`);
    const owner = ownerOf(current ?? previous);
    for (const userKey of new Set(owner === undefined ? users : [...users, owner])) {
      const { configMapKeyRef, secretKeyRef } = this.#options.configs.get(userKey)?.spec.contentFrom ?? {};
      const source = index === SECRET_INDEX ? secretKeyRef : configMapKeyRef;
      const isSource = source?.name === name;
      if (isSource && !initial) this.#options.metrics.lag.to_nacos.seen(userKey);
      if (isSource || this.#mirrors.isNews(userKey, change)) this.#enqueue(userKey, initial ? 'low' : 'high');
    }
  }

  #changedInNacos(key: string): void {
    const config = this.#options.configs.get(key);
    const isFollowed = config && (config.spec.mirror || sourceOf(config) === 'Both');
    if (isFollowed || config?.spec.driftPolicy === 'Adopt') this.#options.metrics.lag.to_kubernetes.seen(key);
    this.#enqueue(key, 'high');
  }

  #retryUsersOf(connection: ConnectionKey): void {
    const users = new Set(usersOf(this.#options.configs, connection));
    this.#controller.queue.retryFailing((key) => users.has(key));
  }

  #enqueueAll(keys: readonly string[]): void {
    for (const key of keys) this.#enqueue(key, 'high');
  }

  #enqueue(key: string, priority: Priority): void {
    this.#controller.enqueue(key, priority);
  }
}

/** The key of the NacosConfig that mirrors into the object, which need not name it: not an immutable one, nor a former one. */
function ownerOf(object: KubeObject | undefined): string | undefined {
  const name = object && mirroringConfigOf(object);
  return name === undefined ? undefined : `${object?.metadata.namespace}/${name}`;
}

function newMirrors(options: ConfigSyncOptions, onNews: (key: string) => void): Mirrors {
  const { clock, configClient, configMapClient, configMapMetadata, objectUsers, secretClient, secretMetadata } =
    options;
  const access = {
    ConfigMap: accessTo(configMapClient, configMapMetadata, CONTROLLER_INDEX),
    Secret: accessTo(secretClient, secretMetadata, CONTROLLER_INDEX),
  };
  return new Mirrors({ access, users: objectUsers, configClient, clock, onNews });
}

function newDelivery(options: ConfigSyncOptions, mirrors: Mirrors, reporter: ConfigReporter): Delivery {
  const { clock, metrics, workloadClients } = options;
  const rollouts = new Rollouts({ clients: workloadClients, clock, onRollout: metrics.rolledOut });
  return new Delivery({ mirrors, rollouts, metrics, reporter });
}
