/**
 * A Nacos client, usable alone: one connection to one of several servers, kept up until it is stopped, and the config and
 * admin APIs over it. Naming has connections of its own, from its first use on.
 *
 * Guarantees: `start` returns at once and nothing ever rejects in the background; whatever happens to the servers, what is
 * watched is watched again after the next connect; `state` tells at any time how things stand, and why. A process that
 * waits for a server stays alive until `stop`.
 * A connection is ready for requests when the server has acknowledged it, its version is known and login was tried.
 */
import { errorFields, type LogFields, type Logger } from '../logger.ts';
import { AdminApi } from './admin/admin-api.ts';
import { ServerDescription } from './admin/server-description.ts';
import { type NacosClientOptions, settingsOf } from './client-options.ts';
import { type ClientState, clientStateOf } from './client-state.ts';
import { ConfigClient } from './config/config-client.ts';
import { hasTwoPublicNamespaces, type PublicNamespace, publicTenant } from './config/public-namespace.ts';
import { Listeners } from './listeners.ts';
import type { NacosMetrics } from './metrics.ts';
import type { NamingClient } from './naming/naming-client.ts';
import { NamingClients } from './naming/naming-clients.ts';
import { Access, type AuthStatus } from './transport/access.ts';
import type { Connection } from './transport/connection.ts';
import type { ConnectionEvent, ConnectionState } from './transport/connection-state.ts';
import { HttpTransport } from './transport/http-transport.ts';
import { LiveConnection } from './transport/live-connection.ts';
import { type Credentials, Login } from './transport/login.ts';
import { RpcCaller } from './transport/rpc-caller.ts';
import { ServerList } from './transport/server-list.ts';
import { explainFailures } from './transport/unreachable.ts';

/** Of what a connection waits for, which is small: a port that is closed in silence must not keep it waiting. */
const httpTimeoutMs = 5_000;

export class NacosClient {
  readonly config: ConfigClient;
  readonly admin: AdminApi;
  readonly naming: NamingClient;
  readonly #log: Logger;
  readonly #metrics: NacosMetrics;
  readonly #publicNamespace: PublicNamespace;
  readonly #servers: ServerList;
  readonly #http: HttpTransport;
  readonly #login: Login;
  readonly #access: Access;
  readonly #connection: LiveConnection;
  readonly #description: ServerDescription;
  readonly #namings: NamingClients;
  readonly #listeners: Listeners<ClientState>;
  /** No other timer keeps a process alive, and while no server is there, there are only timers. */
  #alive: NodeJS.Timeout | undefined;

