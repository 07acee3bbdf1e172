/**
 * Our kinds as the API server serves them, and where it serves them.
 *
 * The spec and status types are generated from `crds/`. An object that was read from the API server has passed that
 * schema, so fields with a default are always set.
 */
import type { KubeObject, ResourceRef } from '../kube/resource.ts';
import type { NacosConfigSpec, NacosConfigStatus } from './generated/nacos-config.ts';
import type { NacosConfigInventoryStatus } from './generated/nacos-config-inventory.ts';
import type { NacosConfigSyncSpec, NacosConfigSyncStatus } from './generated/nacos-config-sync.ts';
import type { NacosConnectionSpec, NacosConnectionStatus } from './generated/nacos-connection.ts';
import type { NacosServiceSpec, NacosServiceStatus } from './generated/nacos-service.ts';
import { API_GROUP, API_VERSION } from './names.ts';

export interface NacosConnection extends KubeObject {
  spec: NacosConnectionSpec;
  status?: NacosConnectionStatus;
}

export interface NacosConfig extends KubeObject {
  spec: NacosConfigSpec;
  status?: NacosConfigStatus;
}

export interface NacosConfigSync extends KubeObject {
  spec: NacosConfigSyncSpec;
  status?: NacosConfigSyncStatus;
}

export interface NacosConfigInventory extends KubeObject {
  status?: NacosConfigInventoryStatus;
}

export interface NacosService extends KubeObject {
  spec: NacosServiceSpec;
  status?: NacosServiceStatus;
}

export const NACOS_CONNECTION: ResourceRef = {
  group: API_GROUP,
  version: API_VERSION,
  plural: 'nacosconnections',
  kind: 'NacosConnection',
  namespaced: true,
};

export const NACOS_CONFIG: ResourceRef = {
  group: API_GROUP,
  version: API_VERSION,
  plural: 'nacosconfigs',
  kind: 'NacosConfig',
  namespaced: true,
};

export const NACOS_CONFIG_SYNC: ResourceRef = {
  group: API_GROUP,
  version: API_VERSION,
  plural: 'nacosconfigsyncs',
  kind: 'NacosConfigSync',
  namespaced: true,
};

export const NACOS_CONFIG_INVENTORY: ResourceRef = {
  group: API_GROUP,
  version: API_VERSION,
  plural: 'nacosconfiginventories',
  kind: 'NacosConfigInventory',
  namespaced: true,
};

export const NACOS_SERVICE: ResourceRef = {
  group: API_GROUP,
  version: API_VERSION,
  plural: 'nacosservices',
  kind: 'NacosService',
  namespaced: true,
};
