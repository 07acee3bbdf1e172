/**
 * The options of the commands for repositories of manifests: validate, diff and export, complete, and the tables that
 * they come from.
 */
import { selectByLabels } from '../connections/allowance.ts';
import type { GivenServers } from '../connections/default-connection.ts';
import type { CommandOptions, OptionTable } from './command-options.ts';
import {
  allowedServersAreGiven,
  givenServers,
  loginIsWhole,
  serversAreGiven,
  type AllowedServers,
} from './given-servers.ts';
import { runTable } from './run-options.ts';
import { boolean, matching, namespaceName, oneOf } from './value-rules.ts';

const outputs = ['text', 'json'] as const;

export interface ValidateOptions {
  /** Files, folders, or `-` for standard input. */
  readonly files: readonly string[];
  readonly namespace: string;
  readonly output: (typeof outputs)[number];
  /** Warnings count as problems. */
  readonly strict: boolean;
}

export interface DiffOptions extends GivenServers, AllowedServers, ValidateOptions {
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
  /** Whether files of former exports go whose configs are gone. */
  readonly prune: boolean;
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

/** The other commands take a format by this name. */
const folder = matching(/^(?!(text|json)$)[^\0]+$/, 'a folder; one of that name is ./text or ./json');

const validateTable: OptionTable<Omit<ValidateOptions, 'files'>> = {
  namespace: {
    group,
    short: 'n',
    value: 'NAME',
    help: 'Namespace of the objects that name none.',
    default: 'default',
    parse: namespaceName,
  },
  output: {
    group,
    short: 'o',
    value: outputs.join('|'),
    help: 'Text for people, or one JSON object for programs.',
    default: 'text',
    parse: oneOf(...outputs),
  },
  strict: {
    group,
    value: '',
    help: 'Take warnings for problems, and objects of other kinds for warnings.',
    default: false,
    parse: boolean,
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
  nacosAllow: {
    ...runTable.nacosAllow,
    help: 'The `--nacos-allow` of the operator: what it does not allow is told.',
    defaultText: 'everything, to all namespaces',
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
    short: 'n',
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
    parse: folder,
  },
  prune: {
    group,
    value: '',
    help: 'Remove the files in that folder that `export` made for configs that are gone, of those that the patterns match.',
    default: false,
    parse: boolean,
  },
};

const manifestFiles = 'FILE|DIR|-...';

export const validate: CommandOptions<Omit<ValidateOptions, 'files'>> = {
  name: 'validate',
  description: 'Check manifests, and the contents in them, without a cluster and without Nacos.',
  operands: manifestFiles,
  exitCodes: [
    [0, 'nothing is wrong'],
    [1, 'there are problems'],
    [2, 'a wrong option, a file that cannot be read, or no object at all'],
  ],
  table: validateTable,
  rules: [],
};

export const diff: CommandOptions<Omit<DiffOptions, 'files'>> = {
  name: 'diff',
  description: 'Show what the operator would change in Nacos if these manifests were applied.',
  operands: manifestFiles,
  exitCodes: [
    [0, 'nothing would change'],
    [1, 'something would change, or is in conflict'],
    [2, 'it cannot be told: a wrong option, a problem of a manifest, or no answer'],
  ],
  table: diffTable,
  rules: [
    loginIsWhole,
    serversAreGiven,
    allowedServersAreGiven,
    {
      of: ['kubeconfig', 'nacosAllow'],
      problem: ({ kubeconfig, nacosAllow }) =>
        kubeconfig === undefined &&
        selectByLabels(nacosAllow) &&
        '--kubeconfig must be given when --nacos-allow selects namespaces by labels',
    },
  ],
};

export const exporting: CommandOptions<ExportOptions> = {
  name: 'export',
  description: 'Write the configs of a Nacos namespace as manifests.',
  exitCodes: [
    [0, 'all that matches is exported'],
    [1, 'something is left out, the Nacos namespace holds no config, or Nacos does not answer'],
    [2, 'a wrong option'],
  ],
  table: exportTable,
  rules: [
    loginIsWhole,
    {
      of: ['prune', 'output'],
      problem: ({ output, prune }) => prune && output === undefined && '--output must be given when --prune is',
    },
    { of: ['nacos'], problem: ({ nacos }) => nacos.length === 0 && '--nacos must be given: HOST:PORT,...' },
  ],
};
