/**
 * One naming connection at a time, kept up, and the services that are registered and subscribed to over it.
 *
 * What is wanted lives here and outlasts every connection; what a server has confirmed lives with the connection
 * (naming-link.ts) and is lost with it. A new connection becomes the current one when it holds all that is wanted, so
 * nothing else is sent on it before. When a server asks us to leave, or a write stays without an answer, a second
 * connection is made so, and only then the first is closed. What a server has not confirmed is sent again with growing
 * pauses for as long as it is wanted, unless it was refused for what it is.
 *
 * Caveat: a request that was given up may still be carried out, even after a later one; closing its connection is what
 * makes an end of that.
 */
import type { Clock, Timer } from '../../clock.ts';
import { BridgeError, isBridgeError } from '../../errors.ts';
import { errorFields } from '../../logger.ts';
import type { Logger } from '../../logger.ts';
import { Backoff } from '../../runtime/backoff.ts';
import { Connection } from '../transport/connection.ts';
import { ConnectionKeeper } from '../transport/connection-keeper.ts';
import type { ServerFailure } from '../transport/connection-keeper.ts';
import { transition } from '../transport/connection-state.ts';
import type { ClientState, ConnectedFacts, ConnectionEvent } from '../transport/connection-state.ts';
import { withDeadline } from '../transport/deadline.ts';
import type { JsonObject } from '../transport/json-object.ts';
import type { Login } from '../transport/login.ts';
import type { NacosMetrics } from '../metrics.ts';
import { NamingApi } from './naming-api.ts';
import type { InstanceList } from './naming-instance-list.ts';
import { NamingLink, requestsPerLink } from './naming-link.ts';
import type { SubscriptionWish } from './naming-link.ts';
import { describeService, serviceText } from './naming-service-key.ts';
import type { ServiceInfo, ServiceKey } from './naming-types.ts';
import { RpcCaller } from '../transport/rpc-caller.ts';
import type { ServerAddress } from '../transport/server-address.ts';
import type { ServerList } from '../transport/server-list.ts';

/** What all shards of a client share. */
export interface NamingShardOptions {
  readonly login: Login;
  readonly metrics: NacosMetrics;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Logger;
  readonly requestTimeoutMs: number;
  readonly clientName: string;
  readonly appName: string;
  readonly explain: (failures: readonly ServerFailure[], signal: AbortSignal) => Promise<BridgeError>;
  /** Awaited on every new connection before the first record is sent. */
  readonly beforeRedo: (signal: AbortSignal) => Promise<void>;
  /** What a subscription begins with, on each connection anew. */
  readonly onSnapshot: (key: string, info: ServiceInfo, link: NamingLink, shard: NamingShard) => void;
  /** The body of a NotifySubscriberRequest. */
  readonly onPush: (push: JsonObject, link: NamingLink, shard: NamingShard) => void;
  /** `lost`: the connection is gone, and all that it held. `progress`: what is held, or where, may have changed. */
  readonly onChange: (change: NamingChange) => void;
}

export type NamingChange = 'lost' | 'progress';

const retryBackoff = { initialMs: 1_000, maxMs: 30_000 };

export class NamingShard {
  readonly api: NamingApi;
  readonly #options: NamingShardOptions;
  readonly #servers: ServerList;
  #keeper: ConnectionKeeper;
  readonly #records = new Map<string, InstanceList>();
  readonly #subscriptions = new Map<string, SubscriptionWish>();
  /** Those of open connections: two while one takes the other's place. */
  readonly #links = new Map<Connection, NamingLink>();
  readonly #waiting = new Set<() => void>();
  readonly #retryBackoff: Backoff;
  #retry: Timer | undefined;
  #state: ClientState = { kind: 'idle' };
  #wasConnected = false;
  #instances = 0;
  #opened = 0;
  #isSuspended = false;

