/** The services: published by every replica, reported by the leader. */
import { METRICS_PREFIX } from '../api/names.ts';
import { NACOS_SERVICE, type NacosService } from '../api/resources.ts';
import type { ConnectionKey } from '../connections/connection-key.ts';
import { onUseChange, type ConnectionUser } from '../connections/connection-user.ts';
import type { Connections } from '../connections/feature.ts';
import type { Feature, FeatureContext } from '../feature.ts';
import { CONFIRMED_OFTEN } from '../kube/list-watch.ts';
import { cacheOf } from '../kube/reflector-factory.ts';
import type { Reflector } from '../kube/reflector.ts';
import { ResourceClient } from '../kube/resource-client.ts';
import type { KubeObject } from '../kube/resource.ts';
import { healthCheck } from '../runtime/health-check.ts';
import { CacheFreshness } from './cache-freshness.ts';
import { ServiceController } from './controller.ts';
import { ENDPOINT_SLICE } from './endpoint-slices.ts';
import { GhostWatch } from './ghosts.ts';
import { createServiceMetrics } from './metrics.ts';
import { PodMetadata } from './pod-metadata.ts';
import { Publications } from './publications.ts';
import { ServiceReporter } from './reporter.ts';
import { SelectionGuard } from './selection-guard.ts';
import { connectionOfResource, SERVICE } from './service-export.ts';
import { ServiceStores } from './service-stores.ts';

/** `lease` knows whether the API server was just tried in vain; undefined where nobody tries. */
export function createServiceSync(
  context: FeatureContext,
  { directory }: Pick<Connections, 'directory'>,
  lease: { readonly isUnreachable: boolean } | undefined,
) {
  const { clock, clusterId, kube, log, reflectors, registry } = context;
  const stores = new ServiceStores();
  const pods = new PodMetadata(reflectors);
  const watched = [
    reflectors.create(NACOS_SERVICE, stores.resources, CONFIRMED_OFTEN),
    reflectors.create(SERVICE, stores.services, CONFIRMED_OFTEN),
    reflectors.create(ENDPOINT_SLICE, stores.slices, CONFIRMED_OFTEN),
  ] as Reflector<KubeObject>[];
  const views = () => [...watched, ...pods.reflectors];
  const isUnreachable = () => lease?.isUnreachable ?? false;
  const freshness = new CacheFreshness({ caches: views, isUnreachable, clock, log });
  const publications = new Publications();
  const guard = new SelectionGuard(clock);
  const ghosts = new GhostWatch(clusterId, clock);
  const metrics = { registry, prefix: METRICS_PREFIX, clock, publications, ghosts: () => ghosts.total() };
  const lag = createServiceMetrics(metrics);
  const controller = new ServiceController({ ...context, directory, stores, pods, publications, guard, lag });
  const client = new ResourceClient<NacosService>(kube, NACOS_SERVICE);

  const connectionUser: ConnectionUser = {
    usageOf: (connection) => {
      const users = stores.resources.list().filter((resource) => connectionOfResource(resource) === connection);
      return { resources: users.length, holding: 0 };
    },
    onChange: (listener) => onUseChange(stores.resources, connectionOfResource, listener),
    beforeRedo: async () => {
      if (await freshness.ensureFresh()) controller.reconcileAll();
    },
    handOver: (connection, from, to) => controller.handOver(connection, from, to),
  };
  const feature: Feature = {
    caches: watched.map(cacheOf),
    everyReplica: [controller],
    leader: () => [new ServiceReporter({ ...context, client, stores, publications, guard, ghosts })],
    readyz: [healthCheck('publications', () => (controller.hasPublished ? undefined : 'services are being published'))],
    connectionUser,
  };
  /** What others may know of what is published, and ask of it. */
  const publishing = {
    connectionsInUse: () => publications.connectionsInUse(),
    isUpToDate: (connection: ConnectionKey) => controller.isUpToDate(connection),
    onProgress: (listener: () => void) => controller.onProgress(listener),
    views,
    reconcileAll: () => controller.reconcileAll(),
  };
  return { ...feature, publishing };
}