  /** @throws INVALID_OPTION, naming the server address and the rule. */
  constructor(options: NacosClientOptions) {
    const settings = settingsOf(options);
    const { clock, credentials, log, publicNamespace, requestTimeoutMs, servers } = settings;
    this.#log = log;
    this.#metrics = settings.metrics;
    this.#publicNamespace = publicNamespace;
    this.#listeners = new Listeners(log, 'a listener of the connection state');
    this.#servers = new ServerList(servers, settings);
    const timeoutMs = Math.min(requestTimeoutMs, httpTimeoutMs);
    const http = new HttpTransport({ servers, preferred: () => this.#connection.server, timeoutMs, clock });
    this.#http = http;
    this.#login = new Login(credentials, { ...settings, http });
    // One verdict for all requests over gRPC. What the admin API refuses is another matter.
    const access = new Access({
      login: this.#login,
      onChange: (status) => this.#authChanged(status),
      speaksForAll: true,
    });
    this.#access = access;
    const tenantOfPublic = () => this.publicTenant;
    const onStanding = () => this.#standingChanged();
    this.admin = new AdminApi({ ...settings, http, login: this.#login, onStanding, tenantOfPublic });
    this.#description = new ServerDescription({ ...settings, admin: this.admin, onLearnt: () => this.#tellState() });
    const shared = { ...settings, explain: explainFailures(http) };
    this.#connection = new LiveConnection({
      ...shared,
      servers: this.#servers,
      module: 'config',
      onReset: 'drop',
      prepare: (connection) => this.#prepare(connection),
      onPush: (push) => this.config.pushed(push),
      onEvent: (event, before) => this.#happened(event, before),
    });
    const connected = (signal: AbortSignal): Promise<Connection> => this.#connection.ready(signal);
    const caller = new RpcCaller({ ...settings, access, connected });
    this.config = new ConfigClient({ ...settings, caller, admin: this.admin, tenantOfPublic });
    this.#namings = new NamingClients({ ...shared, access, login: this.#login });
    this.naming = this.#namings.main;
  }

  /** Whether what others call `public` may be another namespace than the one that we call so; false while it is not known. */
  get isPublicAmbiguous(): boolean {
    const { serverVersion } = this.#description.known;
    return this.#publicNamespace === 'Empty' && serverVersion !== undefined && hasTwoPublicNamespaces(serverVersion);
  }

  /** What the public namespace of configs is called in requests: of servers that have two, which one is meant. */
  get publicTenant(): '' | 'public' {
    return publicTenant(this.#publicNamespace, this.#description.known.serverVersion);
  }

  get state(): ClientState {
    const facts = { description: this.#description.known, auth: this.#access.status, admin: this.admin.status };
    return clientStateOf(this.#connection.state, facts);
  }

  /** @returns a function that ends it. The listener is not called with the state of now. */
  onStateChange(listener: (state: ClientState) => void): () => void {
    return this.#listeners.add(listener);
  }

  start(): void {
    if (this.#connection.state.kind !== 'idle') return;
    this.#alive = setInterval(() => {}, 2 ** 30);
    this.#connection.start();
    this.naming.start();
  }

  /** Final. Resolves when all connections are closed. */
  async stop(): Promise<void> {
    clearInterval(this.#alive);
    const closed = [this.#connection.stop(), this.#namings.stop()];
    this.config.stop();
    this.#login.stop();
    this.#http.close();
    await Promise.all(closed);
    this.#listeners.clear();
  }

  /**
   * Naming over connections of its own, which nothing that becomes of those of `naming` touches. It is started, and ends by
   * its `stop` or with this client. Its requests are counted as one operation, `naming_other`, and its connections are not.
   */
  openNaming(beforeRedo: (signal: AbortSignal) => Promise<void>): NamingClient {
    return this.#namings.open(beforeRedo);
  }

  /** Used at once: login again, without a new connection. */
  setCredentials(credentials: Credentials | undefined): void {
    void this.#login.setCredentials(credentials);
  }

  async #prepare(connection: Connection): Promise<LogFields> {
    await Promise.all([this.#description.learn(connection), this.#login.ensure()]);
    return { version: this.#description.known.serverVersion };
  }

  #happened(event: ConnectionEvent, before: ConnectionState): void {
    const after = this.#connection.state;
    if (after === before) return;
    if (after.kind !== before.kind) this.#metrics.stateChanged(this.#servers.names, before.kind, after.kind);
    if (before.kind === 'connected') this.config.disconnected();
    if (event.kind === 'established') {
      this.config.connected();
      this.admin.recheck();
    }
    this.#tellState();
  }

  #authChanged({ authenticated }: AuthStatus): void {
    const isConnected = this.#connection.state.kind === 'connected';
    if (isConnected && authenticated) this.config.authenticated();
    if (isConnected) this.#tellState();
    if (authenticated) this.#namings.authenticated();
  }

  #standingChanged(): void {
    const { error } = this.admin.status;
    if (error) this.#log.warn('the admin API does not serve us: who wrote a config is not known', errorFields(error));
    if (this.#connection.state.kind === 'connected') this.#tellState();
  }

  #tellState(): void {
    this.#listeners.tell(this.state);
  }
}
