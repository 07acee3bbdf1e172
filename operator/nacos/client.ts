/**
 * A Nacos client, usable alone: one connection to one of several servers, kept up until it is stopped, and the config and
 * admin APIs over it. Naming has connections of its own, from its first use on.
 *
 * Guarantees: `start` returns at once and nothing ever rejects in the background; whatever happens to the servers, what is
 * watched is watched again after the next connect; `state` tells at any time how things stand, and why.
 * A connection is ready for requests when the server has acknowledged it, its version is known and login was tried.
 */
import type { Clock } from '../clock.ts';
import { BridgeError, isBridgeError } from '../errors.ts';
import { errorFields } from '../logger.ts';
import type { Logger } from '../logger.ts';
import { backoffMs } from '../runtime/backoff.ts';
import { AdminApi } from './admin/admin-api.ts';
import { ConfigApi } from './config/config-api.ts';
import { ConfigClient } from './config/config-client.ts';
import { Connection } from './transport/connection.ts';
import type { Push } from './transport/connection.ts';
import { ConnectionKeeper } from './transport/connection-keeper.ts';
import type { ServerFailure } from './transport/connection-keeper.ts';
import { transition } from './transport/connection-state.ts';
import type { ClientState, ConnectedFacts, ConnectionEvent, Description } from './transport/connection-state.ts';
import { FuzzyWatchApi } from './config/fuzzy-watch-api.ts';
import { HttpTransport } from './transport/http-transport.ts';
import { Login } from './transport/login.ts';
import type { Credentials } from './transport/login.ts';
import type { NacosMetrics } from './metrics.ts';
import { NamingClient, type NamingClientOptions } from './naming/naming-client.ts';
import { RpcCaller } from './transport/rpc-caller.ts';
import type { ServerAddress } from './transport/server-address.ts';
import { ServerList } from './transport/server-list.ts';
import { explainFailures } from './transport/unreachable.ts';

export type { ClientState };

export interface NacosClientOptions {
  readonly servers: readonly ServerAddress[];
  readonly credentials?: Credentials;
  readonly requestTimeoutMs: number;
  /** @default 20 */
  readonly maxConcurrentRequests?: number;
  /** How we name ourselves to the server, such as `My-Client:v1.0.0`. */
  readonly clientName: string;
  readonly appName: string;
  readonly log: Logger;
  readonly clock: Clock;
  readonly metrics: NacosMetrics;
  /**
   * Awaited on each new naming connection before anything that is registered is sent on it: bring it up to date here, by
   * `naming.publish` and `naming.withdraw`, whose promises wait for what comes after and must not be awaited here. May
   * run for several connections at once; the signal ends it with its connection. When it rejects, the redo goes on.
   *
   * @default none
   */
  readonly beforeRedo?: (signal: AbortSignal) => Promise<void>;
  /** More services than fit are spread over several connections. @default 2000 */
  readonly maxInstancesPerConnection?: number;
  /** A number in [0, 1). @default Math.random */
  readonly random?: () => number;
}

/** HTTP answers are small; a port that is closed in silence must not keep a connection waiting. */
const httpTimeoutMs = 5_000;
const descriptionBackoff = { initialMs: 1_000, maxMs: 30_000 };

export class NacosClient {
  readonly config: ConfigClient;
  readonly admin: AdminApi;
  readonly naming: NamingClient;
  readonly #options: NacosClientOptions;
  readonly #servers: ServerList;
  readonly #http: HttpTransport;
  readonly #login: Login;
  readonly #keeper: ConnectionKeeper;
  readonly #listeners = new Set<(state: ClientState) => void>();
  readonly #namingOptions: Omit<NamingClientOptions, 'beforeRedo'>;
  /** Those that `openNaming` has opened. */
  readonly #otherNaming = new Set<NamingClient>();
  #state: ClientState = { kind: 'idle' };
  #wasConnected = false;

