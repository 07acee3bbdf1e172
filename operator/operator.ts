/**
 * The operator, put together: which parts there are, and which of them know each other. Nothing is decided here.
 */
import { collectDefaultMetrics, Registry } from 'prom-client';
import { API_GROUP, FIELD_MANAGER, METRICS_PREFIX } from './api/names.ts';
import {
  NACOS_CONFIG,
  NACOS_CONFIG_SYNC,
  NACOS_CONNECTION,
  type NacosConfig,
  type NacosConfigSync,
  type NacosConnection,
} from './api/resources.ts';
import type { Clock } from './clock.ts';
import { ClusterIdentity, NAMESPACE } from './cluster-identity.ts';
import { BulkSync, connectionOfSync, newSyncStore, syncsUsing } from './config-sync/bulk/controller.ts';
import { connectionUsage, CONTROLLER_INDEX, newConfigStore, newDataStore } from './config-sync/config-stores.ts';
import { ConfigSync } from './config-sync/controller.ts';
import { connectionOf } from './config-sync/intent.ts';
import { createConfigMetrics } from './config-sync/metrics.ts';
import { CONFIG_MAP, type DataObject } from './config-sync/mirror/data-object.ts';
import { trimData } from './config-sync/mirror/data-proof.ts';
import { accessTo } from './config-sync/mirror/mirror-access.ts';
import { workloadClients } from './config-sync/rollout/workloads.ts';
import { ClientPool, clientsWith } from './connections/client-pool.ts';
import { ConnectionDirectory } from './connections/connection-directory.ts';
import { Connections } from './connections/controller.ts';
import { DefaultConnection } from './connections/default-connection.ts';
import { SECRET } from './connections/secret-watches.ts';
import { loginOf } from './connections/settings.ts';
import { registerBuildInfo } from './http/build-info.ts';
import { healthRoutes } from './http/health-endpoints.ts';
import { metricsRoute } from './http/metrics-endpoint.ts';
import { HttpServer } from './http/server.ts';
import { KubeClient } from './kube/client.ts';
import { ConditionTally } from './kube/condition-tally.ts';
import { EventRecorder } from './kube/events.ts';
import { KubeLeaseLock } from './kube/lease-lock.ts';
import { createKubeMetrics } from './kube/metrics.ts';
import { Reflector } from './kube/reflector.ts';
import { ResourceClient } from './kube/resource-client.ts';
import type { KubeObject } from './kube/resource.ts';
import { Store } from './kube/store.ts';
import type { Logger } from './logger.ts';
import { createNacosMetrics } from './connections/nacos-metrics.ts';
import type { RunOptions } from './options/commands.ts';
import { ownAddress } from './replicas/own-address.ts';
import { Replication } from './replicas/replication.ts';
import type { Controller } from './runtime/controller.ts';
import { Manager } from './runtime/manager.ts';
import { createRuntimeMetrics } from './runtime/metrics.ts';
import type { Runnable } from './runtime/runnable.ts';
import { PUBLICATION_FORMAT } from './service-sync/desired.ts';
import { ServiceSync, type NewReflector } from './service-sync/service-sync.ts';

/** A reconcile of a leader that has lost must be over, failing calls and all, before its stop counts as stuck. */
const CALL_TIMEOUT_MS = 10_000;
const CALL_CONNECTIONS = 16;
/** A renewal must have time for a second attempt within the deadline of 10 s. */
const LEASE_CALL_TIMEOUT_MS = 5000;

export interface Operator {
  /** Until `signal` is aborted; rejects when it cannot go on, e.g. when leadership was lost. */
  run(signal: AbortSignal): Promise<void>;
}

