/**
 * The caches of the services, and what their objects are found by.
 */
import type { NacosService } from '../api/resources.ts';
import { parseKey, type KubeObject } from '../kube/resource.ts';
import { Store } from '../kube/store.ts';
import { podsOf, SERVICE_NAME_LABEL, type EndpointSlice } from './endpoint-slices.ts';
import { exportOfResource, usesPods, type Service } from './service-export.ts';

const BY_NAMESPACE = 'namespace';
const BY_SERVICE = 'service';
const BY_POD = 'pod';
/** NacosServices under the Service that they name, or, with a selector, under their namespace and a slash. */
const BY_SOURCE = 'source';
/** NacosServices for which labels or annotations of pods count, all under one value. */
const BY_NEED_OF_PODS = 'needOfPods';
const NEEDED = 'needed';

export class ServiceStores {
  readonly services = new Store<Service>({ indexes: { [BY_NAMESPACE]: namespaceOf } });
  readonly slices = new Store<EndpointSlice>({ indexes: { [BY_SERVICE]: serviceOf, [BY_POD]: podKeysOf } });
  readonly resources = new Store<NacosService>({
    indexes: { [BY_SOURCE]: sourceOf, [BY_NEED_OF_PODS]: needOfPods },
  });

  servicesIn(namespace: string): readonly Service[] {
    return this.services.byIndex(BY_NAMESPACE, namespace);
  }

  slicesOf(service: string): readonly EndpointSlice[] {
    return this.slices.byIndex(BY_SERVICE, service);
  }

  slicesWith(pod: string): readonly EndpointSlice[] {
    return this.slices.byIndex(BY_POD, pod);
  }

  /** NacosServices that name the Service, and those of its namespace that select. */
  resourcesAbout(service: string): readonly NacosService[] {
    const selecting = this.resources.byIndex(BY_SOURCE, `${parseKey(service).namespace}/`);
    return [...this.resources.byIndex(BY_SOURCE, service), ...selecting];
  }

  get needPods(): boolean {
    return this.resources.byIndex(BY_NEED_OF_PODS, NEEDED).length > 0;
  }
}

/** The key of the Service that a slice is of: one, or none. */
export function serviceOf({ metadata }: KubeObject): string[] {
  const name = metadata.labels?.[SERVICE_NAME_LABEL];
  return name === undefined ? [] : [`${metadata.namespace}/${name}`];
}

function namespaceOf({ metadata }: KubeObject): string[] {
  return [metadata.namespace ?? ''];
}

function sourceOf({ metadata, spec }: NacosService): string[] {
  return [`${metadata.namespace}/${spec.source.serviceRef?.name ?? ''}`];
}

function needOfPods(resource: NacosService): string[] {
  return usesPods(exportOfResource(resource)) ? [NEEDED] : [];
}

function podKeysOf(slice: EndpointSlice): string[] {
  return podsOf(slice).map((name) => `${slice.metadata.namespace}/${name}`);
}
