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
import { collectDefaultMetrics, Registry } from 'prom-client';
import { API_GROUP, FIELD_MANAGER, METRICS_PREFIX } from './api/names.ts';
import { sleep, type Clock } from './clock.ts';
import { ClusterIdentity } from './cluster-identity.ts';
import { createConfigSync } from './config-sync/feature.ts';
import { createConnections } from './connections/feature.ts';
import { isBridgeError } from './errors.ts';
import type { FeatureContext } from './feature.ts';
import { healthRoutes } from './http/health-endpoints.ts';
import { metricsRoute, registerBuildInfo } from './http/metrics-endpoint.ts';
import { HttpServer } from './http/server.ts';
import { KubeClient } from './kube/client.ts';
import { EventRecorder } from './kube/events.ts';
import { KubeLeaseLock } from './kube/lease-lock.ts';
import { createKubeMetrics } from './kube/metrics.ts';
import { ReflectorFactory } from './kube/reflector-factory.ts';
import type { Logger } from './logger.ts';
import type { RunOptions } from './options/run-options.ts';
import { createRelief, createReplicaLease } from './replicas/feature.ts';
import { cachesCheck, workersCheck } from './runtime/health-check.ts';
import { Manager } from './runtime/manager.ts';
import { createRuntimeMetrics } from './runtime/metrics.ts';
import { PUBLICATION_FORMAT } from './service-sync/desired.ts';
import { createServiceSync } from './service-sync/feature.ts';

/** A reconcile of a leader that has lost must be over, failing calls and all, before its stop counts as stuck. */
const CALLS = { requestTimeoutMs: 10_000, maxConnections: 16 };
/** A renewal must have time for a second attempt within the deadline of 10 s, and waits behind no other call. */
const RENEWALS = { requestTimeoutMs: 5000, maxConnections: 1 };
const CLOSE_LIMIT_MS = 5000;

interface Operator {
  /** Until `signal` is aborted; rejects when it cannot go on, e.g. when leadership was lost. */
  run(signal: AbortSignal): Promise<void>;
}

export function createOperator(options: RunOptions, version: string, clock: Clock, log: Logger): Operator {
  const { bindAddress, identity, kubeconfig } = options;
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  registerBuildInfo(registry, METRICS_PREFIX, version);
  const kubeMetrics = createKubeMetrics(registry, METRICS_PREFIX);
  const runtimeMetrics = createRuntimeMetrics(registry);

  // The API server. Alone, or without a Lease to tell them apart, there is no other replica to relieve.
  const common = { kubeconfig, userAgent: `nacos-bridge/${version}`, metrics: kubeMetrics, clock, log };
  const kube = KubeClient.load({ ...common, ...CALLS });
  const electionKube = KubeClient.load({ ...common, ...RENEWALS });
  const leaseKube = options.services && options.leaderElect ? KubeClient.load({ ...common, ...RENEWALS }) : undefined;
  const namespace = options.leaseNamespace ?? kube.defaultNamespace;
  const namespaces = options.watchNamespaces;
  const reflectors = new ReflectorFactory({ client: kube, namespaces, metrics: kubeMetrics, clock, log });
  const reporting = { reportingController: `${API_GROUP}/${FIELD_MANAGER}`, reportingInstance: identity };
  const events = new EventRecorder({ client: kube, ...reporting, clock, log });
  const cluster = new ClusterIdentity({ kube, id: options.clusterId, clock, log });

  const lock = new KubeLeaseLock({ client: electionKube, namespace, name: FIELD_MANAGER, fieldManager: FIELD_MANAGER });
  const election = { lock, identity, name: FIELD_MANAGER, clock, log, metrics: runtimeMetrics };
  const manager = new Manager({ log, clock, leaderElection: options.leaderElect ? election : undefined });
  const health = new HttpServer({ name: 'health', port: options.healthPort, bindAddress, log });
  const metrics = new HttpServer({ name: 'metrics', port: options.metricsPort, bindAddress, log });

  const clusterId = () => cluster.id;
  const concurrency = options.reconcileConcurrency;
  const seen = { registry, kubeMetrics, runtimeMetrics, log, clock };
  const context: FeatureContext = { kube, reflectors, events, clusterId, identity, concurrency, ...seen };

  // This replica's own Lease: the others see by it that we reach the API server, and so do we.
  const publicationFormat = PUBLICATION_FORMAT;
  const replica =
    leaseKube &&
    createReplicaLease(context, {
      leaseKube,
      namespace,
      installation: FIELD_MANAGER,
      podUid: options.podUid,
      publicationFormat,
      confirmedConnections: (): number => services?.publishing.confirmedConnections() ?? 0,
    });

  // NacosConnections, and the servers that the options give.
  const connections = createConnections(context, { given: options, version });

  // NacosConfigs and NacosConfigSyncs.
  const configs = createConfigSync(context, connections);

  // NacosServices, and Services with annotations.
  const services = options.services ? createServiceSync(context, connections, replica?.lease) : undefined;

  // Replicas that have lost the API server are relieved by those that have not.
  const address = { ip: options.podIp, port: () => health.port };
  const relief =
    replica && services
      ? createRelief(context, connections, { lease: replica.lease, publishing: services.publishing, address })
      : undefined;

  const features = [replica, connections, configs, services, relief].filter((feature) => feature !== undefined);
  manager.add('servers', health, metrics).add('caches', cluster);
  for (const { caches = [], everyReplica = [], connectionUser } of features) {
    manager.add('caches', ...caches).add('every-replica', ...everyReplica);
    if (connectionUser) connections.users.join(connectionUser);
  }
  manager.lead(() => features.flatMap(({ leader }) => leader?.() ?? []));
  const readyz = [cachesCheck(manager), ...features.flatMap((feature) => feature.readyz ?? [])];
  health.handle(...healthRoutes({ healthz: [workersCheck(manager)], readyz, log }));
  metrics.handle(metricsRoute(registry));
  reflectors.onRecovered(() =>
    manager.controllers.forEach((controller) => controller.retryFailing(isForWantOfApiServer)),
  );

  async function close(): Promise<void> {
    await events.stop();
    await Promise.all(features.map(async (feature) => feature.close?.()));
    await Promise.all([kube, electionKube, leaseKube].map(async (client) => client?.close()));
  }

  return {
    async run(signal) {
      try {
        await manager.run(signal);
      } finally {
        // What does not end by itself ends with the process.
        await Promise.race([close(), sleep(clock, CLOSE_LIMIT_MS)]);
      }
    },
  };
}

/** What failed for another reason, such as a Nacos that is away, waits on: a watch that is back does not mend it. */
function isForWantOfApiServer(error: unknown): boolean {
  return isBridgeError(error, 'KUBE_UNAVAILABLE', 'KUBE_FORBIDDEN', 'KUBE_NOT_FOUND');
}
