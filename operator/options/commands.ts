/**
 * The commands of the program with their options; how options come from flags, the environment and defaults is said in
 * options/command-options.ts.
 */
import type { Command } from 'commander';
import {
  compileOptions,
  createCommand,
  operandsOf,
  renderMarkdown,
  variablesOf,
  type CommandOptions,
  type Environment,
  type OptionRule,
} from './command-options.ts';
import {
  diffRules,
  diffTable,
  exportRules,
  exportTable,
  validateTable,
  type DiffOptions,
  type ExportOptions,
  type ValidateOptions,
} from './manifest-options.ts';
import type { RunOptions } from './run-options.ts';
import { table } from './table.ts';

export type { DiffOptions, ExportOptions, NacosAccessOptions, ValidateOptions } from './manifest-options.ts';
export type { RunOptions } from './run-options.ts';

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

const manifestFiles = 'FILE|DIR|-...';

const validate: CommandOptions<Omit<ValidateOptions, 'files'>> = {
  name: 'validate',
  description: 'Check manifests, and the contents in them, without a cluster and without Nacos.',
  operands: manifestFiles,
  table: validateTable,
  rules: [],
};

const diff: CommandOptions<Omit<DiffOptions, 'files'>> = {
  name: 'diff',
  description: 'Show what the operator would change in Nacos if these manifests were applied.',
  operands: manifestFiles,
  table: diffTable,
  rules: diffRules,
};

const exporting: CommandOptions<ExportOptions> = {
  name: 'export',
  description: 'Write the configs of a Nacos namespace as manifests.',
  table: exportTable,
  rules: exportRules,
};

/** A variable that another command knows is no mistake. */
export const variables: ReadonlySet<string> = new Set([
  ...variablesOf(run),
  ...variablesOf(validate),
  ...variablesOf(diff),
  ...variablesOf(exporting),
]);

/** The subcommand `run` with its help text; whoever adds it to a program gives it an action. */
export function createRunCommand(): Command {
  return createCommand(run);
}

/** @throws INVALID_OPTION with one line per problem, all of them */
export function compileRunOptions(command: Command, environment: Environment): RunOptions {
  return compileOptions(run, command, environment, variables);
}

export function createValidateCommand(): Command {
  return createCommand(validate);
}

/** @throws INVALID_OPTION with one line per problem, all of them */
export function compileValidateOptions(command: Command, environment: Environment): ValidateOptions {
  return { ...compileOptions(validate, command, environment, variables), files: operandsOf(command) };
}

export function createDiffCommand(): Command {
  return createCommand(diff);
}

/** @throws INVALID_OPTION with one line per problem, all of them */
export function compileDiffOptions(command: Command, environment: Environment): DiffOptions {
  return { ...compileOptions(diff, command, environment, variables), files: operandsOf(command) };
}

export function createExportCommand(): Command {
  return createCommand(exporting);
}

/** @throws INVALID_OPTION with one line per problem, all of them */
export function compileExportOptions(command: Command, environment: Environment): ExportOptions {
  return compileOptions(exporting, command, environment, variables);
}

/** The options of `run` as Markdown, a table per group, for the documentation. */
export function renderOptionsMarkdown(): string {
  return renderMarkdown(run);
}

/** Those of validate, diff and export, a section for each. */
export function renderManifestCommandsMarkdown(): string {
  return [renderSection(validate), renderSection(diff), renderSection(exporting)].join('\n');
}

function renderSection<Options>(command: CommandOptions<Options>): string {
  return `## Options of ${command.name}\n\n${renderMarkdown(command)}`;
}
