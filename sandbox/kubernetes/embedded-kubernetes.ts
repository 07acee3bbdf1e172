/**
 * An embedded Kubernetes: the API server on a port of this machine with a storage in memory, a certificate and a token of
 * its own, the namespaces that every cluster has, and the controllers that make objects live.
 *
 * Guarantees: several run side by side; everything is gone after `stop`; an outage (`stopServing`) keeps what is stored.
 */
import { randomBytes } from 'node:crypto';
import { stringify } from 'yaml';
import { type Clock, systemClock } from '../../operator/clock.ts';
import { type Logger, silentLogger } from '../../operator/logger.ts';
import { FaultScript } from '../fault-script.ts';
import { createServerCertificate } from './certificate.ts';
import { startControllers } from './controllers/controllers.ts';
import { EmbeddedCluster } from './embedded-cluster.ts';
import { ApiServer } from './http/api-server.ts';
import type { WatchBreak } from './http/connections.ts';
import { builtInTypes } from './types/built-in-types.ts';
import { serveCustomResources } from './types/custom-resources.ts';
import { ServiceAddresses, trackServiceAddresses } from './types/rules/service-addresses.ts';
import { TypeRegistry } from './types/type-registry.ts';

export interface EmbeddedKubernetesOptions {
  /** 0 is any free port. @default 0 */
  readonly port?: number;
  /** @default 127.0.0.1 */
  readonly host?: string;
  /** Of context, cluster and user in the kubeconfig. @default embedded */
  readonly contextName?: string;
  /** @default systemClock */
  readonly clock?: Clock;
  /** @default silentLogger */
  readonly log?: Logger;
  /** @default none */
  readonly faults?: FaultScript;
  /** How to choose another port, for the message that the port is taken. @default the option `port` */
  readonly portOption?: string;
}

export interface EmbeddedKubernetes {
  /** Such as https://127.0.0.1:6443. */
  readonly url: string;
  readonly port: number;
  readonly token: string;
  /** PEM. */
  readonly caCertificate: string;
  /** YAML. */
  readonly kubeconfig: string;
  readonly cluster: EmbeddedCluster;
  readonly faults: FaultScript;
  /** How many watches are open. */
  readonly openWatches: number;
  /** Forgets the history: older resource versions are answered by 410. */
  compact(): void;
  /** Returns how many there were. */
  breakWatches(how: WatchBreak): number;
  /** An outage: connections are reset and new ones refused. */
  stopServing(): Promise<void>;
  /** Ends an outage, on the same port. */
  startServing(): Promise<void>;
  stop(): Promise<void>;
}

const bootstrapManager = 'kube-apiserver';

/** Rejects when the port is taken. */
export async function startEmbeddedKubernetes(options: EmbeddedKubernetesOptions = {}): Promise<EmbeddedKubernetes> {
  const { port = 0, host = '127.0.0.1', contextName = 'embedded', clock = systemClock, log = silentLogger } = options;
  const { faults = new FaultScript() } = options;
  const addresses = new ServiceAddresses();
  const types = new TypeRegistry(builtInTypes(addresses));
  const cluster = new EmbeddedCluster({ types, clock });
  const endAddresses = trackServiceAddresses(cluster, addresses);
  const certificate = await createServerCertificate(['127.0.0.1', '::1', 'localhost', host], clock.now());
  const token = randomBytes(24).toString('base64url');
  const server = new ApiServer({ cluster, certificate, token, faults, clock, log });
  const boundPort = await listenOrExplain(server, port, host, options.portOption ?? 'the option `port`');
  const url = `https://${host.includes(':') ? `[${host}]` : host}:${boundPort}`;
  const stopServingCustomResources = serveCustomResources(cluster, types, clock);
  const controllers = startControllers(cluster, { clock, log, rootCertificate: certificate.authority });
  makeBasics(cluster, boundPort);
  return {
    url,
    port: boundPort,
    token,
    caCertificate: certificate.authority,
    kubeconfig: kubeconfigText(contextName, url, certificate.authority, token),
    cluster,
    faults,
    get openWatches() {
      return server.connections.watches;
    },
    compact: () => cluster.storage.compact(),
    breakWatches: (how) => server.connections.breakWatches(how),
    stopServing: () => server.close(),
    async startServing() {
      await listenOrExplain(server, boundPort, host, 'the option `port`');
    },
    async stop() {
      controllers.stop();
      stopServingCustomResources();
      endAddresses();
      await server.close();
    },
  };
}

async function listenOrExplain(server: ApiServer, port: number, host: string, portOption: string): Promise<number> {
  try {
    return await server.listen(port, host);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
    const message = `port ${port} on ${host} is taken; choose another with ${portOption} (0 is any free port)`;
    throw new Error(message, { cause: error });
  }
}

/** What a cluster has before anybody uses it. */
function makeBasics(cluster: EmbeddedCluster, port: number): void {
  const namespaces = cluster.types.find('', 'v1', 'namespaces')!;
  for (const name of ['default', 'kube-system', 'kube-public', 'kube-node-lease']) {
    cluster.create(
      namespaces,
      { apiVersion: 'v1', kind: 'Namespace', metadata: { name } },
      { manager: bootstrapManager },
    );
  }
  const services = cluster.types.find('', 'v1', 'services')!;
  const service = {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: {
      name: 'kubernetes',
      namespace: 'default',
      labels: { component: 'apiserver', provider: 'kubernetes' },
    },
    spec: { ports: [{ name: 'https', port: 443, protocol: 'TCP', targetPort: port }], clusterIP: '10.96.0.1' },
  };
  cluster.create(services, service, { manager: bootstrapManager });
}

function kubeconfigText(name: string, server: string, authority: string, token: string): string {
  return stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name, cluster: { server, 'certificate-authority-data': Buffer.from(authority).toString('base64') } }],
    users: [{ name, user: { token } }],
    contexts: [{ name, context: { cluster: name, user: name, namespace: 'default' } }],
    'current-context': name,
  });
}
