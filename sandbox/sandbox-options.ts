/**
 * The options of one sandbox, complete, and the table that they come from. What the sandbox tells the operator beyond
 * these is in demonstration/operator-in-process.ts.
 */
import type { Command } from 'commander';
import { variables } from '../operator/options/commands.ts';
import {
  compileOptions,
  createCommand,
  renderMarkdown,
  variablesOf,
  type CommandOptions,
  type Environment,
  type OptionRule,
  type OptionTable,
} from '../operator/options/command-options.ts';
import { runTable, type RunOptions } from '../operator/options/run-options.ts';
import { boolean, integer, matching } from '../operator/options/value-rules.ts';

/** Those of `nacos-bridge run` have the same meaning; `nacos` is empty for the embedded one. */
export interface SandboxOptions extends Pick<
  RunOptions,
  'nacos' | 'nacosNamespace' | 'nacosUsername' | 'nacosPasswordFile' | 'metricsPort' | 'healthPort' | 'logLevel'
> {
  /** Check the whole round trip and end. */
  readonly once: boolean;
  /** Undefined: a folder of its own below the folder for temporary files. */
  readonly dir: string | undefined;
  /** On a cluster that is not ours, a random suffix is added. */
  readonly namespace: string;
  /** Of a real cluster; undefined for the embedded one. */
  readonly kubeconfig: string | undefined;
  readonly kubernetesPort: number;
  readonly nacosPort: number;
}

const freePort = { value: 'PORT', default: 0, defaultText: 'a free one', parse: integer(0, 65_535) };
const grpcPortOffset = 1000;

const table: OptionTable<SandboxOptions> = {
  once: {
    group: 'Sandbox',
    value: 'true|false',
    help: 'Check the whole round trip, print what was checked, and end with 0 or 1.',
    default: false,
    isSwitch: true,
    parse: boolean,
  },
  dir: {
    group: 'Sandbox',
    value: 'DIR',
    help: 'Folder for the kubeconfig and the log; removed at the end if it was not there before.',
    default: undefined,
    defaultText: 'a folder of its own',
    parse: matching(/^[^\0]+$/, 'a path'),
  },
  namespace: {
    group: 'Sandbox',
    value: 'NAME',
    help: 'Namespace for the examples; a real cluster gets one with a random suffix.',
    default: 'demo',
    parse: matching(/^[a-z0-9]([a-z0-9-]{0,54}[a-z0-9])?$/, 'the name of a namespace, at most 56 characters'),
  },
  kubeconfig: {
    group: 'Kubernetes',
    value: 'FILE',
    help: 'Use the cluster of this kubeconfig instead of the embedded one.',
    default: undefined,
    defaultText: 'the embedded one',
    parse: matching(/^[^\0]+$/, 'a path'),
  },
  kubernetesPort: { ...freePort, group: 'Kubernetes', help: 'Port of the embedded Kubernetes API.' },
  nacos: {
    ...runTable.nacos,
    help: 'Use these Nacos servers instead of the embedded one.',
    defaultText: 'the embedded one',
  },
  nacosNamespace: { ...runTable.nacosNamespace, help: 'Nacos namespace that the examples are published in.' },
  nacosUsername: { ...runTable.nacosUsername, help: 'User of these Nacos servers.' },
  nacosPasswordFile: runTable.nacosPasswordFile,
  nacosPort: {
    ...freePort,
    group: 'Nacos',
    help: `HTTP port of the embedded Nacos; gRPC is at that port + ${grpcPortOffset}.`,
    parse: integer(0, 65_535 - grpcPortOffset),
  },
  metricsPort: { ...freePort, group: 'Endpoints', help: 'Port of /metrics.' },
  healthPort: { ...freePort, group: 'Endpoints', help: 'Port of /healthz and /readyz.' },
  logLevel: { ...runTable.logLevel, help: "The least severe level that is written to the operator's log." },
};

const rules: readonly OptionRule<SandboxOptions>[] = [
  {
    of: ['nacosUsername', 'nacosPasswordFile'],
    problem: ({ nacosUsername, nacosPasswordFile }) =>
      (nacosUsername === undefined) !== (nacosPasswordFile === undefined) &&
      '--nacos-username and --nacos-password-file must be given together',
  },
  {
    of: ['nacos', 'nacosUsername'],
    problem: ({ nacos, nacosUsername }) =>
      nacos.length === 0 &&
      nacosUsername !== undefined &&
      '--nacos must be given when --nacos-username is: the embedded Nacos asks for no login',
  },
  {
    of: ['nacos', 'nacosPort'],
    problem: ({ nacos, nacosPort }) =>
      nacos.length > 0 && nacosPort !== 0 && '--nacos-port is of the embedded Nacos, which --nacos replaces',
  },
  {
    of: ['kubeconfig', 'kubernetesPort'],
    problem: ({ kubeconfig, kubernetesPort }) =>
      kubeconfig !== undefined &&
      kubernetesPort !== 0 &&
      '--kubernetes-port is of the embedded Kubernetes API, which --kubeconfig replaces',
  },
  { of: ['kubernetesPort', 'nacosPort', 'metricsPort', 'healthPort'], problem: twoOnOnePort },
];

function twoOnOnePort({ kubernetesPort, nacosPort, metricsPort, healthPort }: SandboxOptions): string | false {
  const flags: [flag: string, port: number][] = [
    ['--kubernetes-port', kubernetesPort],
    ['--nacos-port', nacosPort],
    ['--nacos-port + 1000', nacosPort && nacosPort + grpcPortOffset],
    ['--metrics-port', metricsPort],
    ['--health-port', healthPort],
  ];
  for (const [index, [flag, number]] of flags.entries()) {
    const other = flags.slice(0, index).find(([, taken]) => taken !== 0 && taken === number);
    if (other) return `${other[0]} and ${flag} must differ, and both are '${number}'`;
  }
  return false;
}

const sandbox: CommandOptions<SandboxOptions> = {
  name: 'sandbox',
  description: 'See Nacos Bridge work: an embedded Kubernetes API, an embedded Nacos, and the operator between them.',
  exitCodes: [
    [0, 'ended as asked, or everything was as it should be'],
    [1, 'it was not'],
    [2, 'a wrong option'],
  ],
  table,
  rules,
};

export function createSandboxCommand(): Command {
  return createCommand(sandbox);
}

/** @throws INVALID_OPTION with one line per problem, all of them */
export function compileSandboxOptions(command: Command, environment: Environment): SandboxOptions {
  return compileOptions(sandbox, command, environment, new Set([...variables, ...variablesOf(sandbox)]));
}

/** The options as Markdown, a table per group, for the documentation. */
export function renderSandboxOptionsMarkdown(): string {
  return renderMarkdown(sandbox);
}
