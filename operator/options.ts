/**
 * The commands of the program with their options; how options come from flags, the environment and defaults is said in
 * options/command-options.ts.
 */
import type { Command } from 'commander';
import {
  compileOptions,
  createCommand,
  renderMarkdown,
  variablesOf,
  type CommandOptions,
  type Environment,
  type OptionRule,
} from './options/command-options.ts';
import type { RunOptions } from './options/run-options.ts';
import { sandboxRules, sandboxTable, type SandboxOptions } from './options/sandbox-options.ts';
import { table } from './options/table.ts';

export type { RunOptions } from './options/run-options.ts';
export type { SandboxOptions } from './options/sandbox-options.ts';

const rules: OptionRule<RunOptions>[] = [
  {
    of: ['nacosUsername', 'nacosPasswordFile'],
    problem: ({ nacosUsername, nacosPasswordFile }) =>
      (nacosUsername === undefined) !== (nacosPasswordFile === undefined) &&
      '--nacos-username and --nacos-password-file must be given together',
  },
  {
    of: ['nacos', 'nacosUsername', 'nacosNamespace'],
    problem: ({ nacos, nacosUsername, nacosNamespace }) =>
      nacos.length === 0 &&
      (nacosUsername !== undefined || nacosNamespace !== '') &&
      '--nacos must be given when other options of the default connection are',
  },
  {
    of: ['metricsPort', 'healthPort'],
    problem: ({ metricsPort, healthPort }) =>
      metricsPort !== 0 &&
      metricsPort === healthPort &&
      `--metrics-port and --health-port must differ, and both are '${metricsPort}'`,
  },
];

const run: CommandOptions<RunOptions> = {
  name: 'run',
  description: 'Run the operator; in a cluster by its service account, outside by a kubeconfig.',
  table,
  rules,
};

const sandbox: CommandOptions<SandboxOptions> = {
  name: 'sandbox',
  description: 'See it work: an embedded Kubernetes API, an embedded Nacos, and the operator between them.',
  table: sandboxTable,
  rules: sandboxRules,
};

const variables = new Set([...variablesOf(run), ...variablesOf(sandbox)]);

/** The subcommand `run` with its help text; whoever adds it to a program gives it an action. */
export function createRunCommand(): Command {
  return createCommand(run);
}

/** @throws INVALID_OPTION with one line per problem, all of them */
export function compileRunOptions(command: Command, environment: Environment): RunOptions {
  return compileOptions(run, command, environment, variables);
}

export function createSandboxCommand(): Command {
  return createCommand(sandbox);
}

/** @throws INVALID_OPTION with one line per problem, all of them */
export function compileSandboxOptions(command: Command, environment: Environment): SandboxOptions {
  return compileOptions(sandbox, command, environment, variables);
}

/** The options of `run` as Markdown, a table per group, for the documentation. */
export function renderOptionsMarkdown(): string {
  return renderMarkdown(run);
}

export function renderSandboxOptionsMarkdown(): string {
  return renderMarkdown(sandbox);
}
