/** The services: published by every replica, reported by the leader. */
import { METADATA_KEYS, METRICS_PREFIX } from '../api/names.ts';
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
import type { Host, ServiceKey } from '../nacos/index.ts';
import { healthCheck } from '../runtime/health-check.ts';
import { AllowGuard } from './allow-guard.ts';
import { CacheFreshness } from './cache-freshness.ts';
import { ServiceController } from './controller.ts';
import { ENDPOINT_SLICE } from './endpoint-slices.ts';
import { createServiceMetrics } from './metrics.ts';
import { PodMetadata } from './pod-metadata.ts';
import { Publications } from './publications.ts';
import { RecordSender } from './record-sender.ts';
import { formers } from './sent-records.ts';
import { ServiceReporter } from './reporter.ts';
import { SelectionGuard } from './selection-guard.ts';
import { SelfRegistered } from './self-registered.ts';
import { exportOfAnnotations } from './service-annotations.ts';
import { connectionOfResource, SERVICE, type Service } from './service-export.ts';
import { ServiceStores } from './service-stores.ts';
import { ShownHosts } from './shown-hosts.ts';

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
  const sender = new RecordSender({
    clock,
    isFree: (address) => publications.claims.winner(address)?.address.client !== address.client,
    onState: (exportId) => publications.changed(exportId),
  });
  const guard = new SelectionGuard(clock);
  const allowGuard = new AllowGuard({ clock, directory, publications, stores });
  const selfRegistered = new SelfRegistered();
  const publisherOf = (name: ServiceKey, { ip, metadata, port }: Host) => {
    const service = `${metadata[METADATA_KEYS.namespace]}/${metadata[METADATA_KEYS.service]}`;
    const publication = publications.publisherOf(service, name, { ip, port });
    return publication && { exportId: publication.export.id, rank: publication.rank };
  };
  const shownHosts = new ShownHosts({ clusterId, clock, publisherOf });
  const metrics = { registry, prefix: METRICS_PREFIX, clock, publications, shownHosts };
  const lag = createServiceMetrics({ ...metrics, formers: () => sender.formers.total });
  const shared = { ...context, stores, publications, guard };
  const controller = new ServiceController({ ...shared, allowGuard, directory, pods, sender, selfRegistered, lag });
  const client = new ResourceClient<NacosService>(kube, NACOS_SERVICE);

  const annotated = (service: Service) => exportOfAnnotations(service)?.connection;
  const connectionUser: ConnectionUser = {
    usersOf: (connection) =>
      stores.resources.list().filter((resource) => connectionOfResource(resource) === connection).length +
      stores.services.list().filter((service) => annotated(service) === connection).length,
    onChange(listener) {
      onUseChange(stores.resources, connectionOfResource, listener);
      onUseChange(stores.services, annotated, listener);
      sender.formers.onChange(listener);
    },
    beforeRedo: async () => {
      if (await freshness.ensureFresh()) controller.reconcileAll();
    },
    holds: (client) => sender.uses(client),
    onRelease: (listener) => sender.onRelease(listener),
    formerCount: (connection) => sender.formers.count(connection),
    dropFormer: (connection) => sender.dropFormer(connection),
  };
  const feature: Feature = {
    caches: watched.map(cacheOf),
    everyReplica: [controller],
    leader: () => [new ServiceReporter({ ...shared, client, shownHosts })],
    readyz: [healthCheck('publications', () => (controller.hasPublished ? undefined : 'services are being published'))],
    connectionUser,
  };
  /** What others may know of what is published, and ask of it. */
  const publishing = {
    connectionsInUse: () => publications.connectionsInUse(),
    confirmedConnections: () => sender.confirmedConnections,
    formersOver: (connection: ConnectionKey) =>
      formers(sender.formers.over(connection)).map(({ address: { client, service } }) => ({
        client,
        namespaceId: service.namespaceId,
      })),
    isUpToDate: (connection: ConnectionKey) => controller.isUpToDate(connection),
    onProgress: (listener: () => void) => controller.onProgress(listener),
    views,
    reconcileAll: () => controller.reconcileAll(),
  };
  return { ...feature, publishing };
}