  constructor(options: NacosClientOptions) {
    if (options.servers.length === 0)
      throw new BridgeError('INVALID_OPTION', 'at least one Nacos server must be given');
    const { clock, credentials, log, maxConcurrentRequests = 20, metrics, random = Math.random } = options;
    this.#options = options;
    this.#servers = new ServerList(options.servers, { clock, random });
    this.#http = new HttpTransport({
      servers: options.servers,
      preferred: () => this.#keeper.current?.server,
      timeoutMs: Math.min(options.requestTimeoutMs, httpTimeoutMs),
      clock,
    });
    this.#login = new Login(credentials, {
      http: this.#http,
      clock,
      random,
      log,
      metrics,
      onChange: (auth) => {
        this.#dispatch({ kind: 'auth-changed', auth });
        if (auth.authenticated) for (const naming of [this.naming, ...this.#otherNaming]) naming.authenticated();
      },
    });
    this.admin = new AdminApi({ http: this.#http, login: this.#login, metrics });
    const caller = new RpcCaller({
      login: this.#login,
      metrics,
      clock,
      requestTimeoutMs: options.requestTimeoutMs,
      maxConcurrentRequests,
      connected: (signal) => this.#connected(signal),
    });
    const api = new ConfigApi(caller);
    const fuzzyWatches = new FuzzyWatchApi(caller);
    const admin = this.admin;
    this.config = new ConfigClient({ api, fuzzyWatches, admin, clock, random, log, maxConcurrentRequests });
    const explain = (failures: readonly ServerFailure[], signal: AbortSignal): Promise<BridgeError> =>
      explainFailures(failures, this.#http, signal);
    const { beforeRedo = () => Promise.resolve(), maxInstancesPerConnection = 2_000 } = options;
    const login = this.#login;
    this.#namingOptions = { ...options, random, login, explain, maxInstancesPerConnection };
    this.naming = new NamingClient({ ...this.#namingOptions, beforeRedo });
    this.#keeper = new ConnectionKeeper({
      servers: this.#servers,
      clock,
      random,
      log,
      open: (server, signal) => this.#open(server, signal),
      prepare: (connection) => this.#prepare(connection),
      explain,
      onEvent: (event) => this.#dispatch(event),
    });
  }

  get serverCount(): number {
    return this.#options.servers.length;
  }

  get state(): ClientState {
    return this.#state;
  }

  /** @returns a function that ends it. The listener is not called with the state of now. */
  onStateChange(listener: (state: ClientState) => void): () => void {
    const own = (state: ClientState): void => listener(state);
    this.#listeners.add(own);
    return () => this.#listeners.delete(own);
  }

  start(): void {
    if (this.#state.kind !== 'idle') return;
    this.#dispatch({ kind: 'start' });
    this.#keeper.start();
    this.naming.start();
  }

  /** Final. Resolves when all connections are closed. */
  async stop(): Promise<void> {
    this.#dispatch({ kind: 'stop' });
    this.config.stop();
    this.#login.stop();
    this.#http.close();
    const naming = [this.naming, ...this.#otherNaming].map((one) => one.stop());
    await Promise.all([...naming, this.#keeper.stop()]);
    this.#listeners.clear();
  }

  /**
   * Naming over connections of its own, to the same servers with the same login: what `naming` does and what becomes of
   * its connections does not touch it. Its requests are counted as the operation `naming_other`, and it is not in the
   * metrics of redone records and naming connections. It is started, and ends with this client or by `closeNaming`.
   */
  openNaming(beforeRedo: (signal: AbortSignal) => Promise<void>): NamingClient {
    const { metrics: own } = this.#options;
    const metrics: NacosMetrics = {
      ...own,
      measure: (_operation, work) => own.measure('naming_other', work),
      redone: () => {},
      namingConnectionOpened: () => {},
      namingConnectionClosed: () => {},
    };
    const naming = new NamingClient({ ...this.#namingOptions, metrics, beforeRedo });
    this.#otherNaming.add(naming);
    naming.start();
    return naming;
  }

  async closeNaming(naming: NamingClient): Promise<void> {
    this.#otherNaming.delete(naming);
    await naming.stop();
  }

  /** Used at once: login again, without a new connection. */
  setCredentials(credentials: Credentials | undefined): void {
    void this.#login.setCredentials(credentials);
  }

  #open(server: ServerAddress, signal: AbortSignal): Promise<Connection> {
    const { appName, clientName, clock, log } = this.#options;
    return Connection.open(
      {
        server,
        clientName,
        appName,
        module: 'config',
        clock,
        log,
        onPush: (push) => this.#pushed(push),
        onReset: (hint) => {
          if (hint) this.#servers.hint(hint.host, hint.port);
          this.#keeper.moveOn();
        },
      },
      signal,
    );
  }

  async #prepare(connection: Connection): Promise<ConnectedFacts> {
    const [description] = await Promise.all([this.#describe(), this.#login.ensure()]);
    if (!description) this.#describeLater(connection, 0);
    return {
      server: connection.server,
      serverVersion: description?.serverVersion,
      capabilities: {
        persistentByGrpc: connection.can('supportPersistentInstanceByGrpc'),
        fuzzyWatch: connection.can('fuzzyWatch'),
        adminApi: description?.adminApi ?? 'none',
      },
      ...this.#login.status,
    };
  }

  /** Undefined when the HTTP port does not answer (yet). */
  async #describe(): Promise<Description | undefined> {
    try {
      const { version, adminApi } = await this.admin.serverState();
      return { serverVersion: version || undefined, adminApi };
    } catch (error) {
      if (isBridgeError(error, 'NACOS_UNSUPPORTED')) return { serverVersion: undefined, adminApi: 'none' };
      this.#options.log.debug('the server does not tell its version over HTTP', errorFields(error));
      return undefined;
    }
  }

  /** A server that starts opens its gRPC port some seconds before its HTTP port. */
  #describeLater(connection: Connection, attempt: number): void {
    const { clock, random } = this.#options;
    clock.after(backoffMs({ ...descriptionBackoff, random }, attempt), () => {
      if (!connection.isOpen) return;
      void this.#describe().then((description) => {
        if (!connection.isOpen) return;
        if (description) this.#dispatch({ kind: 'described', ...description });
        else this.#describeLater(connection, attempt + 1);
      });
    });
  }

  #pushed(push: Push): void {
    this.#options.metrics.pushed(push.type);
    this.config.pushed(push);
  }

  /** Waits for a connection that is being made. */
  async #connected(signal: AbortSignal): Promise<Connection> {
    for (;;) {
      const connection = this.#keeper.current;
      if (connection && this.#state.kind === 'connected') return connection;
      if (this.#state.kind === 'disconnected') throw notReady(this.#state.error.message, this.#state.error);
      if (this.#state.kind === 'idle' || this.#state.kind === 'stopped')
        throw notReady(`the client is ${this.#state.kind}`);
      await this.#nextState(signal);
    }
  }

  #nextState(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const forget = this.onStateChange(() => {
        signal.removeEventListener('abort', giveUp);
        forget();
        resolve();
      });
      const giveUp = (): void => {
        forget();
        const reason: unknown = signal.reason;
        // What ran out of time was the wait for a connection, and the request was never sent.
        reject(isBridgeError(reason, 'TIMEOUT') ? notReady('the connection is still being made', reason) : reason);
      };
      signal.addEventListener('abort', giveUp, { once: true });
    });
  }

  #dispatch(event: ConnectionEvent): void {
    const before = this.#state;
    const after = transition(before, event);
    if (after === before) return;
    this.#state = after;
    if (before.kind !== after.kind) this.#entered(before.kind, after);
    else if (isNewlyAuthenticated(before, after)) this.config.authenticated();
    const audience = Array.from(this.#listeners);
    for (const listener of audience) {
      try {
        listener(after);
      } catch (error) {
        this.#options.log.error('a listener of the connection state failed', errorFields(error));
      }
    }
  }

  #entered(before: ClientState['kind'], after: ClientState): void {
    const { metrics } = this.#options;
    metrics.stateChanged(this.#servers.names, before, after.kind);
    if (before === 'connected') this.config.disconnected();
    if (after.kind !== 'connected') return;
    if (this.#wasConnected) metrics.reconnected();
    this.#wasConnected = true;
    this.config.connected();
  }
}

function isNewlyAuthenticated(before: ClientState, after: ClientState): boolean {
  return before.kind === 'connected' && !before.authenticated && after.kind === 'connected' && after.authenticated;
}

function notReady(why: string, cause?: BridgeError): BridgeError {
  return new BridgeError('CONNECTION_NOT_READY', `no connection to Nacos: ${why}`, { cause });
}
