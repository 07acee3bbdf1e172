/** The configs: NacosConfigs, and the NacosConfigSyncs that make many of them. All of it is the leader's work. */
import { METRICS_PREFIX } from '../api/names.ts';
import {
  NACOS_CONFIG,
  NACOS_CONFIG_INVENTORY,
  NACOS_CONFIG_SYNC,
  NACOS_CONNECTION,
  type NacosConfig,
  type NacosConfigInventory,
  type NacosConfigSync,
  type NacosConnection,
} from '../api/resources.ts';
import { NAMESPACE } from '../cluster-identity.ts';
import type { Connections } from '../connections/feature.ts';
import { onUseChange, type ConnectionUser } from '../connections/connection-user.ts';
import { SECRET } from '../connections/secret-watches.ts';
import type { Feature, FeatureContext } from '../feature.ts';
import { ConditionTally } from '../kube/condition-tally.ts';
import { cacheOf } from '../kube/reflector-factory.ts';
import { trim } from '../kube/trim.ts';
import { Store } from '../kube/store.ts';
import type { KubeObject } from '../kube/resource.ts';
import { ResourceClient } from '../kube/resource-client.ts';
import type { Runnable } from '../runtime/runnable.ts';
import type { Term } from '../runtime/term.ts';
import { NacosPlaces } from './base/nacos-places.ts';
import { BulkSync } from './bulk/controller.ts';
import { namespaceIdOf } from './bulk/finder.ts';
import { InboundSync } from './bulk/inbound.ts';
import { ShardClient } from './bulk/inventory/shard-client.ts';
import { endSync } from './bulk/items/ending.ts';
import { ItemClaims } from './bulk/items/item-claims.ts';
import { OutboundSync } from './bulk/items/outbound.ts';
import { CONTROLLER_INDEX, newConfigStore, newDataStore, newSyncStore, usersOf } from './caches.ts';
import { ConfigSync } from './controller.ts';
import { connectionOf } from './intent.ts';
import { createConfigMetrics } from './metrics.ts';
import { lossOf } from './lost-connection.ts';
import { CONFIG_MAP, type DataObject } from './mirror/data-object.ts';
import { trimData } from './mirror/data-proof.ts';
import { accessTo } from './mirror/mirror-access.ts';
import { ObjectUsers } from './mirror/object-users.ts';
import { InlineContents } from './places/inline-contents.ts';
import { ownershipMark, syncMarkName } from './remote.ts';
import { Restarts } from './rollout/restarts.ts';
import { workloadClients } from './rollout/workloads.ts';

/** A third of the time after which everything is looked at again. */
const METADATA_AGE_MS = 600_000;

