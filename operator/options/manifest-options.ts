/**
 * The options of the commands for repositories of manifests: validate, diff and export, complete, and the tables that
 * they come from.
 */
import { DNS_LABEL } from '../kube/limits.ts';
import type { ServerAddress } from '../nacos/index.ts';
import type { OptionRule, OptionTable } from './command-options.ts';
import { table as runTable } from './table.ts';
import { matching, oneOf } from './value-rules.ts';

export interface ValidateOptions {
  /** Files, folders, or `-` for standard input. */
  readonly files: readonly string[];
  readonly namespace: string;
}

export interface NacosAccessOptions {
  /** Servers of the default connection; empty when there is none. */
  readonly nacos: readonly ServerAddress[];
  readonly nacosNamespace: string;
  readonly nacosUsername: string | undefined;
  readonly nacosPasswordFile: string | undefined;
  readonly nacosRequestTimeoutMs: number;
}

export interface DiffOptions extends NacosAccessOptions, ValidateOptions {
  /** Undefined: no cluster is asked. */
  readonly kubeconfig: string | undefined;
  /** Undefined: that of the cluster, where one is asked. */
  readonly clusterId: string | undefined;
}

export const exportedSources = ['Kubernetes', 'Nacos', 'Both'] as const;

export interface ExportOptions extends NacosAccessOptions {
  readonly group: string;
  readonly dataId: string;
  readonly source: (typeof exportedSources)[number];
  /** Undefined: none is written into the manifests. */
  readonly namespace: string | undefined;
  /** Undefined: standard output. */
  readonly output: string | undefined;
}

const group = 'Manifests';
const namespaceName = matching(DNS_LABEL, 'the name of a namespace');
const pattern = matching(/^[\w.:*-]{1,256}$/, 'letters, digits, "_", "-", ".", ":" and "*" for any text');

const nacosAccess: OptionTable<NacosAccessOptions> = {
  nacos: { ...runTable.nacos, help: 'Servers to ask.' },
  nacosNamespace: { ...runTable.nacosNamespace, help: 'Nacos namespace.' },
  nacosUsername: { ...runTable.nacosUsername, help: 'User of these servers.' },
  nacosPasswordFile: runTable.nacosPasswordFile,
  nacosRequestTimeoutMs: { ...runTable.nacosRequestTimeoutMs, help: 'Time limit of one request.' },
};

export const validateTable: OptionTable<Omit<ValidateOptions, 'files'>> = {
  namespace: {
    group,
    value: 'NAME',
    help: 'Namespace of the objects that name none.',
    default: 'default',
    parse: namespaceName,
  },
};

export const diffTable: OptionTable<Omit<DiffOptions, 'files'>> = {
  ...validateTable,
  ...nacosAccess,
  nacos: {
    ...runTable.nacos,
    help: 'Servers of the default connection; also asked in place of those that NacosConnections name.',
    defaultText: 'those of NacosConnections',
  },
  nacosNamespace: { ...runTable.nacosNamespace, help: 'Nacos namespace of the default connection.' },
  kubeconfig: {
    ...runTable.kubeconfig,
    help: 'Ask this cluster for what was synchronised last, and for what the files lack.',
    defaultText: 'no cluster is asked',
    alsoFrom: undefined,
  },
  clusterId: {
    ...runTable.clusterId,
    help: 'The `--cluster-id` of the operator.',
    defaultText: "that of the cluster; without one any operator's mark counts as ours",
  },
};

export const exportTable: OptionTable<ExportOptions> = {
  ...nacosAccess,
  nacos: { ...nacosAccess.nacos, defaultText: 'none; it must be given' },
  group: { group, value: 'PATTERN', help: 'Groups to export.', default: '*', parse: pattern },
  dataId: { group, value: 'PATTERN', help: 'DataIds to export.', default: '*', parse: pattern },
  source: {
    group,
    value: exportedSources.join('|'),
    help: 'The side that is to decide about the contents: `spec.source` of the manifests.',
    default: 'Kubernetes',
    parse: oneOf(...exportedSources),
  },
  namespace: {
    group,
    value: 'NAME',
    help: 'Namespace to write into the manifests.',
    default: undefined,
    defaultText: 'none',
    parse: namespaceName,
  },
  output: {
    group,
    value: 'DIR',
    help: 'Folder to write one file for each config into.',
    default: undefined,
    defaultText: 'standard output',
    parse: matching(/^[^\0]+$/, 'a path'),
  },
};

const loginTogether: OptionRule<NacosAccessOptions> = {
  of: ['nacosUsername', 'nacosPasswordFile'],
  problem: ({ nacosUsername, nacosPasswordFile }) =>
    (nacosUsername === undefined) !== (nacosPasswordFile === undefined) &&
    '--nacos-username and --nacos-password-file must be given together',
};

export const diffRules: readonly OptionRule<Omit<DiffOptions, 'files'>>[] = [
  loginTogether,
  {
    of: ['nacos', 'nacosUsername', 'nacosNamespace'],
    problem: ({ nacos, nacosUsername, nacosNamespace }) =>
      nacos.length === 0 &&
      (nacosUsername !== undefined || nacosNamespace !== '') &&
      '--nacos must be given when other options of the default connection are',
  },
];

export const exportRules: readonly OptionRule<ExportOptions>[] = [
  loginTogether,
  { of: ['nacos'], problem: ({ nacos }) => nacos.length === 0 && '--nacos must be given: HOST:PORT,...' },
];
