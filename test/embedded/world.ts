/**
 * The operator between the embedded servers: the same world for suites as one of real servers, without anything beside
 * Node.js.
 */
import type { EmbeddedKubernetes } from '../../sandbox/kubernetes/embedded-kubernetes.ts';
import type { EmbeddedNacos } from '../../sandbox/nacos/embedded-nacos.ts';
import type { BreakableServer, World } from '../acceptance/world.ts';
import { HttpNacos, type NacosEndpoint } from '../scenarios/nacos-backend.ts';
import { freePorts } from '../testbed/ports.ts';
import { startApplication } from './application.ts';
import { startBridgedCluster } from './bridged-cluster.ts';
import { startEmbeddedEndpoint } from './embedded-endpoint.ts';
import { FaultWitness } from './fault-witness.ts';

type Generation = NacosEndpoint['version'];

export interface EmbeddedWorld extends World {
  readonly kubernetes: EmbeddedKubernetes;
  readonly nacos: EmbeddedNacos;
  readonly apiOperations: FaultWitness;
  readonly nacosOperations: FaultWitness;
}

export async function startEmbeddedWorld(generation: Generation): Promise<EmbeddedWorld> {
  const started = new AsyncDisposableStack();
  try {
    return await start(generation, started);
  } catch (error) {
    await started.disposeAsync();
    throw error;
  }
}

/** Everything that was started is on the stack, the last first. */
async function start(generation: Generation, started: AsyncDisposableStack): Promise<EmbeddedWorld> {
  const { nacos, endpoint } = await startEmbeddedEndpoint(generation);
  started.defer(() => nacos.stop());
  const http = new HttpNacos(endpoint, async () => startApplication(endpoint));
  started.defer(() => http.close());
  const cluster = await startBridgedCluster(endpoint);
  started.defer(() => cluster.stop());
  const { kubernetes, operator, rest } = cluster;
  const [closedPort = 1] = await freePorts(1);
  return {
    kubernetes,
    nacos,
    backends: { kubernetes: rest, nacos: http },
    operator,
    closedPort,
    endpoint,
    servers: {
      apiServer: breakable(
        () => kubernetes.stopServing(),
        () => kubernetes.startServing(),
      ),
      nacos: breakable(
        () => nacos.stopServing(),
        () => nacos.restart(),
      ),
    },
    apiOperations: new FaultWitness(kubernetes.faults),
    nacosOperations: new FaultWitness(nacos.faults),
    failPublishes: () => nacos.faults.add({ on: 'ConfigPublishRequest', fault: { kind: 'status', status: 500 } }),
    stop: () => started.disposeAsync(),
  };
}

function breakable(end: () => Promise<void>, start: () => Promise<void>): BreakableServer {
  return { kill: end, stop: end, start };
}
