/**
 * The operator as `nacos-bridge run` would start it, in this process: with its log in a file, JSON lines, since the terminal
 * shows the table, and its ports read from the log, where it says them.
 */
import { createWriteStream, type WriteStream } from 'node:fs';
import { createOperator } from '../../operator/operator.ts';
import { sleep, type Clock } from '../../operator/clock.ts';
import { BridgeError } from '../../operator/errors.ts';
import { runCommand } from '../../operator/options/commands.ts';
import type { RunOptions } from '../../operator/options/run-options.ts';
import type { SandboxOptions } from '../sandbox-options.ts';
import { loggerOf, logLevels, type LogEntry } from '../../operator/logger.ts';

export interface OperatorInProcessOptions {
  readonly sandbox: SandboxOptions;
  readonly kubeconfigFile: string;
  readonly nacosServers: RunOptions['nacos'];
  /** The only namespace that is served, and where its Lease is; undefined on a cluster that nobody else uses. */
  readonly ownNamespace: string | undefined;
  readonly logFile: string;
  readonly version: string;
  readonly clock: Clock;
  /** Told of errors. */
  readonly onError: (entry: LogEntry) => void;
}

const bindAddress = '127.0.0.1';
const maxComplaints = 10;
const readyLimitMs = 30_000;
const readyCallLimitMs = 1000;
const readyPauseMs = 50;

export class OperatorInProcess {
  /** Rejects when the operator could not go on; never resolves before `stop`. */
  readonly ended: Promise<void>;
  /** Warnings and errors, the newest last. */
  readonly complaints: LogEntry[] = [];
  readonly #stopping = new AbortController();
  readonly #clock: Clock;
  readonly #log: WriteStream;
  readonly #ports = new Map<string, number>();
  readonly #listening = Promise.withResolvers<void>();

  constructor({ onError, ...options }: OperatorInProcessOptions) {
    const { sandbox, logFile, version, clock } = options;
    this.#clock = clock;
    // A full disk must not end the sandbox: what it shows is on the terminal.
    this.#log = createWriteStream(logFile, { flags: 'a', mode: 0o600 }).on('error', () => {});
    const logger = loggerOf((entry) => {
      this.#heard(entry, onError);
      const { level, message, fields } = entry;
      if (logLevels.indexOf(level) < logLevels.indexOf(sandbox.logLevel) || this.#log.writableEnded) return;
      this.#log.write(`${JSON.stringify({ ...fields, timestamp: new Date().toISOString(), level, message })}\n`);
    });
    this.ended = createOperator(runOptions(options), version, clock, logger).run(this.#stopping.signal);
    this.ended.catch((error: unknown) => this.#listening.reject(error));
    this.#listening.promise.catch(() => {});
  }

  /** @throws what the operator ended with, or was not ready for after 30 s; ABORTED */
  async ready(signal: AbortSignal): Promise<void> {
    const ended = this.ended.then(() => {
      throw new BridgeError('ABORTED', 'the operator has ended');
    });
    await Promise.race([this.#untilReady(signal), ended]);
  }

  get metricsUrl(): string {
    return `http://${bindAddress}:${this.#ports.get('metrics') ?? 0}/metrics`;
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.ended.catch(() => {});
    if (!this.#log.destroyed) await new Promise<void>((resolve) => this.#log.once('close', resolve).end());
  }

  async #untilReady(signal: AbortSignal): Promise<void> {
    const endMs = this.#clock.monotonic() + readyLimitMs;
    await this.#listening.promise;
    for (;;) {
      try {
        return await assertReady(`http://${bindAddress}:${this.#ports.get('health') ?? 0}/readyz`);
      } catch (error) {
        if (this.#clock.monotonic() > endMs) throw error;
      }
      await sleep(this.#clock, readyPauseMs, signal);
    }
  }

  #heard(entry: LogEntry, onError: (entry: LogEntry) => void): void {
    const { level, message, fields } = entry;
    if (message === 'listening' && typeof fields['server'] === 'string') {
      this.#ports.set(fields['server'], Number(fields['port']));
      if (this.#ports.has('health') && this.#ports.has('metrics')) this.#listening.resolve();
    }
    if (level !== 'warn' && level !== 'error') return;
    this.complaints.push(entry);
    if (this.complaints.length > maxComplaints) this.complaints.shift();
    if (level === 'error') onError(entry);
  }
}

/** @throws KUBE_UNAVAILABLE while it is not ready */
async function assertReady(url: string): Promise<void> {
  const answer = await fetch(`${url}?verbose`, { signal: AbortSignal.timeout(readyCallLimitMs) });
  const text = await answer.text();
  if (answer.ok) return;
  const failed = text.split('\n').filter((line) => line.startsWith('[-]'));
  throw new BridgeError('KUBE_UNAVAILABLE', `not ready: ${failed.join(', ')}`);
}

/** What neither says is as `nacos-bridge run` has it by default. */
function runOptions(options: Omit<OperatorInProcessOptions, 'onError'>): RunOptions {
  const { sandbox, kubeconfigFile, nacosServers, ownNamespace } = options;
  return {
    ...runCommand.compile(runCommand.create().parse([], { from: 'user' }), {}),
    ...sandbox,
    kubeconfig: kubeconfigFile,
    watchNamespaces: ownNamespace === undefined ? [] : [ownNamespace],
    nacos: nacosServers,
    leaderElect: ownNamespace !== undefined,
    leaseNamespace: ownNamespace,
    identity: `sandbox-${process.pid}`,
    bindAddress,
  };
}
