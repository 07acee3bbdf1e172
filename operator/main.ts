#!/usr/bin/env node
/**
 * The command line. Exit codes: 0 ended as asked, 1 could not go on, 2 a wrong option or command.
 */
import { Command, CommanderError } from 'commander';
import manifest from '../package.json' with { type: 'json' };
import { systemClock } from './clock.ts';
import { isBridgeError, messageOf } from './errors.ts';
import { createLogger, errorFields } from './log.ts';
import { createOperator } from './operator.ts';
import { compileRunOptions, createRunCommand, type RunOptions } from './options.ts';

const USAGE_ERROR = 2;

const program = new Command('nacos-bridge')
  .description('Joins a Kubernetes cluster and a Nacos registry into one system.')
  .version(manifest.version, '--version', 'Show the version.')
  .helpOption('--help', 'Show this text.')
  .helpCommand(false)
  .exitOverride();
const runCommand = createRunCommand().exitOverride();
program.addCommand(runCommand.action(() => run(compileRunOptions(runCommand, process.env))));

// `nacos-bridge run --help | head` closes our output early, and that is no failure.
process.stdout.on('error', () => {});

try {
  await program.parseAsync();
} catch (error) {
  process.exitCode = exitCodeOf(error);
}

async function run(options: RunOptions): Promise<void> {
  const log = createLogger({
    level: options.logLevel,
    format: options.logFormat,
    dir: options.logDir,
    rotateSeconds: options.logRotateSeconds,
    maxFiles: options.logMaxFiles,
  });
  const stopping = new AbortController();
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.once(signal, () => {
      log.info('stopping', { signal });
      stopping.abort();
    });
  }
  log.info('starting', { version: manifest.version, node: process.versions.node, identity: options.identity });
  try {
    await createOperator(options, manifest.version, systemClock, log).run(stopping.signal);
    log.info('stopped');
  } catch (error) {
    if (isBridgeError(error, 'INVALID_OPTION')) throw error;
    log.error('cannot go on', errorFields(error));
    process.exitCode = 1;
  }
}

/** Commander has printed its own errors, and help and version are none. */
function exitCodeOf(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : USAGE_ERROR;
  process.stderr.write(`nacos-bridge: ${messageOf(error)}\n`);
  return isBridgeError(error, 'INVALID_OPTION') ? USAGE_ERROR : 1;
}