export function createOperator(options: RunOptions, version: string, clock: Clock, log: Logger): Operator {
  const registry = new Registry();
  const kubeMetrics = createKubeMetrics(registry, METRICS_PREFIX);
  const nacosMetrics = createNacosMetrics(registry, METRICS_PREFIX);
  const runtimeMetrics = createRuntimeMetrics(registry);
  collectDefaultMetrics({ register: registry });
  registerBuildInfo(registry, METRICS_PREFIX, version);

  const userAgent = `nacos-bridge/${version}`;
  const loadKube = (requestTimeoutMs: number, maxConnections: number) =>
    KubeClient.load({
      kubeconfig: options.kubeconfig,
      userAgent,
      requestTimeoutMs,
      maxConnections,
      metrics: kubeMetrics,
      clock,
      log,
    });
  const kube = loadKube(CALL_TIMEOUT_MS, CALL_CONNECTIONS);
  // Its own connection: a renewal never waits behind other calls.
  const leaseKube = loadKube(LEASE_CALL_TIMEOUT_MS, 1);
  const events = new EventRecorder({
    client: kube,
    reportingController: `${API_GROUP}/${FIELD_MANAGER}`,
    reportingInstance: options.identity,
    clock,
    log,
  });

  const connectionStore = new Store<NacosConnection>();
  const configs = newConfigStore();
  const syncs = newSyncStore();
  const configMapMetadata = newDataStore();
  const secretMetadata = newDataStore();
  const onRecovered = () => controllers().forEach(({ queue }) => queue.retryFailing());
  const newReflector: NewReflector = (resource, store, metadataOnly, trim) => {
    const watched = { client: kube, resource, namespaces: options.watchNamespaces, metadataOnly, trim, onRecovered };
    return new Reflector({ ...watched, store, log, clock, metrics: kubeMetrics });
  };
  const clusterIdentity = new ClusterIdentity(
    new ResourceClient<KubeObject>(kube, NAMESPACE),
    options.clusterId,
    clock,
    log,
  );

  const pool = new ClientPool(
    clientsWith({
      clientName: `Nacos-Bridge:v${version}`,
      appName: FIELD_MANAGER,
      log,
      clock,
      metrics: nacosMetrics,
      beforeRedo: async () => serviceSync?.beforeRedo(),
    }),
  );
  const directory = new ConnectionDirectory();
  const serviceSync: ServiceSync | undefined = options.services
    ? new ServiceSync({
        clusterId: () => clusterIdentity.id,
        concurrency: options.reconcileConcurrency,
        kube,
        newReflector,
        directory,
        isUnreachable: () => replication?.isUnreachable ?? false,
        events,
        registry,
        metricsPrefix: METRICS_PREFIX,
        runtimeMetrics,
        log,
        clock,
      })
    : undefined;
  const connections = new Connections({
    kube,
    connections: connectionStore,
    pool,
    directory,
    usage: (key) => {
      const { resources, holding } = connectionUsage(configs, key);
      return { resources: resources + syncsUsing(syncs, key) + (serviceSync?.usersOf(key) ?? 0), holding };
    },
    relief: (key) => replication?.verdictOf(key),
    handOver: async (key, from, to) => serviceSync?.handOver(key, from, to),
    events,
    kubeMetrics,
    runtimeMetrics,
    log,
    clock,
  });
  configs.onChange(({ previous, current }) => {
    const resource = current ?? previous;
    if (resource && (!current || !previous)) connections.usersChanged(connectionOf(resource));
  });
  syncs.onChange(({ previous, current }) => {
    const resource = current ?? previous;
    if (resource && (!current || !previous)) connections.usersChanged(connectionOfSync(resource));
  });
  serviceSync?.onUsersChanged((connection) => connections.usersChanged(connection));
  const conditions = new ConditionTally();
  for (const store of [configs, syncs]) conditions.follow(store);
  const configMetrics = createConfigMetrics({ registry, prefix: METRICS_PREFIX, clock, conditions });
  const configClient = new ResourceClient<NacosConfig>(kube, NACOS_CONFIG);
  const configMapClient = new ResourceClient<DataObject>(kube, CONFIG_MAP);
  const secretClient = new ResourceClient<DataObject>(kube, SECRET);
  const newConfigSync = () =>
    new ConfigSync({
      clusterId: () => clusterIdentity.id,
      concurrency: options.reconcileConcurrency,
      configs,
      configMapMetadata,
      secretMetadata,
      configClient,
      configMapClient,
      secretClient,
      newSecretReflector: () => newReflector(SECRET, secretMetadata, true, trimData),
      workloadClients: workloadClients(kube),
      connections: directory,
      events,
      metrics: configMetrics,
      runtimeMetrics,
      log,
      clock,
    });
  const newBulkSync = (configSync: ConfigSync) =>
    new BulkSync({
      syncs,
      syncClient: new ResourceClient<NacosConfigSync>(kube, NACOS_CONFIG_SYNC),
      world: {
        configs,
        configClient,
        objects: {
          ConfigMap: accessTo(configMapClient, configMapMetadata, CONTROLLER_INDEX),
          Secret: accessTo(secretClient, secretMetadata, CONTROLLER_INDEX),
        },
        isLogin: (key) => connectionStore.list().some((connection) => loginOf(connection) === key),
        clock,
      },
      metadata: { ConfigMap: configMapMetadata, Secret: secretMetadata },
      connections: directory,
      requireSecrets: (user, isNeeded) => configSync.requireSecrets(user, isNeeded),
      events,
      runtimeMetrics,
      log,
      clock,
    });

  const replicaControllers = [connections.controller, ...(serviceSync ? [serviceSync.publisher.controller] : [])];
  let leaderControllers: readonly Controller[] = [];
  const controllers = () => [...replicaControllers, ...leaderControllers];

  const namespace = options.leaseNamespace ?? kube.defaultNamespace;
  const { bindAddress, healthPort, metricsPort } = options;
  const lock = new KubeLeaseLock({ client: leaseKube, namespace, name: FIELD_MANAGER, fieldManager: FIELD_MANAGER });
  const election = { lock, identity: options.identity, name: FIELD_MANAGER, clock, log, metrics: runtimeMetrics };
  const manager = new Manager({ log, clock, leaderElection: options.leaderElect ? election : undefined });
  const healthz = [workersCheck(controllers)];
  const readyz = [
    {
      name: 'caches',
      check: () => failIf(manager.notSynced.length > 0, `not synced: ${manager.notSynced.join(', ')}`),
    },
    {
      name: 'publications',
      check: () => failIf(serviceSync?.publisher.hasPublished === false, 'services are being published'),
    },
  ];
  const healthServer = new HttpServer({
    name: 'health',
    port: healthPort,
    bindAddress,
    routes: healthRoutes({ healthz, readyz, log }),
    log,
  });
  // Alone, or without a Lease to tell them apart, there is nobody to relieve.
  const replicaKube = serviceSync && options.leaderElect ? loadKube(LEASE_CALL_TIMEOUT_MS, 1) : undefined;
  const replication: Replication | undefined =
    serviceSync && replicaKube
      ? new Replication({
          leaseKube: replicaKube,
          kube,
          namespace,
          podUid: options.podUid,
          publicationFormat: PUBLICATION_FORMAT,
          fieldManager: FIELD_MANAGER,
          publishing: serviceSync.publishing,
          find: (key) => directory.findUsable(key),
          onVerdict: (key) => connections.usersChanged(key),
          identity: options.identity,
          clusterId: () => clusterIdentity.id,
          address: () => ({ ip: options.podIp ?? ownAddress(), port: healthServer.port }),
          registry,
          metricsPrefix: METRICS_PREFIX,
          clock,
          log,
        })
      : undefined;
  manager
    .add('servers', healthServer)
    .add(
      'servers',
      new HttpServer({ name: 'metrics', port: metricsPort, bindAddress, routes: [metricsRoute(registry)], log }),
    )
    .add('caches', clusterIdentity)
    .add(
      'caches',
      cacheOf(newReflector(NACOS_CONNECTION, connectionStore, false)),
      cacheOf(newReflector(NACOS_CONFIG, configs, false)),
      cacheOf(newReflector(NACOS_CONFIG_SYNC, syncs, false)),
      cacheOf(newReflector(CONFIG_MAP, configMapMetadata, true, trimData)),
      ...(serviceSync?.reflectors ?? []).map(cacheOf),
    );
  if (replication) manager.add('every-replica', replication.lease);
  if (options.nacos.length > 0) {
    manager.add(
      'every-replica',
      new DefaultConnection({
        connections,
        servers: options.nacos,
        namespaceId: options.nacosNamespace,
        username: options.nacosUsername,
        passwordFile: options.nacosPasswordFile,
        requestTimeoutMs: options.nacosRequestTimeoutMs,
        clock,
        log,
      }),
    );
  }
  manager.add('every-replica', connections, ...(serviceSync ? [serviceSync.publisher] : []));
  if (replication) manager.add('every-replica', replication.relief);
  manager.lead(() => {
    const configSync = newConfigSync();
    const reporter = serviceSync?.newReporter();
    const bulkSync = newBulkSync(configSync);
    leaderControllers = [configSync.controller, ...bulkSync.controllers, ...(reporter ? [reporter.controller] : [])];
    const census = replication?.newCensus();
    return [connections.statuses, configSync, bulkSync, ...(reporter ? [reporter] : []), ...(census ? [census] : [])];
  });

  return {
    async run(signal) {
      try {
        await manager.run(signal);
      } finally {
        await events.stop();
        // A client keeps the process alive, also one that was started and handed to nobody when a start failed.
        await Promise.all([pool.stop(), kube.close(), leaseKube.close(), replicaKube?.close()]);
      }
    },
  };
}

function cacheOf<T extends KubeObject>(reflector: Reflector<T>): Runnable {
  return {
    name: reflector.resource,
    async start(signal) {
      reflector.start();
      await reflector.synced(signal);
    },
    stop: () => reflector.stop(),
  };
}

function workersCheck(controllers: () => readonly Controller[]): { name: string; check: () => void } {
  const stuck = () =>
    controllers()
      .filter((controller) => !controller.isHealthy())
      .map(({ name }) => name);
  return { name: 'workers', check: () => failIf(stuck().length > 0, `stuck: ${stuck().join(', ')}`) };
}

function failIf(isWrong: boolean, message: string): void {
  if (isWrong) throw new Error(message);
}
