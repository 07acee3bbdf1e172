/**
 * A server that the testbed runs: its output in a log file, its end seen, and its own end certain.
 *
 * Guarantees: the process never outlives this one (see watchdog.ts); it never keeps this one alive by itself; `end` is
 * bounded, SIGKILL being the bound. It is the leader of its own process group, so a Ctrl-C in the terminal reaches
 * only this process, which then stops its servers in order.
 */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { closeSync, mkdirSync, openSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { guard, unguard } from './watchdog.ts';

export interface ProcessOptions {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd?: string;
  /** Added to this process's environment. */
  readonly env?: Readonly<Record<string, string>>;
  /** Appended to. */
  readonly logFile: string;
  /** Standard input and output become `input` and `output` instead of going to nothing and the log. */
  readonly piped?: boolean;
  /** Called with a report for people when the process ends and nobody asked it to. */
  readonly onDeath?: (report: string) => void;
}

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

const endGraceMs = 15_000;

export class ServerProcess {
  readonly name: string;
  readonly logFile: string;
  readonly exited: Promise<Exit>;
  readonly #child: ChildProcess;
  #exit: Exit | undefined;
  #endRequested = false;

  constructor(options: ProcessOptions) {
    this.name = options.name;
    this.logFile = options.logFile;
    mkdirSync(dirname(options.logFile), { recursive: true });
    const log = openSync(options.logFile, 'a');
    this.#child = spawn(options.command, options.args, {
      cwd: options.cwd,
      env: { ...process.env, ...options.env },
      detached: true,
      stdio: options.piped ? ['pipe', 'pipe', log] : ['ignore', log, log],
    });
    closeSync(log);
    this.#child.unref();
    const { pid } = this.#child;
    if (pid !== undefined) guard(pid);
    this.exited = new Promise((resolve) => {
      const settle = (exit: Exit): void => {
        if (this.#exit) return;
        if (pid !== undefined) unguard(pid);
        this.#exit = exit;
        resolve(exit);
        if (!this.#endRequested && options.onDeath) void this.describeDeath().then(options.onDeath);
      };
      this.#child.once('exit', (code, signal) => settle({ code, signal }));
      // The command could not be started at all.
      this.#child.once('error', () => settle({ code: 127, signal: null }));
    });
  }

  /** Undefined when the command could not be started. */
  get pid(): number | undefined {
    return this.#child.pid;
  }

  get isRunning(): boolean {
    return this.#exit === undefined;
  }

  get input(): Writable {
    if (!this.#child.stdin) throw new Error(`${this.name} was not started with pipes`);
    return this.#child.stdin;
  }

  get output(): Readable {
    if (!this.#child.stdout) throw new Error(`${this.name} was not started with pipes`);
    return this.#child.stdout;
  }

  /** The end of the log. */
  async tail(lines = 20): Promise<string> {
    const text = await readFile(this.logFile, 'utf8').catch(() => '');
    return text.trimEnd().split('\n').slice(-lines).join('\n');
  }

  async describeDeath(): Promise<string> {
    const how = this.#exit?.signal ?? `code ${this.#exit?.code ?? 'none'}`;
    return `${this.name} ended with ${how}; the end of ${this.logFile}:\n${await this.tail()}`;
  }

  /** Sends a signal and returns at once: for SIGSTOP and SIGCONT. */
  signal(signal: NodeJS.Signals): void {
    if (this.isRunning) this.#child.kill(signal);
  }

  /** Sends a signal that ends the process and waits until it is gone; SIGKILL follows when the grace is over. */
  async end(signal: NodeJS.Signals = 'SIGTERM', graceMs: number = endGraceMs): Promise<void> {
    if (!this.isRunning) return;
    this.#endRequested = true;
    this.#child.ref();
    this.#child.kill(signal);
    // A stopped process acts on nothing but SIGKILL until it is continued.
    if (signal !== 'SIGKILL') this.#child.kill('SIGCONT');
    const bound = setTimeout(() => this.#child.kill('SIGKILL'), graceMs);
    await this.exited;
    clearTimeout(bound);
  }
}

/**
 * Polls until `check` is true; an error of the check means "not yet".
 *
 * @throws Error as soon as one of the processes ends, or when the time is over, with the end of the log.
 */
export async function waitUntil(
  what: string,
  processes: readonly ServerProcess[],
  check: () => Promise<boolean>,
  timeoutMs = 90_000,
): Promise<void> {
  const deadlineMs = performance.now() + timeoutMs;
  for (;;) {
    if (await check().catch(() => false)) return;
    const dead = processes.find((candidate) => !candidate.isRunning);
    if (dead) throw new Error(await dead.describeDeath());
    if (performance.now() > deadlineMs) {
      const logs = await Promise.all(processes.map(async (late) => `${late.logFile}:\n${await late.tail()}`));
      throw new Error(`${what}: not within ${timeoutMs / 1000} s\n${logs.join('\n')}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
