/**
 * The folder of one sandbox: its kubeconfig and its log. A lock file with the process id keeps a second sandbox out.
 *
 * Guarantees: what a sandbox that was killed left behind is taken over; a folder that we made goes with us, of one that
 * was there before only our own files do, but for the log.
 */
import { link, mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir, uptime } from 'node:os';
import { join, resolve } from 'node:path';
import { BridgeError, messageOf } from '../../operator/errors.ts';

const lockName = 'sandbox.lock';

export class SandboxFolder {
  readonly path: string;
  readonly kubeconfigFile: string;
  readonly logFile: string;
  readonly #isOurs: boolean;

  private constructor(path: string, isOurs: boolean) {
    this.path = path;
    this.kubeconfigFile = join(path, 'kubeconfig');
    this.logFile = join(path, 'operator.log');
    this.#isOurs = isOurs;
  }

  /** @throws INVALID_OPTION when another sandbox is in it, or it cannot be made */
  static async open(dir: string | undefined): Promise<SandboxFolder> {
    const path = dir === undefined ? await mkdtemp(join(tmpdir(), 'nacos-bridge-sandbox-')) : resolve(dir);
    const made = await mkdir(path, { recursive: true, mode: 0o700 }).catch((error: unknown) => {
      throw new BridgeError('INVALID_OPTION', `--dir: '${path}' cannot be made: ${messageOf(error)}`, { cause: error });
    });
    const folder = new SandboxFolder(path, dir === undefined || made !== undefined);
    await folder.#lock();
    return folder;
  }

  async writeKubeconfig(text: string): Promise<void> {
    await writeFile(this.kubeconfigFile, text, { mode: 0o600 });
  }

  /** Idempotent. */
  async close(): Promise<void> {
    if (this.#isOurs) return rm(this.path, { recursive: true, force: true });
    await rm(this.kubeconfigFile, { force: true });
    await rm(join(this.path, lockName), { force: true });
  }

  async #lock(): Promise<void> {
    const file = join(this.path, lockName);
    for (;;) {
      try {
        return await createWhole(file, `${process.pid}\n`);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST') {
          const message = `--dir: '${this.path}' cannot be written to: ${messageOf(error)}`;
          throw new BridgeError('INVALID_OPTION', message, { cause: error });
        }
      }
      const holder = await holderOf(file);
      if (holder !== undefined) {
        const advice = 'choose another by --dir, or leave --dir out for a folder of its own';
        const message = `--dir: '${this.path}' is in use by another sandbox (process ${holder}); ${advice}`;
        throw new BridgeError('INVALID_OPTION', message);
      }
      await rm(file, { force: true });
    }
  }
}

/** Nobody ever sees half of it. Fails with EEXIST. */
async function createWhole(file: string, text: string): Promise<void> {
  const draft = `${file}.${process.pid}`;
  try {
    await writeFile(draft, text, { mode: 0o600 });
    await link(draft, file);
  } finally {
    await rm(draft, { force: true });
  }
}

/** The id of the process that holds the lock; undefined when it is gone. */
async function holderOf(file: string): Promise<number | undefined> {
  const [text, facts] = await Promise.all([readFile(file, 'utf8'), stat(file)]).catch(() => ['', undefined] as const);
  const pid = Number(text.trim());
  if (!facts || !Number.isInteger(pid) || pid < 1) return undefined;
  // The machine was started since: the id belongs to another process by now.
  if (facts.mtimeMs < Date.now() - uptime() * 1000) return undefined;
  try {
    process.kill(pid, 0);
    return pid;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM' ? pid : undefined;
  }
}
