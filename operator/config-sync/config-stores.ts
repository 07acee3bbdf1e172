/**
 * The caches of the config synchronisation, and what their objects are found by.
 */
import type { NacosConfig } from '../api/resources.ts';
import type { ConnectionKey } from '../connections/connection-key.ts';
import type { KubeObject } from '../kube/resource.ts';
import { Store } from '../kube/store.ts';
import { configMapsOf, connectionOf, deletesFromNacos, secretsOf } from './intent.ts';

export const CONFIG_MAP_INDEX = 'configMap';
export const SECRET_INDEX = 'secret';
/** Objects by the uid of their controller. */
export const CONTROLLER_INDEX = 'controller';
export const CONNECTION_INDEX = 'connection';

/** The NacosConfigs, found by the ConfigMaps, the Secrets and the connection that they name. */
export function newConfigStore(): Store<NacosConfig> {
  return new Store<NacosConfig>({
    specFollowsGeneration: true,
    indexes: {
      [CONFIG_MAP_INDEX]: configMapsOf,
      [SECRET_INDEX]: secretsOf,
      [CONNECTION_INDEX]: (resource) => [connectionOf(resource)],
    },
  });
}

/** ConfigMaps or Secrets as metadata, found by the uid of their controller. */
export function newDataStore(): Store<KubeObject> {
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
