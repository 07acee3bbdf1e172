/**
 * What makes several replicas one. First the Lease of this replica, which others build on: whether it reaches the API server.
 * Then the relief of replicas that do not, which knows connections and what is published over them.
 */
import { networkInterfaces } from 'node:os';
import {
  CONFIRMED_CONNECTIONS_ANNOTATION,
  FIELD_MANAGER,
  SCOPE_ANNOTATION,
  MANAGED_BY,
  MANAGED_BY_LABEL,
  METRICS_PREFIX,
  PUBLICATION_FORMAT_ANNOTATION,
} from '../api/names.ts';
import type { Connections } from '../connections/feature.ts';
import type { Feature, FeatureContext } from '../feature.ts';
import type { KubeClient } from '../kube/client.ts';
import { type Lease, leaseResource } from '../kube/lease.ts';
import { ResourceClient } from '../kube/resource-client.ts';
import { healthCheck } from '../runtime/health-check.ts';
import type { Runnable } from '../runtime/runnable.ts';
import { LeaseCensus, warnOfNewerFormats } from './lease-census.ts';
import { createReplicaMetrics } from './metrics.ts';
import { PeerConnections } from './peer-connections.ts';
import { leaseNameOf, ReplicaLease } from './replica-lease.ts';
import { Replicas, type Publishing } from './replicas.ts';
import { scopeText, type Scope } from './scope.ts';

interface ReplicaLeaseOptions {
  namespace: string;
  scope: Scope;
  /** Undefined outside a pod. */
  podUid: string | undefined;
  /** Of what this version publishes. */
  publicationFormat: number;
  /** How many connections this replica has published something over that is in Nacos now. */
  confirmedConnections: () => number;
}

/** `leaseKube` is used for nothing else: a renewal never waits behind other calls. */
export function createReplicaLease(
  { clock, identity, kube, log }: FeatureContext,
  leaseKube: KubeClient,
  { confirmedConnections, namespace, podUid, publicationFormat, scope }: ReplicaLeaseOptions,
): Feature & { readonly lease: ReplicaLease } {
  const lease = new ReplicaLease({
    leases: new ResourceClient<Lease>(leaseKube, leaseResource),
    namespace,
    name: leaseNameOf(FIELD_MANAGER, identity),
    identity,
    podUid,
    labels: { [MANAGED_BY_LABEL]: MANAGED_BY },
    annotations: () => ({
      [PUBLICATION_FORMAT_ANNOTATION]: String(publicationFormat),
      [CONFIRMED_CONNECTIONS_ANNOTATION]: String(confirmedConnections()),
      [SCOPE_ANNOTATION]: scopeText(scope),
    }),
    fieldManager: FIELD_MANAGER,
    clock,
    log,
  });
  const all = { leases: new ResourceClient<Lease>(kube, leaseResource), namespace, clock, log };
  const ownLease = leaseNameOf(FIELD_MANAGER, identity);
  const peers = new PeerConnections({ ...all, scope: scopeText(scope), ownLease, confirmed: confirmedConnections });
  const held: Runnable = {
    name: lease.name,
    start: () => {
      lease.start();
      void warnOfNewerFormats(all, publicationFormat);
    },
    stop: () => lease.stop(),
  };
  return {
    lease,
    everyReplica: [held, peers],
    leader: () => [new LeaseCensus(all)],
    readyz: [healthCheck('peers', () => peers.problem)],
  };
}

interface ReliefOptions {
  lease: ReplicaLease;
  publishing: Publishing;
  scope: Scope;
  /** For people who look at the entry in Nacos: nothing connects to it. Without an address it is the first of the host. */
  address: { readonly ip: string | undefined; readonly port: () => number };
}

export function createRelief(
  context: FeatureContext,
  { directory, views }: Pick<Connections, 'directory' | 'views'>,
  { address, lease, publishing, scope }: ReliefOptions,
): Feature {
  const replicas: Replicas = new Replicas({
    ...context,
    directory,
    lease,
    scope,
    // What is published over which connection is decided by the NacosConnections as well.
    publishing: { ...publishing, views: () => [...views, ...publishing.views()] },
    address: () => ({ ip: address.ip ?? ownAddress(), port: address.port() }),
    metrics: createReplicaMetrics(context.registry, METRICS_PREFIX, () => replicas.facts),
  });
  return {
    everyReplica: [replicas],
    readyz: [
      healthCheck('api-server', () => {
        const { blindness } = replicas;
        return blindness.length === 0 ? undefined : `not seen for 15 s: ${blindness.join(', ')}`;
      }),
    ],
    connectionUser: {
      reliefOf: (connection) => replicas.reliefOf(connection),
      onChange: (listener) => replicas.onReliefChange(listener),
      holds: (client) => replicas.holds(client),
      onRelease: (listener) => replicas.onRelease(listener),
    },
  };
}

/** The first IPv4 address that other machines may know. */
function ownAddress(): string {
  const addresses = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
  return addresses.find(({ family, internal }) => family === 'IPv4' && !internal)?.address ?? '127.0.0.1';
}
