/**
 * One naming connection at a time, kept up, and the services that are registered and subscribed to over it.
 *
 * What is wanted lives here and outlasts every connection (naming-wanted.ts); what a server has confirmed lives with the
 * connection (naming-link.ts) and is lost with it. A new connection becomes the current one when it holds all that is
 * wanted, so nothing else is sent on it before. When a server asks us to leave, or it is in doubt what it will hold after a
 * write without an answer (naming-link.ts), a second connection is made so, and only then the first is closed. What a server has not confirmed is sent again with
 * growing pauses for as long as it is wanted, unless it was refused for what it is.
 *
 * Caveat: a request that was given up may still be carried out, even after a later one; closing its connection is what
 * makes an end of that.
 */
import type { Access } from '../transport/access.ts';
import type { ConnectionEvent } from '../transport/connection-state.ts';
import type { JsonObject } from '../transport/json-object.ts';
import { type ConnectionSettings, LiveConnection } from '../transport/live-connection.ts';
import type { Login } from '../transport/login.ts';
import { RpcCaller } from '../transport/rpc-caller.ts';
import type { ServerList } from '../transport/server-list.ts';
import { NamingApi } from './naming-api.ts';
import { type NamingLink, requestsPerLink } from './naming-link.ts';
import { NamingLinks } from './naming-links.ts';
import { NamingRetry } from './naming-retry.ts';
import { describeService } from './naming-service-key.ts';
import type { NamingChange, ServiceInfo, ServiceKey } from './naming-types.ts';
import { Wanted } from './naming-wanted.ts';

/** What all shards of a client share. */
export interface NamingShardOptions extends ConnectionSettings {
  readonly access: Access;
  readonly login: Login;
  readonly requestTimeoutMs: number;
  /** Awaited on every new connection before the first record is sent. */
  readonly beforeRedo: (signal: AbortSignal) => Promise<void>;
  /** What a subscription begins with, on each connection anew. */
  readonly onSnapshot: (key: string, info: ServiceInfo, link: NamingLink, shard: NamingShard) => void;
  /** The body of a NotifySubscriberRequest. */
  readonly onPush: (push: JsonObject, link: NamingLink, shard: NamingShard) => void;
  readonly onChange: (change: NamingChange) => void;
}

/** Links limit themselves, and there may be two; the rest is for what is asked besides. */
const maxConcurrentRequests = 3 * requestsPerLink;

export class NamingShard {
  readonly api: NamingApi;
  /** A change of its records reaches the server with `settle`. */
  readonly wanted = new Wanted();
  readonly #options: NamingShardOptions;
  readonly #connection: LiveConnection;
  readonly #links: NamingLinks;
  readonly #retry: NamingRetry;
  #isSuspended = false;

  constructor(servers: ServerList, options: NamingShardOptions) {
    this.#options = options;
    this.#retry = new NamingRetry(options, () => this.retry());
    this.#connection = new LiveConnection({
      ...options,
      servers,
      module: 'naming',
      onReset: 'replace',
      prepare: (connection) => this.#links.prepare(connection, !this.#connection.wasConnected),
      onPush: ({ body, type }, connection) => {
        const link = this.#links.of(connection);
        if (link && type === 'NotifySubscriberRequest') options.onPush(body, link, this);
      },
      onEvent: (event) => this.#happened(event),
    });
    const connected: LiveConnection['ready'] = (signal) => this.#connection.ready(signal);
    this.api = new NamingApi(new RpcCaller({ ...options, maxConcurrentRequests, connected }));
    this.#links = new NamingLinks({
      ...options,
      api: this.api,
      wanted: this.wanted,
      onSnapshot: (key, info, link) => options.onSnapshot(key, info, link, this),
      // What may still be carried out ends with its connection: that goes, once another holds everything.
      onDoubt: (link) => this.current === link && this.#connection.leave('replace'),
    });
  }

  start(): void {
    this.#connection.start();
  }

  /** Final. The server drops at once what the connection holds. */
  async stop(): Promise<void> {
    const stopped = this.#connection.stop();
    this.#retry.cancel();
    await stopped;
  }

  /** Closes the connection and opens none until `resume`; what is wanted stays so. */
  async suspend(): Promise<void> {
    if (this.#isSuspended || this.#connection.state.kind === 'stopped') return;
    this.#isSuspended = true;
    this.#retry.cancel();
    await this.#connection.suspend();
  }

  resume(): void {
    this.#isSuspended = false;
    this.start();
  }

  /** The connection that requests go to, if there is one. */
  get current(): NamingLink | undefined {
    const { current } = this.#connection;
    return current && this.#links.of(current);
  }

  /** Whether the current connection holds all records that are wanted, as far as the server takes them. */
  get isSettled(): boolean {
    if (this.wanted.records.size === 0) return true;
    return this.current?.records.unsettled().length === 0;
  }

  /** Whether a connection of ours has, or may have, a record of the service. */
  holds(key: string): boolean {
    return this.#links.holds(key);
  }

  /** The same, and of a connection that is lost: its server drops what it held later only, and the next one holds it again. */
  mayHold(key: string): boolean {
    const isLost = this.#connection.wasConnected && !this.current;
    return this.holds(key) || (isLost && this.wanted.records.has(key));
  }

  /** Leaves the server for another, once a connection there holds everything; stays when no other can be reached. */
  leaveServer(): void {
    this.#connection.leave('move');
  }

  /**
   * Resolves when the server has confirmed what is wanted of the service, or holds nothing and nothing is wanted; at once
   * while suspended.
   *
   * @throws CONNECTION_NOT_READY, TIMEOUT, NACOS_*; what is wanted stays so and is sent again.
   */
  async settle(key: string): Promise<void> {
    for (;;) {
      const record = this.wanted.records.get(key);
      if (this.#isSuspended || (!record && this.#links.isEmpty)) return;
      const link = await this.#ready(record?.service);
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
    this.#settleSubscription(this.wanted.subscribe(service));
  }

  unsubscribe(key: string): void {
    this.wanted.unsubscribe(key);
    this.#settleSubscription(key);
  }

  /** Asks for the service anew. */
  refresh(key: string): void {
    this.current?.subscriptions.doubt(key);
    this.#settleSubscription(key);
  }

  /** Something that stood in the way is mended: try again now what was not confirmed. */
  retry(): void {
    this.#retry.cancel();
    const link = this.current;
    if (!link || link.isSettled) return this.#retry.reset();
    const redone = (): void => {
      this.#retryLater();
      this.#options.onChange('progress');
    };
    link.redo().then(redone, () => {});
  }

  async #ready(service: ServiceKey | undefined): Promise<NamingLink> {
    const what = service ? describeService(service) : 'a service';
    const connection = await this.#connection.readyWithin(this.#options.requestTimeoutMs, what);
    return this.#links.of(connection)!;
  }

  #settleSubscription(key: string): void {
    this.current?.subscriptions.settle(key).catch(() => this.#retryLater());
  }

  #retryLater(): void {
    const isOver = this.#connection.state.kind === 'stopped' || this.#retry.isDue;
    if (!isOver && this.current?.isSettled === false) this.#retry.later();
  }

  #happened({ kind }: ConnectionEvent): void {
    if (kind === 'established') this.#retryLater();
    this.#options.onChange(kind === 'lost' ? 'lost' : 'progress');
  }
}
