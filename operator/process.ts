/**
 * What a program of ours makes of signals and of errors. Exit codes: 0 ended as asked, 1 could not go on, 2 a wrong option
 * or command.
 */
import { CommanderError } from 'commander';
import { isBridgeError, messageOf } from './errors.ts';

const USAGE_ERROR = 2;

const SIGNALS = ['SIGTERM', 'SIGINT'] as const;
const END_LIMIT_MS = 5000;

/** Aborted by the first SIGTERM or SIGINT; the next one of the same kind ends the process at once. */
export function onceSignalled(told: (signal: NodeJS.Signals) => void = () => {}): AbortSignal {
  const stopping = new AbortController();
  for (const signal of SIGNALS) {
    process.once(signal, () => {
      told(signal);
      stopping.abort();
    });
  }
  return stopping.signal;
}

/** To be called when the work is over: whatever is still open, the process ends soon, and at once when it is told to. */
export function endSoon(): void {
  setTimeout(() => process.exit(), END_LIMIT_MS).unref();
  for (const signal of SIGNALS) {
    process.removeAllListeners(signal);
    process.on(signal, () => process.exit());
  }
}

/** An error of commander, as ours are told. */
export function tellUsageError(text: string, write: (text: string) => void): void {
  write(text.replace(/^error: /, 'nacos-bridge: '));
}

/** Commander has printed its own errors, and help and version are none. */
export function exitCodeOf(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : USAGE_ERROR;
  for (const line of messageOf(error).split('\n')) process.stderr.write(`nacos-bridge: ${line}\n`);
  return isBridgeError(error, 'INVALID_OPTION') ? USAGE_ERROR : 1;
}
