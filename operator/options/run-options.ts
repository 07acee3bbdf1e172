/**
 * The options of `run`, complete: what was not given has its default. Each has its default, its rule and what is said about
 * it in the table, in the order of the documentation.
 */
import { randomUUID } from 'node:crypto';
import { isIP } from 'node:net';
import { hostname } from 'node:os';
import { FIELD_MANAGER } from '../api/names.ts';
import type { GivenServers } from '../connections/default-connection.ts';
import type { LogOptions } from '../log.ts';
import { logLevels, type LogLevel } from '../logger.ts';
import { allowRules } from './allow-rules.ts';
import type { CommandOptions, OptionTable } from './command-options.ts';
import {
  allowedServersAreGiven,
  givenServers,
  loginIsWhole,
  serversAreGiven,
  type AllowedServers,
} from './given-servers.ts';
import {
  boolean,
  broken,
  integer,
  listOf,
  matching,
  namespaceName,
  oneOf,
  path,
  rotationPeriod,
} from './value-rules.ts';

export interface RunOptions extends GivenServers, AllowedServers {
  /** Path of a kubeconfig file; undefined in a cluster. KUBECONFIG may name several, as it does for kubectl. */
  readonly kubeconfig: string | undefined;
  /** Namespaces whose resources are served; empty for all. */
  readonly watchNamespaces: readonly string[];
  /** Whether NacosServices and annotated Services are served. */
  readonly services: boolean;
  /** Undefined: the uid of the namespace kube-system. */
  readonly clusterId: string | undefined;
  readonly leaderElect: boolean;
  /** Undefined: the namespace of the pod, or the one of the kubeconfig. */
  readonly leaseNamespace: string | undefined;
  /** Of the Lease of the election; its replicas are one installation. */
  readonly leaseName: string;
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

const address = (text: string) => (isIP(text) === 0 ? broken('an IPv4 or IPv6 address', text) : text);

/** The other commands and the sandbox take rows of it. */
export const runTable: OptionTable<RunOptions> = {
  kubeconfig: {
    group: 'Kubernetes',
    value: 'FILE',
    help: 'Kubeconfig to use outside a cluster.',
    default: undefined,
    defaultText: 'KUBECONFIG, else the service account of the pod',
    alsoFrom: 'KUBECONFIG',
    parse: path,
  },
  watchNamespaces: {
    group: 'Kubernetes',
    value: 'NAME,...',
    help: 'Serve the resources of these namespaces only.',
    default: [],
    defaultText: 'all namespaces',
    parse: listOf(namespaceName),
  },
  services: {
    group: 'Kubernetes',
    value: 'true|false',
    help: 'Publish Services in Nacos; reads Services and EndpointSlices.',
    default: true,
    isSwitch: true,
    parse: boolean,
  },
  ...givenServers,
  nacosAllow: {
    group: 'Nacos',
    value: 'JSON',
    help: 'Who may use what of the default connection, as an array of rules.',
    default: undefined,
    defaultText: 'everything, to all namespaces',
    parse: allowRules,
  },
  clusterId: {
    group: 'Ownership and replicas',
    value: 'ID',
    help: 'Mark of ownership in Nacos; must differ between clusters and never change.',
    default: undefined,
    defaultText: 'uid of the namespace kube-system',
    parse: matching(/^[\w.-]{1,64}$/, 'at most 64 letters, digits, "-", "_" and "."'),
  },
  leaderElect: {
    group: 'Ownership and replicas',
    value: 'true|false',
    help: 'Let one of several replicas write at a time.',
    default: true,
    isSwitch: true,
    parse: boolean,
  },
  leaseNamespace: {
    group: 'Ownership and replicas',
    value: 'NAME',
    help: 'Namespace of the Lease of the election.',
    default: undefined,
    defaultText: 'namespace of the pod or of the kubeconfig',
    parse: namespaceName,
  },
  leaseName: {
    group: 'Ownership and replicas',
    value: 'NAME',
    help: 'Name of that Lease; each installation in a namespace needs one of its own.',
    default: FIELD_MANAGER,
    parse: matching(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/, 'at most 63 lower-case letters, digits and "-"'),
  },
  identity: {
    group: 'Ownership and replicas',
    value: 'NAME',
    help: 'Name of this replica in the Lease; must be unique.',
    default: () => `${hostname()}_${randomUUID()}`,
    defaultText: 'host name and a random part',
    parse: matching(/^[\w.-]{1,253}$/, 'at most 253 letters, digits, "-", "_" and "."'),
  },
  podIp: {
    group: 'Ownership and replicas',
    value: 'IP',
    help: 'Address that this replica registers itself with in Nacos.',
    default: undefined,
    defaultText: 'first address of the host',
    parse: address,
  },
  podUid: {
    group: 'Ownership and replicas',
    value: 'UID',
    help: 'Uid of the pod that `--identity` names; its Lease is deleted with it.',
    default: undefined,
    defaultText: 'not in a pod',
    parse: matching(/^[\w-]{1,64}$/, 'a uid'),
  },
  reconcileConcurrency: {
    group: 'Ownership and replicas',
    value: 'N',
    help: 'Objects of one kind that are reconciled at once, of each Nacos connection by itself where that is waited for.',
    default: 20,
    parse: integer(1, 200),
  },
  metricsPort: {
    group: 'Endpoints',
    value: 'PORT',
    help: 'Port of /metrics; 0 for a free one, which is logged.',
    default: 8080,
    parse: integer(0, 65_535),
  },
  healthPort: {
    group: 'Endpoints',
    value: 'PORT',
    help: 'Port of /healthz and /readyz; 0 for a free one, which is logged.',
    default: 8081,
    parse: integer(0, 65_535),
  },
  bindAddress: {
    group: 'Endpoints',
    value: 'IP',
    help: 'Address that both ports listen on.',
    default: '0.0.0.0',
    parse: address,
  },
  logLevel: {
    group: 'Logs',
    value: logLevels.join('|'),
    help: 'The least severe level that is logged.',
    default: 'info',
    parse: oneOf(...logLevels),
  },
  logFormat: {
    group: 'Logs',
    value: 'json|text',
    help: 'JSON lines for log stores, or text for a terminal.',
    default: 'json',
    parse: oneOf('json', 'text'),
  },
  logDir: {
    group: 'Logs',
    value: 'DIR',
    help: 'Write rotating log files there, besides standard error.',
    default: undefined,
    defaultText: 'no files',
    parse: path,
  },
  logRotateSeconds: {
    group: 'Logs',
    value: 'S',
    help: 'Begin a new file after this time: minutes up to an hour, or hours up to a day.',
    default: 86_400,
    parse: rotationPeriod,
  },
  logMaxFiles: {
    group: 'Logs',
    value: 'N',
    help: 'Log files to keep.',
    default: 7,
    parse: integer(1, 1000),
  },
};

export const run: CommandOptions<RunOptions> = {
  name: 'run',
  description: 'Run the operator; in a cluster by its service account, outside by a kubeconfig.',
  exitCodes: [
    [0, 'ended as asked, by SIGTERM or SIGINT'],
    [1, 'it could not go on'],
    [2, 'a wrong option'],
  ],
  table: runTable,
  rules: [
    loginIsWhole,
    serversAreGiven,
    allowedServersAreGiven,
    {
      of: ['metricsPort', 'healthPort'],
      problem: ({ metricsPort, healthPort }) =>
        metricsPort !== 0 &&
        metricsPort === healthPort &&
        `--metrics-port and --health-port must differ, and both are '${metricsPort}'`,
    },
  ],
};