export function createConfigSync(
  context: FeatureContext,
  { directory, isLogin }: Pick<Connections, 'directory' | 'isLogin'>,
): Feature {
  const { clock, kube, reflectors, registry } = context;
  const configs = newConfigStore();
  const syncs = newSyncStore();
  const metadata = { ConfigMap: newDataStore(), Secret: newDataStore() };
  const configClient = new ResourceClient<NacosConfig>(kube, NACOS_CONFIG);
  const syncClient = new ResourceClient<NacosConfigSync>(kube, NACOS_CONFIG_SYNC);
  const inlineContents = new InlineContents({ client: configClient, kept: (key) => configs.get(key), clock });
  const clients = {
    ConfigMap: new ResourceClient<DataObject>(kube, CONFIG_MAP),
    Secret: new ResourceClient<DataObject>(kube, SECRET),
  };
  const conditions = new ConditionTally();
  for (const store of [configs, syncs]) conditions.follow(store);
  let counts: () => Readonly<Record<string, number>> = () => ({});
  const metrics = createConfigMetrics({ registry, prefix: METRICS_PREFIX, clock, conditions, items: () => counts() });
  const data = { metadataOnly: true, trim: trimData };

  const inventories = new Store<KubeObject>();
  const shardClient = new ResourceClient<NacosConfigInventory>(kube, NACOS_CONFIG_INVENTORY);

  function lead(term: Term): Runnable[] {
    const usable = (resource: NacosConfig) => directory.findUsable(connectionOf(resource));
    const items = new ItemClaims({
      list: () => syncs.list(),
      whereOf(sync) {
        const connection = directory.findUsable(connectionOf(sync));
        return connection && { connection, namespaceId: namespaceIdOf(sync, connection) };
      },
    });
    const places = new NacosPlaces({ configs: () => configs.list(), connectionOf: usable });
    const losses = {
      secretClient: clients.Secret,
      namespaceClient: new ResourceClient<KubeObject>(kube, NAMESPACE),
      connectionClient: new ResourceClient<NacosConnection>(kube, NACOS_CONNECTION),
    };
    const workloads = workloadClients(kube);
    const configSync = new ConfigSync({
      ...context,
      configs,
      configMapMetadata: metadata.ConfigMap,
      secretMetadata: metadata.Secret,
      configClient,
      inlineContents,
      configMapClient: clients.ConfigMap,
      ...losses,
      // Secrets are watched only while somebody needs them.
      newSecretReflector: () => reflectors.create(SECRET, metadata.Secret, data),
      workloadClients: workloads,
      objectUsers: new ObjectUsers(kube),
      connections: directory,
      places,
      items,
      metrics,
    });
    const objects = {
      ConfigMap: accessTo(clients.ConfigMap, metadata.ConfigMap, CONTROLLER_INDEX),
      Secret: accessTo(clients.Secret, metadata.Secret, CONTROLLER_INDEX),
    };
    const requireSecrets = configSync.requireSecrets.bind(configSync);
    const bulkSync = new BulkSync({
      ...context,
      metadata,
      restarts: new Restarts({ clients: workloads, clock, onRollout: metrics.rolledOut }),
      requireSecrets,
      syncs,
      syncClient,
      run(options, look) {
        if (options.sync.spec.source === 'Nacos') {
          return new InboundSync({ ...options, objects, requireSecrets });
        }
        return new OutboundSync({
          ...options,
          clusterId: context.clusterId(),
          places,
          term,
          syncs: syncClient,
          shards: shardClient,
          clients,
          reflectors,
          isLogin,
          claims: items,
          connections: directory,
          configs: configSync.claims,
          metadataAgeMs: METADATA_AGE_MS,
          onInventory: metrics.inventoryWritten,
          look,
        });
      },
      end(sync, tell, signal) {
        const { name, namespace = '' } = sync.metadata;
        const ending = {
          sync,
          syncs: syncClient,
          shards: new ShardClient(shardClient, sync, true),
          namespace,
          connections: directory,
          places,
          isClaimed: configSync.claims.isClaimed.bind(configSync.claims),
          // A client that we have still is waited for, whatever is lost: Nacos may come back.
          loss: async () => (directory.findUsable(connectionOf(sync)) ? undefined : lossOf(sync, losses)),
          mark: ownershipMark(context.clusterId(), namespace, syncMarkName(name)),
          term,
          onProgress: (done: number, total: number) => tell({ done, total }),
        };
        return endSync(ending, signal);
      },
      inventories,
      connections: directory,
    });
    counts = () => bulkSync.counts();
    return [configSync, bulkSync];
  }

  const connectionUser: ConnectionUser = {
    usersOf: (connection) => usersOf(configs, connection).length + usersOf(syncs, connection).length,
    onChange(listener) {
      onUseChange(configs, connectionOf, listener);
      onUseChange(syncs, connectionOf, listener);
    },
  };
  return {
    caches: [
      cacheOf(reflectors.create(NACOS_CONFIG, configs, { trim: (config) => inlineContents.strip(trim(config)) })),
      cacheOf(reflectors.create(NACOS_CONFIG_SYNC, syncs)),
      cacheOf(reflectors.create(CONFIG_MAP, metadata.ConfigMap, data)),
      cacheOf(reflectors.create(NACOS_CONFIG_INVENTORY, inventories, { metadataOnly: true })),
    ],
    leader: lead,
    connectionUser,
  };
}
