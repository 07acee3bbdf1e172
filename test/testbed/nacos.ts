/**
 * A real Nacos server on loopback: standalone, embedded storage, authentication on unless told otherwise.
 *
 * Guarantees: several run side by side; what was written survives `kill` and `start`. The server's active health checks
 * are off unless asked for, because it dials every persistent instance that is registered: a test that turns them on
 * registers addresses of 127.0.0.0/8 only. Caveat: the server's Raft port listens on all addresses, on 2.3 gRPC does too.
 */
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { NacosAdmin } from './nacos-admin.ts';
import { applicationProperties, javaArgs } from './nacos-settings.ts';
import type { NacosPlace } from './nacos-settings.ts';
import { findPart } from './parts.ts';
import { freePortBlock } from './ports.ts';
import { ServerProcess, waitUntil } from './process.ts';

export type NacosVersion = '3.1' | '2.3';

export interface NacosOptions {
  /** The HTTP port; gRPC is at +1000 and +1001, Raft at -1000, all of which must be free. @default free ones */
  readonly port?: number;
  /** Of the user `nacos`. @default random */
  readonly password?: string;
  /** How long an access token lives. @default 18000 */
  readonly tokenSeconds?: number;
  /** `admin`: as Nacos 3 is shipped, the admin API asks for a login and clients need none. @default true */
  readonly auth?: boolean | 'admin';
  /** Of one gRPC request. @default 10 MiB, the server's own */
  readonly maxMessageBytes?: number;
  /** Lets the server dial persistent instances. @default false */
  readonly healthCheck?: boolean;
  /** Holds data and logs; kept on stop when it is given. @default a temporary folder, removed on stop */
  readonly home?: string;
  /** HOST:PORT of all nodes, itself among them, if it is one of a cluster: see nacos-cluster.ts. */
  readonly members?: readonly string[];
  /** Told when the server ends by itself, with the end of its log. @default process.stderr */
  readonly log?: (line: string) => void;
}

const grpcOffset = 1000;
const clusterGrpcOffset = 1001;
const raftOffset = -1000;
/** Ten seconds on an idle machine; a busy one that starts several takes minutes. */
const startLimitMs = 180_000;

export async function startNacos(version: NacosVersion, options: NacosOptions = {}): Promise<NacosServer> {
  if (!existsSync(partDir(version))) throw new Error('the testbed is not built; run: npm run testbed');
  const home = options.home ?? (await mkdtemp(join(tmpdir(), `nacos-bridge-nacos-${version}-`)));
  const port = options.port ?? (await freeNacosPort());
  const server = new NacosServer(version, home, port, options);
  try {
    await server.start();
  } catch (error) {
    await server.stop();
    throw error;
  }
  return server;
}

/** A port whose neighbours, which a server takes as well, are free too. */
export function freeNacosPort(): Promise<number> {
  return freePortBlock([0, grpcOffset, clusterGrpcOffset, raftOffset]);
}

export class NacosServer {
  readonly version: NacosVersion;
  readonly host = '127.0.0.1';
  /** HTTP; also what clients are given as the server's address. */
  readonly port: number;
  readonly grpcPort: number;
  readonly username = 'nacos';
  readonly password: string;
  readonly home: string;
  readonly admin: NacosAdmin;
  readonly #options: NacosOptions;
  #process: ServerProcess | undefined;

  constructor(version: NacosVersion, home: string, port: number, options: NacosOptions) {
    this.version = version;
    this.home = home;
    this.port = port;
    this.grpcPort = port + grpcOffset;
    this.password = options.password ?? `password-${randomBytes(8).toString('hex')}`;
    this.#options = options;
    const baseUrl = `http://${this.host}:${port}/nacos`;
    const password = options.auth === false ? undefined : this.password;
    this.admin = new NacosAdmin({ version, baseUrl, username: this.username, password });
  }

  /** Starts on the same port and data, and waits until HTTP, gRPC and logins work. Does nothing when it runs. */
  async start(): Promise<void> {
    if (this.#process?.isRunning) return;
    await mkdir(join(this.home, 'conf'), { recursive: true });
    await writeFile(join(this.home, 'conf', 'application.properties'), applicationProperties(this, this.#options), {
      mode: 0o600,
    });
    const { members } = this.#options;
    if (members) await writeFile(join(this.home, 'conf', 'cluster.conf'), `${members.join('\n')}\n`);
    const logFile = join(this.home, 'logs', 'out.log');
    const logStart = await stat(logFile).then(
      ({ size }) => size,
      () => 0,
    );
    const process = new ServerProcess({
      name: `nacos ${this.version}`,
      command: 'java',
      args: await javaArgs({ ...placeOf(this), members }, partDir(this.version)),
      cwd: this.home,
      logFile,
      onDeath: this.#options.log ?? ((report) => globalThis.process.stderr.write(`${report}\n`)),
    });
    this.#process = process;
    const wait = (what: string, check: () => Promise<boolean>): Promise<void> =>
      waitUntil(`nacos ${this.version}: ${what}`, [process], check, startLimitMs);
    await wait('start', async () => (await readFrom(logFile, logStart)).includes('NACOS-LAUNCHER-READY'));
    await wait('readiness', () => this.admin.isReady());
    await wait('gRPC', () => isListening(this.host, this.grpcPort));
    if (this.#options.auth !== false) {
      await this.admin.initialisePassword();
      await wait('login', async () => (await this.admin.login()) !== '');
    }
    if (!this.#options.healthCheck) await wait('health checks off', () => this.admin.switchHealthChecksOff());
  }

  /**
   * Ends the server by a signal and waits until it is gone. SIGSTOP and SIGCONT freeze and thaw it and return at once.
   */
  async kill(signal: NodeJS.Signals): Promise<void> {
    if (signal === 'SIGSTOP' || signal === 'SIGCONT') this.#process?.signal(signal);
    else await this.#process?.end(signal);
  }

  async stop(): Promise<void> {
    await this.kill('SIGTERM');
    if (this.#options.home === undefined) await rm(this.home, { recursive: true, force: true });
  }
}

function placeOf({ version, host, port, home }: NacosServer): NacosPlace {
  return { version, host, port, home };
}

function partDir(version: NacosVersion): string {
  return findPart(`nacos-${version}`).dir;
}

/** What was appended to a log since it had that many bytes. */
async function readFrom(file: string, position: number): Promise<string> {
  return (await readFile(file)).toString('utf8', position);
}

async function isListening(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port });
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
}
