/** All samples, by their kind. */
import { changedConfigs, fullConfig, refusedConfigs } from './nacos-config.ts';
import { changedSyncs, fullSync, refusedSyncs } from './nacos-config-sync.ts';
import { fullConnection, refusedConnections } from './nacos-connection.ts';
import { changedServices, fullService, refusedServices } from './nacos-service.ts';
import type { Refused, RefusedChange } from './sample.ts';

export const refused: Readonly<Record<string, readonly Refused[]>> = {
  NacosConfig: refusedConfigs,
  NacosConfigSync: refusedSyncs,
  NacosConnection: refusedConnections,
  NacosService: refusedServices,
};
export const changed: Readonly<Record<string, readonly RefusedChange[]>> = {
  NacosConfig: changedConfigs,
  NacosConfigSync: changedSyncs,
  NacosService: changedServices,
};
export const full = {
  NacosConfig: fullConfig,
  NacosConfigSync: fullSync,
  NacosConnection: fullConnection,
  NacosService: fullService,
};
