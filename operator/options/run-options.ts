/**
 * The options of one run of the operator, complete: what was not given has its default.
 */
import type { LogOptions } from '../log.ts';
import type { LogLevel } from '../logger.ts';
import type { ServerAddress } from '../nacos/index.ts';

export interface RunOptions {
  /** Path of a kubeconfig file; undefined in a cluster. KUBECONFIG may name several, as it does for kubectl. */
  readonly kubeconfig: string | undefined;
  /** Namespaces whose resources are served; empty for all. */
  readonly watchNamespaces: readonly string[];
  /** Whether NacosServices and annotated Services are served. */
  readonly services: boolean;
  /** Servers of the default connection; empty when there is none. */
  readonly nacos: readonly ServerAddress[];
  readonly nacosNamespace: string;
  readonly nacosUsername: string | undefined;
  readonly nacosPasswordFile: string | undefined;
  readonly nacosRequestTimeoutMs: number;
  /** Undefined: the uid of the namespace kube-system. */
  readonly clusterId: string | undefined;
  readonly leaderElect: boolean;
  /** Undefined: the namespace of the pod, or the one of the kubeconfig. */
  readonly leaseNamespace: string | undefined;
  readonly identity: string;
  /** Address of this replica for people, in Nacos; undefined: the first that is not a loopback. */
  readonly podIp: string | undefined;
  /** Undefined outside a pod. `identity` is the name of the pod then. */
  readonly podUid: string | undefined;
  readonly reconcileConcurrency: number;
  readonly metricsPort: number;
  readonly healthPort: number;
  readonly bindAddress: string;
  readonly logLevel: LogLevel;
  readonly logFormat: LogOptions['format'];
  readonly logDir: string | undefined;
  readonly logRotateSeconds: number;
  readonly logMaxFiles: number;
}
