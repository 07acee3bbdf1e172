/** The services: published by every replica, reported by the leader. */
import { METRICS_PREFIX } from '../api/names.ts';
import { NACOS_SERVICE, type NacosService } from '../api/resources.ts';
import type { ConnectionKey } from '../connections/connection-key.ts';
import { onUseChange, type ConnectionUser } from '../connections/connection-user.ts';
import type { Connections } from '../connections/feature.ts';
import type { Feature, FeatureContext } from '../feature.ts';
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
import { addressText, Publications } from './publications.ts';
import { RecordSender } from './record-sender.ts';
import { ServiceReporter } from './reporter.ts';
import { SelectionGuard } from './selection-guard.ts';
import { connectionOfResource, exportOfAnnotations, SERVICE, type Service } from './service-export.ts';
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
    reflectors.create(NACOS_SERVICE, stores.resources),
    reflectors.create(SERVICE, stores.services),
    reflectors.create(ENDPOINT_SLICE, stores.slices),
  ] as Reflector<KubeObject>[];
  const caches = () => [...watched, ...pods.reflectors];
  const isUnreachable = () => lease?.isUnreachable ?? false;
  const freshness = new CacheFreshness({ caches, isUnreachable, clock, log });
  const publications = new Publications();
  const sender = new RecordSender({
    clock,
    isFree: (address) => publications.winner(addressText(address)) === undefined,
    onState: (exportId) => publications.changed(exportId),
  });
  const guard = new SelectionGuard(clock);
  const ghosts = new GhostWatch(clusterId, clock);
  const metrics = {
    registry,
    prefix: METRICS_PREFIX,
    clock,
    publications,
    ghosts: () => ghosts.total(),
    formers: () => sender.formerTotal,
  };
  const lag = createServiceMetrics(metrics);
  const controller = new ServiceController({ ...context, directory, stores, pods, publications, sender, guard, lag });
  const client = new ResourceClient<NacosService>(kube, NACOS_SERVICE);

  const annotated = (service: Service) => exportOfAnnotations(service)?.connection;
  const connectionUser: ConnectionUser = {
    usersOf: (connection) =>
      stores.resources.list().filter((resource) => connectionOfResource(resource) === connection).length +
      stores.services.list().filter((service) => annotated(service) === connection).length,
    onChange(listener) {
      onUseChange(stores.resources, connectionOfResource, listener);
      onUseChange(stores.services, annotated, listener);
      sender.onFormerChange(listener);
    },
    beforeRedo: async () => {
      if (await freshness.ensureFresh()) controller.reconcileAll();
    },
    holds: (client) => sender.uses(client),
    onRelease: (listener) => sender.onRelease(listener),
    formerCount: (connection) => sender.formerCount(connection),
    dropFormer: (connection) => sender.dropFormer(connection),
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
    confirmedConnections: () => sender.confirmedConnections,
    formersOver: (connection: ConnectionKey) =>
      sender
        .formersOver(connection)
        .map(({ address: { client, service } }) => ({ client, namespaceId: service.namespaceId })),
    isUpToDate: (connection: ConnectionKey) => controller.isUpToDate(connection),
    onProgress: (listener: () => void) => controller.onProgress(listener),
    relist: () => freshness.relist(),
    reconcileAll: () => controller.reconcileAll(),
  };
  return { ...feature, publishing };
}
