/** All samples, by their kind. */
import { changedConfigs, fullConfig, refusedConfigs } from './nacos-config.ts';
import { fullConnection, refusedConnections } from './nacos-connection.ts';
import { changedServices, fullService, refusedServices } from './nacos-service.ts';
import type { Refused, RefusedChange } from './sample.ts';

export const refused: Readonly<Record<string, readonly Refused[]>> = {
  NacosConfig: refusedConfigs,
  NacosConnection: refusedConnections,
  NacosService: refusedServices,
};
export const changed: Readonly<Record<string, readonly RefusedChange[]>> = {
  NacosConfig: changedConfigs,
  NacosService: changedServices,
};
export const full = { NacosConfig: fullConfig, NacosConnection: fullConnection, NacosService: fullService };
