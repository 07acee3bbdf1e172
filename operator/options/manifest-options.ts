/**
 * The options of the commands for repositories of manifests: validate, diff and export, complete, and the tables that
 * they come from.
 */
import type { GivenServers } from '../connections/default-connection.ts';
import type { CommandOptions, OptionTable } from './command-options.ts';
import { givenServers, loginIsWhole, serversAreGiven } from './given-servers.ts';
import { runTable } from './run-options.ts';
import { matching, namespaceName, oneOf, path } from './value-rules.ts';

export interface ValidateOptions {
  /** Files, folders, or `-` for standard input. */
  readonly files: readonly string[];
  readonly namespace: string;
}

export interface DiffOptions extends GivenServers, ValidateOptions {
  /** Undefined: no cluster is asked. */
  readonly kubeconfig: string | undefined;
  /** Undefined: that of the cluster, where one is asked. */
  readonly clusterId: string | undefined;
}

const exportedSources = ['Kubernetes', 'Nacos', 'Both'] as const;

export interface ExportOptions extends GivenServers {
  readonly group: string;
  readonly dataId: string;
  readonly source: (typeof exportedSources)[number];
  /** Undefined: none is written into the manifests. */
  readonly namespace: string | undefined;
  /** Undefined: standard output. */
  readonly output: string | undefined;
}

const group = 'Manifests';
const pattern = matching(/^[\w.:*-]{1,256}$/, 'letters, digits, "_", "-", ".", ":" and "*" for any text');

const servers: OptionTable<GivenServers> = {
  nacos: { ...givenServers.nacos, help: 'Servers to ask.' },
  nacosNamespace: { ...givenServers.nacosNamespace, help: 'Nacos namespace.' },
  nacosPublicNamespace: givenServers.nacosPublicNamespace,
  nacosUsername: { ...givenServers.nacosUsername, help: 'User of these servers.' },
  nacosPasswordFile: givenServers.nacosPasswordFile,
  nacosRequestTimeoutMs: { ...givenServers.nacosRequestTimeoutMs, help: 'Time limit of one request.' },
};

const validateTable: OptionTable<Omit<ValidateOptions, 'files'>> = {
  namespace: {
    group,
    value: 'NAME',
    help: 'Namespace of the objects that name none.',
    default: 'default',
    parse: namespaceName,
  },
};

const diffTable: OptionTable<Omit<DiffOptions, 'files'>> = {
  ...validateTable,
  ...servers,
  nacos: {
    ...givenServers.nacos,
    help: 'Servers of the default connection; also asked in place of those that NacosConnections name.',
    defaultText: 'those of NacosConnections',
  },
  nacosNamespace: { ...givenServers.nacosNamespace, help: 'Nacos namespace of the default connection.' },
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

const exportTable: OptionTable<ExportOptions> = {
  ...servers,
  nacos: { ...servers.nacos, defaultText: 'none; it must be given' },
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
    parse: path,
  },
};

const manifestFiles = 'FILE|DIR|-...';

export const validate: CommandOptions<Omit<ValidateOptions, 'files'>> = {
  name: 'validate',
  description: 'Check manifests, and the contents in them, without a cluster and without Nacos.',
  operands: manifestFiles,
  table: validateTable,
  rules: [],
};

export const diff: CommandOptions<Omit<DiffOptions, 'files'>> = {
  name: 'diff',
  description: 'Show what the operator would change in Nacos if these manifests were applied.',
  operands: manifestFiles,
  table: diffTable,
  rules: [loginIsWhole, serversAreGiven],
};

export const exporting: CommandOptions<ExportOptions> = {
  name: 'export',
  description: 'Write the configs of a Nacos namespace as manifests.',
  table: exportTable,
  rules: [
    loginIsWhole,
    { of: ['nacos'], problem: ({ nacos }) => nacos.length === 0 && '--nacos must be given: HOST:PORT,...' },
  ],
};