  constructor(servers: ServerList, options: NamingShardOptions) {
    this.#options = options;
    this.#servers = servers;
    const { clock, login, metrics, random, requestTimeoutMs } = options;
    this.#retryBackoff = new Backoff({ ...retryBackoff, random });
    // Links limit themselves, and there may be two; the rest is for what is asked besides.
    const maxConcurrentRequests = 3 * requestsPerLink;
    const connected = async (signal: AbortSignal): Promise<Connection> => (await this.#ready(signal)).connection;
    this.api = new NamingApi(
      new RpcCaller({ login, metrics, clock, requestTimeoutMs, maxConcurrentRequests, connected }),
    );
    this.#keeper = this.#newKeeper();
  }

  start(): void {
    if (this.#state.kind !== 'idle' || this.#isSuspended) return;
    this.#dispatch({ kind: 'start' });
    this.#keeper.start();
  }

  /** Final. The server drops at once what the connection holds. */
  async stop(): Promise<void> {
    this.#dispatch({ kind: 'stop' });
    this.#retry?.cancel();
    await this.#keeper.stop();
  }

  /** Closes the connection and opens none until `resume`; what is wanted stays so. */
  async suspend(): Promise<void> {
    if (this.#isSuspended || this.#state.kind === 'stopped') return;
    this.#isSuspended = true;
    this.#retry?.cancel();
    this.#retry = undefined;
    const keeper = this.#keeper;
    this.#keeper = this.#newKeeper();
    this.#dispatch({ kind: 'suspend' });
    await keeper.stop();
  }

  resume(): void {
    if (!this.#isSuspended) return;
    this.#isSuspended = false;
    this.start();
  }

  /** How many instances are wanted on this shard, without those of the service `key`. */
  instancesBeside(key: string): number {
    return this.#instances - (this.#records.get(key)?.instances.length ?? 0);
  }

  get hasRecords(): boolean {
    return this.#records.size > 0;
  }

  /** Whether the current connection holds all that is wanted, as far as the server takes it. */
  get isSettled(): boolean {
    if (!this.hasRecords) return true;
    return this.current?.records.unsettled().length === 0;
  }

  /** Whether a connection of ours has, or may have, a record of the service. */
  holds(key: string): boolean {
    return [...this.#links.values()].some((link) => link.records.has(key));
  }

  get subscriptions(): readonly ServiceKey[] {
    return [...this.#subscriptions.values()].map(({ service }) => service);
  }

  isSubscribed(key: string): boolean {
    return this.#subscriptions.has(key);
  }

  /** The connection that requests go to, if there is one. */
  get current(): NamingLink | undefined {
    const connection = this.#keeper.current;
    return connection && this.#links.get(connection);
  }

  /** Leaves the server for another, once a connection there holds everything; stays when no other can be reached. */
  leaveServer(): void {
    this.#keeper.move();
  }

  /** Makes `list` what this shard wants of its service, or wants nothing of it; `settle` waits for the server. */
  want(key: string, list: InstanceList | undefined): void {
    this.#instances = this.instancesBeside(key) + (list?.instances.length ?? 0);
    if (list) this.#records.set(key, list);
    else this.#records.delete(key);
  }

  /**
   * Resolves when the server has confirmed what is wanted of the service, or holds nothing and nothing is wanted; at once
   * while suspended.
   *
   * @throws CONNECTION_NOT_READY, TIMEOUT, NACOS_*; what is wanted stays so and is sent again.
   */
  async settle(key: string): Promise<void> {
    for (;;) {
      if (this.#isSuspended || (this.#links.size === 0 && !this.#records.has(key))) return;
      const link = await this.#readyWithin(key);
      try {
        await link.records.settle(key);
      } catch (error) {
        if (this.#isSuspended || (this.current !== link && this.current)) continue;
        this.#retryLater();
        throw error;
      }
      if (this.current === link || !this.current) return;
    }
  }

  subscribe(service: ServiceKey): void {
    const text = serviceText(service);
    this.#subscriptions.set(text, { service, text });
    this.#settleSubscription(text);
  }

  unsubscribe(key: string): void {
    this.#subscriptions.delete(key);
    this.#settleSubscription(key);
  }

  /** Asks for the service anew. */
  refresh(key: string): void {
    this.current?.subscriptions.doubt(key);
    this.#settleSubscription(key);
  }

  /** Something that stood in the way is mended: try again now what was not confirmed. */
  retry(): void {
    this.#retry?.cancel();
    this.#retry = undefined;
    const link = this.current;
    if (!link || link.isSettled) return this.#retryBackoff.reset();
    link.redo().then(
      () => {
        this.#retryLater();
        this.#options.onChange('progress');
      },
      () => {},
    );
  }

  #newKeeper(): ConnectionKeeper {
    const { clock, explain, log, random } = this.#options;
    return new ConnectionKeeper({
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

  #settleSubscription(key: string): void {
    this.current?.subscriptions.settle(key).catch(() => this.#retryLater());
  }

  #retryLater(): void {
    if (this.#state.kind === 'stopped' || this.#retry || this.current?.isSettled !== false) return;
    this.#retry = this.#options.clock.after(this.#retryBackoff.nextMs(), () => this.retry());
  }

  async #open(server: ServerAddress, signal: AbortSignal): Promise<Connection> {
    const { appName, clientName, clock, log, metrics, onPush } = this.#options;
    let link: NamingLink | undefined;
    const connection = await Connection.open(
      {
        server,
        clientName,
        appName,
        module: 'naming',
        clock,
        log,
        onPush: (push) => {
          metrics.pushed(push.type);
          if (link && push.type === 'NotifySubscriberRequest') onPush(push.body, link, this);
        },
        onReset: (hint) => {
          if (hint) this.#servers.hint(hint.host, hint.port);
          this.#keeper.replace();
        },
      },
      signal,
    );
    link = this.#link(connection);
    return connection;
  }

  #link(connection: Connection): NamingLink {
    const { log, onSnapshot } = this.#options;
    this.#opened += 1;
    const link = new NamingLink(connection, {
      order: this.#opened,
      api: this.api,
      wanted: { records: this.#records, subscriptions: this.#subscriptions },
      log,
      onSnapshot: (key, info) => onSnapshot(key, info, link, this),
      // What may still be carried out ends with its connection: that goes, once another holds everything.
      onDoubt: () => this.current === link && this.#keeper.replace(),
    });
    this.#links.set(connection, link);
    void connection.ended.then(() => this.#links.delete(connection));
    return link;
  }

  async #prepare(connection: Connection): Promise<ConnectedFacts> {
    const { beforeRedo, log, login, metrics } = this.#options;
    const ending = new AbortController();
    void connection.ended.then((error) => ending.abort(error));
    await login.ensure();
    if (!connection.isOpen) throw await connection.ended;
    try {
      if (this.hasRecords) await Promise.race([beforeRedo(ending.signal), connection.ended.then(rethrow)]);
    } catch (error) {
      if (!connection.isOpen) throw error;
      log.warn('what is registered with Nacos could not be brought up to date first', errorFields(error));
    }
    const link = this.#links.get(connection);
    if (!link) throw await connection.ended;
    const { records, subscriptions } = await link.redo();
    if (this.#wasConnected) {
      metrics.redone('record', records);
      metrics.redone('subscription', subscriptions);
    }
    metrics.namingConnectionOpened();
    void connection.ended.then(() => metrics.namingConnectionClosed());
    return {
      server: connection.server,
      // Naming never asks: the config connection knows.
      serverVersion: undefined,
      capabilities: {
        persistentByGrpc: connection.can('supportPersistentInstanceByGrpc'),
        fuzzyWatch: connection.can('fuzzyWatch'),
        adminApi: 'none',
      },
      ...login.status,
    };
  }

  async #readyWithin(key: string): Promise<NamingLink> {
    const { clock, requestTimeoutMs } = this.#options;
    const service = this.#records.get(key)?.service;
    const late = `${service ? describeService(service) : 'a service'}: the connection is still being made`;
    try {
      return await withDeadline(clock, requestTimeoutMs, late, undefined, (within) => this.#ready(within));
    } catch (error) {
      throw isBridgeError(error, 'TIMEOUT') ? notReady(error.message, error) : error;
    }
  }

  /** Waits for a connection that is being made, and for what it is made to hold. */
  async #ready(signal: AbortSignal): Promise<NamingLink> {
    for (;;) {
      const link = this.current;
      if (link) return link;
      const state = this.#state;
      if (state.kind === 'idle' || state.kind === 'stopped') throw notReady(`the client is ${state.kind}`);
      if (state.kind === 'disconnected' && this.#links.size === 0) throw notReady(state.error.message, state.error);
      await this.#nextEvent(signal);
    }
  }

  #nextEvent(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        this.#waiting.delete(wake);
        signal.removeEventListener('abort', giveUp);
      };
      const wake = (): void => {
        leave();
        resolve();
      };
      const giveUp = (): void => {
        leave();
        reject(signal.reason);
      };
      this.#waiting.add(wake);
      signal.addEventListener('abort', giveUp, { once: true });
    });
  }

  #dispatch(event: ConnectionEvent): void {
    const before = this.#state;
    this.#state = transition(before, event);
    if (event.kind === 'established') {
      this.#retryLater();
      if (before.kind !== 'connected' && this.#wasConnected) this.#options.metrics.reconnected();
      this.#wasConnected = true;
    }
    for (const wake of Array.from(this.#waiting)) wake();
    this.#options.onChange(event.kind === 'lost' ? 'lost' : 'progress');
  }
}

function rethrow(error: BridgeError): never {
  throw error;
}

function notReady(why: string, cause?: BridgeError): BridgeError {
  return new BridgeError('CONNECTION_NOT_READY', `no naming connection to Nacos: ${why}`, { cause });
}
