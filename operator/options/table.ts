/**
 * Every option with its default, its rule and what is said about it, in the order of the documentation. The flags, the
 * environment variables, the help text and the reference are made of this table.
 */
import { randomUUID } from 'node:crypto';
import { isIP } from 'node:net';
import { hostname } from 'node:os';
import { DNS_LABEL } from '../kube/limits.ts';
import { logLevels } from '../logger.ts';
import { parseServerAddresses } from '../nacos/index.ts';
import type { RunOptions } from './run-options.ts';
import { boolean, broken, integer, listOf, matching, oneOf, rotationPeriod } from './value-rules.ts';

/** What is known of an option whose value is a T. */
export interface Row<T> {
  readonly group: string;
  /** Placeholder of the value in the help text. */
  readonly value: string;
  readonly help: string;
  readonly default: T | (() => T);
  /** What the documentation says instead of the default; needed where the default is undefined or computed. */
  readonly defaultText?: string;
  /** Another variable that is read when the flag and our own variable are not set. */
  readonly alsoFrom?: string;
  /** Whether the flag alone means `true`. */
  readonly isSwitch?: boolean;
  /** Throws an error that says the rule. */
  readonly parse: (text: string) => T;
}

export type Table = { readonly [Key in keyof RunOptions]: Row<RunOptions[Key]> };

const dnsLabel = matching(DNS_LABEL, 'the name of a namespace');
const path = matching(/^[^\0]+$/, 'a path');

const address = (text: string) => (isIP(text) === 0 ? broken('an IPv4 or IPv6 address', text) : text);

export const table: Table = {
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
    parse: listOf(dnsLabel),
  },
  services: {
    group: 'Kubernetes',
    value: 'true|false',
    help: 'Publish Services in Nacos; reads Services and EndpointSlices.',
    default: true,
    isSwitch: true,
    parse: boolean,
  },
  nacos: {
    group: 'Nacos',
    value: 'HOST:PORT,...',
    help: 'Servers of the default connection, which resources without `connectionRef` use.',
    default: [],
    defaultText: 'no default connection',
    parse: parseServerAddresses,
  },
  nacosNamespace: {
    group: 'Nacos',
    value: 'ID',
    help: 'Nacos namespace of the default connection.',
    default: '',
    defaultText: 'public',
    parse: matching(/^[\w-]{1,64}$/, 'a namespace id: at most 64 letters, digits, "-" and "_"'),
  },
  nacosUsername: {
    group: 'Nacos',
    value: 'NAME',
    help: 'User of the default connection.',
    default: undefined,
    defaultText: 'no login',
    parse: matching(/^[^\s\p{Cc}]{1,64}$/u, 'at most 64 characters without blanks'),
  },
  nacosPasswordFile: {
    group: 'Nacos',
    value: 'FILE',
    help: 'File that holds the password of that user.',
    default: undefined,
    defaultText: 'no login',
    parse: path,
  },
  nacosRequestTimeoutMs: {
    group: 'Nacos',
    value: 'MS',
    help: 'Time limit of one request to the default connection.',
    default: 10_000,
    parse: integer(100, 300_000),
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
    parse: dnsLabel,
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
    help: 'Objects of one kind that are reconciled at once.',
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
