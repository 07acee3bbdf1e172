/** The sandbox as a process of its own, with what it prints. */
import { spawn, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

const main = join(import.meta.dirname, '../../../sandbox/main.ts');

export class SandboxProcess {
  readonly ended: Promise<Ended>;
  readonly #child: ChildProcess;
  #stdout = '';
  #stderr = '';
  #onOutput: () => void = () => {};

  static start(args: readonly string[]): SandboxProcess {
    return new SandboxProcess(args);
  }

  private constructor(args: readonly string[]) {
    // Variables of the person who runs the tests must not reach it.
    const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('NACOS_BRIDGE_')));
    this.#child = spawn(process.execPath, [main, ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] });
    this.#child.stdout?.setEncoding('utf8').on('data', (text: string) => this.#heard(text));
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => (this.#stderr += text));
    this.ended = new Promise((resolve, reject) => {
      this.#child.once('error', reject);
      this.#child.once('close', (code) => {
        resolve({ code, stdout: this.#stdout, stderr: this.#stderr });
        this.#onOutput();
      });
    });
  }

  /** Resolves when it has printed this. Rejects when it ends before. */
  printed(pattern: RegExp): Promise<RegExpExecArray> {
    return new Promise((resolve, reject) => {
      const before = this.#onOutput;
      const look = () => {
        const found = pattern.exec(this.#stdout);
        const isOver = this.#child.exitCode !== null || this.#child.signalCode !== null;
        if (!found && !isOver) return;
        this.#onOutput = before;
        if (found) resolve(found);
        else reject(new Error(`it ended without ${pattern}:\n${this.#stdout}${this.#stderr}`));
      };
      this.#onOutput = () => {
        before();
        look();
      };
      look();
    });
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  #heard(text: string): void {
    this.#stdout += text;
    this.#onOutput();
  }
}
