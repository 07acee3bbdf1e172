#!/usr/bin/env node
/** The command line. What the exit code of each command means is a part of its options. */
import { Command } from 'commander';
import manifest from '../package.json' with { type: 'json' };
import { systemClock } from './clock.ts';
import { isBridgeError } from './errors.ts';
import { createLogger } from './log.ts';
import { errorFields } from './logger.ts';
import { endSoon, exitCodeOf, onceSignalled, tellUsageError } from './process.ts';
import { createOperator } from './operator.ts';
import {
  diffCommand,
  exportCommand,
  itemsCommand,
  runCommand,
  validateCommand,
  type ProgramCommand,
} from './options/commands.ts';
import type { ItemsOptions } from './options/items-options.ts';
import type { DiffOptions, ExportOptions, ValidateOptions } from './options/manifest-options.ts';
import type { RunOptions } from './options/run-options.ts';

const program = new Command('nacos-bridge')
  .description('Joins a Kubernetes cluster and a Nacos registry into one system.')
  .version(manifest.version, '--version', 'Show the version.')
  .helpOption('-h, --help', 'Show this text; `nacos-bridge COMMAND --help` tells options and exit codes.')
  .helpCommand(false)
  .configureOutput({ outputError: tellUsageError })
  .exitOverride();
add(runCommand, run);
add(validateCommand, validate);
add(diffCommand, diff);
add(exportCommand, exportConfigs);
add(itemsCommand, items);

// `nacos-bridge run --help | head` closes our output early, and that is no failure.
process.stdout.on('error', () => {});

try {
  await program.parseAsync();
} catch (error) {
  process.exitCode = exitCodeOf(error);
}

function add<Options>({ compile, create }: ProgramCommand<Options>, action: (options: Options) => Promise<void>): void {
  const command = create();
  program.addCommand(command.exitOverride().action(() => action(compile(command, process.env))));
}

async function run(options: RunOptions): Promise<void> {
  const log = createLogger({
    level: options.logLevel,
    format: options.logFormat,
    dir: options.logDir,
    rotateSeconds: options.logRotateSeconds,
    maxFiles: options.logMaxFiles,
  });
  const stopping = onceSignalled((signal) => log.info('stopping', { signal }));
  log.info('starting', { version: manifest.version, node: process.versions.node, identity: options.identity });
  try {
    await createOperator(options, manifest.version, systemClock, log).run(stopping);
    log.info('stopped');
  } catch (error) {
    if (isBridgeError(error, 'INVALID_OPTION')) throw error;
    log.error('cannot go on', errorFields(error));
    process.exitCode = 1;
  } finally {
    endSoon();
  }
}

async function validate(options: ValidateOptions): Promise<void> {
  const { runValidate } = await import('./command/validate.ts');
  process.exitCode = await runValidate(options, streams());
}

async function diff(options: DiffOptions): Promise<void> {
  const { runDiff } = await import('./command/diff.ts');
  process.exitCode = await runDiff(options, manifest.version, streams());
}

async function exportConfigs(options: ExportOptions): Promise<void> {
  const { runExport } = await import('./command/export.ts');
  process.exitCode = await runExport(options, manifest.version, streams());
}

async function items(options: ItemsOptions): Promise<void> {
  const { runItems } = await import('./command/items.ts');
  process.exitCode = await runItems(options, manifest.version, streams());
}

function streams() {
  return { input: process.stdin, output: process.stdout, errors: process.stderr };
}
