/**
 * The commands of the program: their help text, their options from flags, the environment and defaults, and what the
 * documentation says of them.
 */
import type { Command } from 'commander';
import { BridgeError } from '../errors.ts';
import {
  compileOptions,
  createCommand,
  operandsOf,
  renderExitCodes,
  renderMarkdown,
  variablesOf,
  type CommandOptions,
  type Environment,
} from './command-options.ts';
import { items, syncProblem, type ItemsOptions } from './items-options.ts';
import {
  diff,
  exporting,
  validate,
  type DiffOptions,
  type ExportOptions,
  type ValidateOptions,
} from './manifest-options.ts';
import { run, type RunOptions } from './run-options.ts';

export interface ProgramCommand<Options> {
  /** The subcommand with its help text; whoever adds it to a program gives it an action. */
  create(): Command;
  /** @throws INVALID_OPTION with one line per problem, all of them */
  compile(command: Command, environment: Environment): Options;
}

/** A variable that another command knows is no mistake. */
export const variables: ReadonlySet<string> = new Set([
  ...variablesOf(run),
  ...variablesOf(validate),
  ...variablesOf(diff),
  ...variablesOf(exporting),
  ...variablesOf(items),
]);

export const runCommand: ProgramCommand<RunOptions> = programCommand(run);
export const validateCommand: ProgramCommand<ValidateOptions> = withFiles(programCommand(validate));
export const diffCommand: ProgramCommand<DiffOptions> = withFiles(programCommand(diff));
export const exportCommand: ProgramCommand<ExportOptions> = programCommand(exporting);
export const itemsCommand: ProgramCommand<ItemsOptions> = withSync(programCommand(items));

/** The options of `run` as Markdown, a table per group, for the documentation. */
export function renderOptionsMarkdown(): string {
  return renderMarkdown(run);
}

/** The exit codes of all commands, and the options of those but run, a section for each. */
export function renderOtherCommandsMarkdown(): string {
  return [
    `## Exit codes\n\n${renderExitCodes([validate, diff, exporting, items, run])}`,
    renderSection(validate),
    renderSection(diff),
    renderSection(exporting),
    renderSection(items),
  ].join('\n');
}

function programCommand<Options extends object>(options: CommandOptions<Options>): ProgramCommand<Options> {
  return {
    create: () => createCommand(options),
    compile: (command, environment) => compileOptions(options, command, environment, variables),
  };
}

function withFiles<Options extends object>({ compile, create }: ProgramCommand<Options>) {
  return {
    create,
    compile: (command: Command, environment: Environment) => ({
      ...compile(command, environment),
      files: operandsOf(command),
    }),
  };
}

function withSync<Options extends object>({ compile, create }: ProgramCommand<Options>) {
  return {
    create,
    compile: (command: Command, environment: Environment) => {
      const options = compile(command, environment);
      const names = operandsOf(command);
      const problem = syncProblem(names);
      if (problem !== undefined) throw new BridgeError('INVALID_OPTION', problem);
      return { ...options, sync: names[0] ?? '' };
    },
  };
}

function renderSection<Options>(command: CommandOptions<Options>): string {
  return `## Options of ${command.name}\n\n${renderMarkdown(command)}`;
}
