/**
 * The caches of the config synchronisation, and what their objects are found by. Of ConfigMaps and Secrets they hold the
 * metadata alone: the data is read when it is needed, and that of Secrets is kept nowhere.
 */
import type { NacosConfig, NacosConfigSync } from '../api/resources.ts';
import type { ConnectionKey } from '../connections/connection-key.ts';
import type { Reflector } from '../kube/reflector.ts';
import { ReflectorOnDemand } from '../kube/reflector-on-demand.ts';
import { objectKey, type KubeObject } from '../kube/resource.ts';
import { Store } from '../kube/store.ts';
import { claimOf, configMapsOf, connectionOf, secretsOf } from './intent.ts';
import { objectKeysOf } from './mirror/mirror-access.ts';
import { rolloutOf } from './rollout/written-object.ts';

export const CONFIG_MAP_INDEX = 'configMap';
export const SECRET_INDEX = 'secret';
/** Objects by the uid of their controller, and mirrors that have none by their NacosConfig. */
export const CONTROLLER_INDEX = 'controller';
const CONNECTION_INDEX = 'connection';
const ROLLOUT_INDEX = 'rollout';
/** NacosConfigs by the group and dataId whose content they declare. */
export const CLAIM_INDEX = 'claim';

/** The NacosConfigs, found by the ConfigMaps, the Secrets, the connection and the dataId that they name. */
export function newConfigStore(): Store<NacosConfig> {
  return new Store<NacosConfig>({
    specFollowsGeneration: true,
    indexes: {
      [CONFIG_MAP_INDEX]: configMapsOf,
      [SECRET_INDEX]: secretsOf,
      [CONNECTION_INDEX]: (resource) => [connectionOf(resource)],
      [CLAIM_INDEX]: (resource) => [claimOf(resource)].filter((claim) => claim !== undefined),
    },
  });
}

/** The NacosConfigSyncs, found by the connection that they name, and those with a rollout by their namespace. */
export function newSyncStore(): Store<NacosConfigSync> {
  return new Store<NacosConfigSync>({
    indexes: {
      [CONNECTION_INDEX]: (sync) => [connectionOf(sync)],
      [ROLLOUT_INDEX]: (sync) => (rolloutOf(sync) ? [sync.metadata.namespace ?? ''] : []),
    },
  });
}

/** The NacosConfigSyncs of the namespace that have workloads restarted. */
export function rollingOut(syncs: Store<NacosConfigSync>, namespace = ''): readonly NacosConfigSync[] {
  return syncs.byIndex(ROLLOUT_INDEX, namespace);
}

/** The keys of those that name the connection. */
export function usersOf<T extends KubeObject>(store: Store<T>, connection: ConnectionKey): string[] {
  return store.byIndex(CONNECTION_INDEX, connection).map(objectKey);
}

/** The lane of a key in a queue: its connection, since a Nacos that is slow must hold up no other. */
export function laneIn<T extends NacosConfig | NacosConfigSync>(store: Store<T>): (key: string) => string {
  return (key) => {
    const resource = store.get(key);
    return resource === undefined ? '' : connectionOf(resource);
  };
}

/** ConfigMaps or Secrets as metadata, found by whom they belong to, and by who has merged keys into them. */
export function newDataStore(): Store<KubeObject> {
  return new Store<KubeObject>({ indexes: { [CONTROLLER_INDEX]: objectKeysOf } });
}

export interface SecretMetadataOptions {
  configs: Store<NacosConfig>;
  /** A reflector of Secrets as metadata, not started. */
  newReflector: () => Reflector<KubeObject>;
}

/** The metadata of Secrets, watched only while some NacosConfig reads or writes one, or somebody else needs them. */
export class SecretMetadata {
  readonly #options: SecretMetadataOptions;
  /** The keys of the NacosConfigs that name a Secret, and whoever else needs them. */
  readonly #users = new Set<string | object>();
  #unsubscribe = (): void => {};
  readonly #reflector: ReflectorOnDemand;

  constructor(options: SecretMetadataOptions) {
    this.#options = options;
    this.#reflector = new ReflectorOnDemand(options.newReflector);
  }

  start(): void {
    const { configs } = this.#options;
    for (const key of configs.keys()) this.#count(key, configs.get(key));
    this.#unsubscribe = configs.onChange(({ key, current }) => {
      this.#count(key, current);
      this.#watch();
    });
    this.#watch();
  }

  /** For users beside the NacosConfigs: whether this one needs the metadata of Secrets. */
  require(user: object, isNeeded: boolean): void {
    if (isNeeded) this.#users.add(user);
    else this.#users.delete(user);
    this.#watch();
  }

  async stop(): Promise<void> {
    this.#unsubscribe();
    await this.#reflector.stop();
  }

  #count(key: string, config: NacosConfig | undefined): void {
    if (config && secretsOf(config).length > 0) this.#users.add(key);
    else this.#users.delete(key);
  }

  #watch(): void {
    this.#reflector.watch(this.#users.size > 0);
  }
}
