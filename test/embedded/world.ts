/**
 * The operator between the embedded servers: the same backends for scenarios as a world of real servers has, without
 * anything beside Node.js.
 */
import type { EmbeddedKubernetes } from '../../sandbox/kubernetes/embedded-kubernetes.ts';
import type { EmbeddedNacos } from '../../sandbox/nacos/embedded-nacos.ts';
import type { OperatorProcess } from '../operator-process.ts';
import type { Backends } from '../scenarios/backends.ts';
import type { RestKubernetes } from '../scenarios/kubernetes-backend.ts';
import { HttpNacos, type NacosEndpoint } from '../scenarios/nacos-backend.ts';
import { freePorts } from '../testbed/ports.ts';
import { startApplication } from './application.ts';
import { startBridgedCluster } from './bridged-cluster.ts';
import { startEmbeddedEndpoint } from './embedded-endpoint.ts';

export type Generation = '3.1' | '2.3';

export interface EmbeddedWorld {
  readonly kubernetes: EmbeddedKubernetes;
  readonly nacos: EmbeddedNacos;
  readonly backends: Backends & { readonly kubernetes: RestKubernetes };
  readonly operator: OperatorProcess;
  readonly closedPort: number;
  /** Where Nacos is and how to log in. */
  readonly endpoint: NacosEndpoint;
  stop(): Promise<void>;
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
  const backends = { kubernetes: rest, nacos: http };
  return { kubernetes, nacos, backends, operator, closedPort, endpoint, stop: () => started.disposeAsync() };
}
