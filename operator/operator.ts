/**
 * The operator, put together: one paragraph for each feature, of which it can be read what it is given and what it knows of
 * the others. Nothing is decided here.
 *
 *   replica lease   knows no other feature
 *   connections     knows no other feature; those that use connections join as a ConnectionUser
 *   configs         knows connections
 *   services        knows connections, and asks the lease whether the API server can be reached
 *   relief          knows the lease, connections, and what is published
 */
import { API_GROUP, FIELD_MANAGER, METRICS_PREFIX } from './api/names.ts';
import type { Clock } from './clock.ts';
import { ClusterIdentity } from './cluster-identity.ts';
import { createConfigSync } from './config-sync/feature.ts';
import { createConnections } from './connections/feature.ts';
import { closeAll, type Feature, type FeatureContext } from './feature.ts';
import { healthRoutes } from './http/health-endpoints.ts';
import { createRegistry, metricsRoute } from './http/metrics-endpoint.ts';
import { HttpServer } from './http/server.ts';
import { isForWantOfApiServer } from './kube/api-errors.ts';
import { KubeClients } from './kube/clients.ts';
import { EventRecorder } from './kube/events.ts';
import { createKubeMetrics } from './kube/metrics.ts';
import { ReflectorFactory } from './kube/reflector-factory.ts';
import type { Logger } from './logger.ts';
import type { RunOptions } from './options/run-options.ts';
import { createElection } from './replicas/election.ts';
import { createRelief, createReplicaLease } from './replicas/feature.ts';
import { scopeOf } from './replicas/scope.ts';
import { cachesCheck, workersCheck } from './runtime/health-check.ts';
import { Manager } from './runtime/manager.ts';
import { createRuntimeMetrics } from './runtime/metrics.ts';
import { PUBLICATION_FORMAT } from './service-sync/desired.ts';
import { createServiceSync } from './service-sync/feature.ts';

/** It runs until `signal` is aborted; rejects when it cannot go on, e.g. when leadership was lost. */
export function createOperator(options: RunOptions, version: string, clock: Clock, log: Logger): Pick<Manager, 'run'> {
  const { bindAddress, identity, kubeconfig } = options;
  const registry = createRegistry(METRICS_PREFIX, version);
  const kubeMetrics = createKubeMetrics(registry, METRICS_PREFIX);
  const runtimeMetrics = createRuntimeMetrics(registry);

  // The API server.
  const userAgent = `nacos-bridge/${version}`;
  const clients = new KubeClients({ kubeconfig, userAgent, metrics: kubeMetrics, clock, log });
  const kube = clients.calls;
  const namespace = options.leaseNamespace ?? kube.defaultNamespace;
  const watched = { client: kube, namespaces: options.watchNamespaces };
  const reflectors = new ReflectorFactory({ ...watched, metrics: kubeMetrics, clock, log });
  const reporting = { reportingController: `${API_GROUP}/${FIELD_MANAGER}`, reportingInstance: identity };
  const events = new EventRecorder({ client: kube, ...reporting, clock, log });
  const cluster = new ClusterIdentity({ kube, id: options.clusterId, clock, log });
  const kubernetes: Feature = { caches: [cluster], close: async () => clients.closeAfter(events.stop()) };

  // Without an election there is one replica.
  const { leaseName } = options;
  const candidate = { namespace, leaseName, identity, metrics: runtimeMetrics, clock, log };
  const election = options.leaderElect ? createElection(clients.forRenewals(), candidate) : undefined;
  const manager = new Manager({ log, clock, leaderElection: election?.leadership });
  const health = new HttpServer({ name: 'health', port: options.healthPort, bindAddress, log });
  const metrics = new HttpServer({ name: 'metrics', port: options.metricsPort, bindAddress, log });

  const concurrency = options.reconcileConcurrency;
  const seen = { registry, kubeMetrics, runtimeMetrics, log, clock };
  const context: FeatureContext = {
    kube,
    reflectors,
    events,
    clusterId: () => cluster.id,
    identity,
    concurrency,
    ...seen,
  };

  // This replica's own Lease: the others see by it that we reach the API server, and so do we.
  const scope = scopeOf(`${namespace}/${leaseName}`, options);
  const own = { namespace, scope, podUid: options.podUid };
  const confirmedConnections = (): number => services?.publishing.confirmedConnections() ?? 0;
  const published = { publicationFormat: PUBLICATION_FORMAT, confirmedConnections };
  const hasPeers = options.services && options.leaderElect;
  const replica = hasPeers ? createReplicaLease(context, clients.forRenewals(), { ...own, ...published }) : undefined;

  // NacosConnections, and the servers that the options give.
  const connections = createConnections(context, { given: options, allow: options.nacosAllow, version });

  // NacosConfigs and NacosConfigSyncs.
  const configs = createConfigSync(context, connections);

  // NacosServices, and Services with annotations.
  const services = options.services ? createServiceSync(context, connections, replica?.lease) : undefined;

  // Replicas that have lost the API server are relieved by those that have not.
  const address = { ip: options.podIp, port: () => health.port };
  const others = replica && services && { lease: replica.lease, publishing: services.publishing };
  const relief = others && createRelief(context, connections, { scope, address, ...others });

  const all = [kubernetes, election, replica, connections, configs, services, relief];
  const features = all.filter((feature) => feature !== undefined);
  manager.add('servers', health, metrics);
  for (const { caches = [], everyReplica = [], connectionUser } of features) {
    manager.add('caches', ...caches).add('every-replica', ...everyReplica);
    if (connectionUser) connections.users.join(connectionUser);
  }
  manager.lead((term) => features.flatMap(({ leader }) => leader?.(term) ?? []));
  const readyz = [cachesCheck(manager), ...features.flatMap((feature) => feature.readyz ?? [])];
  health.handle(...healthRoutes({ healthz: [workersCheck(manager)], readyz, log }));
  metrics.handle(metricsRoute(registry));
  reflectors.onRecovered(() => manager.retryFailing(isForWantOfApiServer));

  return {
    async run(signal) {
      try {
        await manager.run(signal);
      } finally {
        await closeAll(features, clock);
      }
    },
  };
}
