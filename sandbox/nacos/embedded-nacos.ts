/**
 * A Nacos server inside this process: configs and services in memory, over gRPC and HTTP as a server of 3.1 or 2.3 speaks.
 *
 * Tests and the sandbox use it in the place of a real one. What it does wrong is up to `faults`, an outage or a restart
 * are calls. Guarantees: it listens on loopback; `stop` leaves neither sockets nor timers; what was
 * published survives an outage and a restart, and ephemeral instances do not.
 */
import { createServer } from 'node:net';
import type { Server } from 'node:net';
import type { Clock } from '../../operator/clock.ts';
import { systemClock } from '../../operator/clock.ts';
import { silentLogger } from '../../operator/logger.ts';
import type { Logger } from '../../operator/logger.ts';
import { FaultScript } from '../fault-script.ts';
import { createConfig } from './config/create-config.ts';
import type { ConfigPart } from './config/create-config.ts';
import type { Generation } from './generation.ts';
import { NacosHttpServer } from './http-server.ts';
import { Accounts } from './login.ts';
import { namespaceRoutes } from './namespaces.ts';
import { createNaming } from './naming/naming.ts';
import type { Naming, NamingCounts } from './naming/naming.ts';
import { close, grpcPortOffset, listenOnPair } from './port-pair.ts';
import { RpcServer } from './rpc-server.ts';
import { stateRoutes } from './state-routes.ts';

export interface EmbeddedNacosOptions {
  /** Of HTTP; gRPC is at the port + 1000. @default 0, a free pair */
  readonly port?: number;
  /** @default '3.1' */
  readonly generation?: Generation;
  /** Who may log in. @default nobody has to */
  readonly auth?: {
    /** @default 'nacos' */
    readonly username?: string;
    readonly password: string;
    /** How long an access token lives. @default 18000 */
    readonly tokenSeconds?: number;
    /** `admin`: as Nacos 3 is shipped, only the admin API asks for a login. @default everything */
    readonly of?: 'everything' | 'admin';
  };
  /** How long changes of a service are gathered before they are pushed. @default 500, as real servers */
  readonly pushDelayMs?: number;
  /** How long what clients read of configs lags what was written; 0 is not at all. @default 80, as real servers do */
  readonly dumpDelayMs?: number;
  /** @default the system's */
  readonly clock?: Clock;
  /** @default none */
  readonly log?: Logger;
  /** @default none */
  readonly faults?: FaultScript;
}

const defaultDumpDelayMs = 80;
const defaultTokenSeconds = 18_000;

/** @throws INVALID_OPTION naming the port when it is taken. */
export async function startEmbeddedNacos(options: EmbeddedNacosOptions = {}): Promise<EmbeddedNacos> {
  const nacos = new EmbeddedNacos(options);
  await nacos.startServing();
  return nacos;
}

export class EmbeddedNacos {
  readonly host = '127.0.0.1';
  readonly username: string;
  /** '' when nobody has to log in. */
  readonly password: string;
  readonly faults: FaultScript;
  readonly #accounts: Accounts;
  readonly #config: ConfigPart;
  readonly #naming: Naming;
  readonly #rpc: RpcServer;
  readonly #http: NacosHttpServer;
  readonly #grpcListener: Server;
  #port: number;

  constructor(options: EmbeddedNacosOptions) {
    const { auth, clock = systemClock, dumpDelayMs = defaultDumpDelayMs, log = silentLogger, pushDelayMs } = options;
    const { faults = new FaultScript(), generation = '3.1', port = 0 } = options;
    this.faults = faults;
    this.username = auth?.username ?? 'nacos';
    this.password = auth?.password ?? '';
    this.#port = port;
    const user = auth && { username: this.username, password: auth.password };
    const { tokenSeconds = defaultTokenSeconds } = auth ?? {};
    const accounts = new Accounts({ generation, user, tokenSeconds, clock });
    const config = createConfig({ generation, dumpDelayMs, clock });
    const naming = createNaming({ clock, log, generation, pushDelayMs });
    const areClientsOpen = auth?.of === 'admin';
    const configCount = (id: string) => config.store.all().filter(({ key }) => key.namespaceId === id).length;
    this.#accounts = accounts;
    this.#config = config;
    this.#naming = naming;
    this.#rpc = new RpcServer({
      generation,
      parts: [config.part, naming.part],
      identify: (headers) => (areClientsOpen ? undefined : accounts.identify(credentialsOf(headers))),
      faults,
      clock,
      log,
    });
    const routes = { ...config.routes, ...naming.routes, ...namespaceRoutes({ generation, configCount }) };
    const clientRoutes = Object.entries(routes).filter(([operation]) => !operation.includes(' /v3/admin/'));
    this.#http = new NacosHttpServer({
      generation,
      routes,
      openRoutes: {
        ...accounts.loginRoutes,
        ...stateRoutes(generation, user !== undefined),
        ...(areClientsOpen && Object.fromEntries(clientRoutes)),
      },
      accounts,
      faults,
      clock,
      log,
    });
    this.#grpcListener = createServer((socket) => this.#rpc.accept(socket));
  }

  /** HTTP; also what clients are given as the server's address. */
  get port(): number {
    return this.#port;
  }

  get grpcPort(): number {
    return this.#port + grpcPortOffset;
  }

  /** How many clients are registered over gRPC. */
  get connections(): number {
    return this.#rpc.connections.length;
  }

  /** By which the server knows them. */
  get connectionIds(): string[] {
    return this.#rpc.connections.map(({ id }) => id);
  }

  /** What is there at present. */
  get counts(): NamingCounts & { readonly configs: number } {
    return { ...this.#naming.counts, configs: this.#config.store.size };
  }

  /** The end of an outage; on the same ports as before. Does nothing when it serves. */
  async startServing(): Promise<void> {
    if (this.#grpcListener.listening) return;
    this.#port = await listenOnPair({ http: this.#http.server, grpc: this.#grpcListener }, this.host, this.#port);
  }

  /** An outage: every connection is cut, and nothing listens. */
  async stopServing(): Promise<void> {
    const closed = Promise.all([close(this.#grpcListener), close(this.#http.server)]);
    this.#rpc.cutAll();
    this.#http.cutAll();
    await closed;
  }

  /** As the end of the process and its start: on the same ports, with what is stored for good. */
  async restart(): Promise<void> {
    await this.stopServing();
    this.#config.store.dumpAll();
    await this.startServing();
  }

  /** Asks every client to connect again, as a server does that sheds load; resolves when each has acknowledged or not. */
  async resetConnections(): Promise<void> {
    const requests = this.#rpc.connections.map((connection) =>
      connection.request('ConnectResetRequest', { connectionId: connection.id, module: 'internal' }),
    );
    await Promise.allSettled(requests);
  }

  /** Every token that was issued so far is refused from now on. */
  expireTokens(): void {
    this.#accounts.expireTokens();
  }

  /** For good. */
  async stop(): Promise<void> {
    await this.stopServing();
    this.#rpc.stop();
    this.#config.stop();
    this.#naming.stop();
  }
}

/** Header names are case-insensitive. */
function credentialsOf(headers: Readonly<Record<string, string>>) {
  const of = new Map(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
  return {
    token: of.get('accesstoken') || of.get('authorization'),
    username: of.get('username'),
    password: of.get('password'),
  };
}
