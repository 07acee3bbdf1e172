/**
 * The open connections of a shard, two while one takes the other's place, each with what the server holds for it.
 *
 * A new one is brought to hold all that is wanted before it is used: after the login, and after whoever publishes has
 * brought up to date what is wanted, as far as he can.
 */
import { BridgeError } from '../../errors.ts';
import { errorFields, type Logger } from '../../logger.ts';
import type { NacosMetrics } from '../metrics.ts';
import type { Connection } from '../transport/connection.ts';
import type { Login } from '../transport/login.ts';
import { hostAndPort } from '../transport/server-address.ts';
import type { NamingApi } from './naming-api.ts';
import { NamingLink } from './naming-link.ts';
import type { ServiceInfo } from './naming-types.ts';
import type { Wanted } from './naming-wanted.ts';

interface NamingLinksOptions {
  readonly api: NamingApi;
  readonly wanted: Wanted;
  readonly login: Login;
  readonly metrics: NacosMetrics;
  readonly log: Logger;
  readonly beforeRedo: (signal: AbortSignal) => Promise<void>;
  readonly onSnapshot: (key: string, info: ServiceInfo, link: NamingLink) => void;
  /** What the server holds over it, or will, cannot be told any more. */
  readonly onDoubt: (link: NamingLink) => void;
}

export class NamingLinks {
  readonly #options: NamingLinksOptions;
  readonly #of = new WeakMap<Connection, NamingLink>();
  readonly #open = new Set<NamingLink>();
  #opened = 0;

  constructor(options: NamingLinksOptions) {
    this.#options = options;
  }

  get isEmpty(): boolean {
    return this.#open.size === 0;
  }

  /** Undefined before it is prepared. */
  of(connection: Connection): NamingLink | undefined {
    return this.#of.get(connection);
  }

  /** Whether one of them has, or may have, a record of the service. */
  holds(key: string): boolean {
    return [...this.#open].some((link) => link.records.has(key));
  }

  /**
   * Resolves when it holds all that is wanted, as far as the server has answered. @throws the cause when the connection
   *   ends before; TIMEOUT when it lacks what a connection that it would take the place of holds.
   */
  async prepare(connection: Connection, isFirst: boolean): Promise<void> {
    const { login, metrics, wanted } = this.#options;
    const link = this.#add(connection);
    await login.ensure();
    if (wanted.records.size > 0) await this.#bringUpToDate(link);
    if (!connection.isOpen) throw await connection.ended;
    const { records, subscriptions } = await link.redo();
    this.#checkNothingIsLost(link);
    if (!isFirst) {
      metrics.redone('record', records);
      metrics.redone('subscription', subscriptions);
    }
    metrics.namingConnectionOpened();
    void connection.ended.then(() => metrics.namingConnectionClosed());
  }

  #add(connection: Connection): NamingLink {
    const { onDoubt, onSnapshot } = this.#options;
    this.#opened += 1;
    const link: NamingLink = new NamingLink(connection, {
      ...this.#options,
      order: this.#opened,
      onSnapshot: (key, info) => onSnapshot(key, info, link),
      onDoubt: () => onDoubt(link),
    });
    this.#of.set(connection, link);
    this.#open.add(link);
    void connection.ended.then(() => this.#open.delete(link));
    return link;
  }

  #checkNothingIsLost(link: NamingLink): void {
    const others = [...this.#open].filter((other) => other !== link && other.connection.isOpen);
    const lost = link.records.unsettled().filter((key) => others.some((other) => other.records.has(key)));
    if (lost.length === 0) return;
    const words = `the connection to ${hostAndPort(link.connection.server)} lacks ${lost.length} services that another holds`;
    throw new BridgeError('TIMEOUT', `${words}: Nacos has not confirmed them`);
  }

  /** Resolves also when that fails, or the connection ends meanwhile. */
  async #bringUpToDate({ connection, ended }: NamingLink): Promise<void> {
    const { beforeRedo, log } = this.#options;
    if (!connection.isOpen) return;
    try {
      await Promise.race([beforeRedo(ended), connection.ended]);
    } catch (error) {
      if (!connection.isOpen) return;
      log.warn('what is registered with Nacos could not be brought up to date first', errorFields(error));
    }
  }
}
