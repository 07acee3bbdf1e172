/**
 * What the suites of this folder know of a world: the operator, as a process of its own, between a Kubernetes and a Nacos,
 * embedded or real. What only one kind of servers can do is optional here, and a suite asks for it by name.
 */
import type { OperatorProcess } from '../operator-process.ts';
import type { RestKubernetes } from '../scenarios/kubernetes-backend.ts';
import type { HttpNacos, NacosEndpoint } from '../scenarios/nacos-backend.ts';
import type { OperationCounts } from './operations.ts';

export interface World {
  readonly backends: { readonly kubernetes: RestKubernetes; readonly nacos: HttpNacos };
  /** Logs everything. */
  readonly operator: OperatorProcess;
  /** Nothing listens there. */
  readonly closedPort: number;
  /** Where Nacos is and how to log in. */
  readonly endpoint: NacosEndpoint;
  readonly servers: { readonly apiServer: BreakableServer; readonly nacos: BreakableServer };
  /** What the API server was asked: a real one tells it of the operator alone, an embedded one of everybody. */
  readonly apiOperations: OperationWitness;
  /** The same of Nacos; no real one tells. */
  readonly nacosOperations?: OperationWitness;
  /** Makes every publish fail until what it returns is called; no real Nacos can be made to. */
  readonly failPublishes?: () => () => void;
  stop(): Promise<void>;
}

/** A server that goes away with all its connections and comes back on the same port with what it has stored. */
export interface BreakableServer {
  kill(): Promise<void>;
  /** In order, which is the same as `kill` where there is no process. */
  stop(): Promise<void>;
  start(): Promise<void>;
}

export interface OperationWitness {
  /** Since the last reset. */
  counts(): OperationCounts | Promise<OperationCounts>;
  reset(): void | Promise<void>;
}
