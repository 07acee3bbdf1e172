/**
 * Services: registered, withdrawn, subscribed to and queried, over connections of their own that are opened when first
 * used.
 *
 * A server keeps one record for each connection and service and drops it with the connection. So the unit is the whole
 * list of a service's instances; what is wanted is kept here and is sent again on every new connection; and several
 * clients that publish equal lists appear as one, of which any may go without a trace.
 *
 * Guarantees: the last list that was published is what the server holds, as soon as there is a server, and after every
 * loss again; a list that the server has confirmed on a living connection is not sent twice. All rules of how services
 * spread over connections are in naming-placement.ts and naming-records.ts.
 */
import { Listeners } from '../listeners.ts';
import type { ListOptions, NamingApi, QueryOptions } from './naming-api.ts';
import { instanceList } from './naming-instance-list.ts';
import { NamingRecords } from './naming-records.ts';
import { normaliseService, serviceText } from './naming-service-key.ts';
import { type NamingConnections, NamingShards, type NamingShardsOptions } from './naming-shards.ts';
import { type NamingSubscription, NamingSubscriptions, type ServiceListener } from './naming-subscriptions.ts';
import type { Instance, NamingChange, ServiceInfo, ServiceKey } from './naming-types.ts';

export interface NamingClientOptions extends Omit<NamingShardsOptions, 'onSnapshot' | 'onPush' | 'onChange'> {
  /** Its end has begun. */
  readonly onStop?: () => void;
}

export class NamingClient {
  readonly connections: NamingConnections;
  readonly #shards: NamingShards;
  readonly #records: NamingRecords;
  readonly #subscriptions: NamingSubscriptions;
  readonly #listeners: Listeners<NamingChange>;
  readonly #onStop: (() => void) | undefined;

  constructor(options: NamingClientOptions) {
    const { log, onStop } = options;
    this.#onStop = onStop;
    this.#listeners = new Listeners(log, 'a listener of naming connections');
    this.#shards = new NamingShards({
      ...options,
      onSnapshot: (...args) => this.#subscriptions.answered(...args),
      onPush: (...args) => this.#subscriptions.pushed(...args),
      onChange: (change) => this.#listeners.tell(change),
    });
    this.#records = new NamingRecords(this.#shards, () => this.#listeners.tell('progress'));
    this.#subscriptions = new NamingSubscriptions(this.#shards, log);
    this.connections = this.#shards;
  }

  /**
   * Calls `listener` with `lost` when a connection is gone with all that it held, and with `progress` whenever what the
   * other members say may have changed. Returns how to stop listening.
   */
  onChange(listener: (change: NamingChange) => void): () => void {
    return this.#listeners.add(listener);
  }

  /** Whether servers hold everything that is published, but for what they refuse. */
  get isSettled(): boolean {
    return this.#records.isIdle && [...this.#shards].every((shard) => shard.isSettled);
  }

  /** What servers have confirmed, on connections that live. */
  get published(): { readonly services: number; readonly instances: number } {
    const confirmed = new Map([...this.#shards].flatMap((shard) => [...(shard.current?.records.confirmed() ?? [])]));
    const instances = [...confirmed.values()].reduce((sum, list) => sum + list.instances.length, 0);
    return { services: confirmed.size, instances };
  }

  /**
   * From now on `instances` are what we register of the service, all of them; an empty list withdraws it. Resolves when
   * the server has confirmed it. A later publish or withdraw of the service supersedes this one, which then ends as that
   * one does. A list that is confirmed already is not sent.
   *
   * @throws NACOS_INVALID when an instance breaks a rule: the server keeps the list it has. NACOS_UNSUPPORTED before
   *   2.1.1. CONNECTION_NOT_READY, TIMEOUT and other NACOS_*: the list stays what we want, and is sent again by itself.
   */
  publish(service: ServiceKey, instances: readonly Instance[]): Promise<void> {
    if (instances.length === 0) return this.withdraw(service);
    return this.#records.publish(serviceText(service), instanceList(normaliseService(service), instances));
  }

  /**
   * Ends the registration of the service. Resolves when the server has confirmed it, or holds nothing of ours.
   *
   * @throws as `publish` does; it goes on by itself, too.
   */
  withdraw(service: ServiceKey): Promise<void> {
    return this.#records.withdraw(serviceText(service));
  }

  /** Whether a server has a record of ours of the service, or may have: what was sent counts until it is refused. */
  mayHold(service: ServiceKey): boolean {
    const key = serviceText(service);
    return [...this.#shards].some((shard) => shard.mayHold(key));
  }

  /**
   * Calls `listener` with what there is, once known, and with every change. It is never called from within this call, nor
   * after `stop`.
   */
  subscribe(service: ServiceKey, listener: ServiceListener): NamingSubscription {
    return this.#subscriptions.subscribe(service, listener, this.#records.homeOf(serviceText(service)));
  }

  /** A service that does not exist has no hosts. @throws CONNECTION_NOT_READY, TIMEOUT, NACOS_* */
  query(service: ServiceKey, options: QueryOptions = {}): Promise<ServiceInfo> {
    return this.#ask((api) => api.query(service, options));
  }

  /** Names of services, without their group. @throws CONNECTION_NOT_READY, TIMEOUT, NACOS_* */
  list(options: ListOptions): Promise<{ count: number; serviceNames: string[] }> {
    return this.#ask((api) => api.list(options));
  }

  /**
   * Registers an instance that stays until it is deregistered, whatever becomes of us.
   *
   * @throws NACOS_UNSUPPORTED before 2.3; NACOS_INVALID when the service has instances that are bound to connections.
   */
  registerPersistent(service: ServiceKey, instance: Instance): Promise<void> {
    return this.#ask((api) => api.changePersistent('register', service, instance));
  }

  /** By address and port. @throws NACOS_UNSUPPORTED before 2.3. */
  deregisterPersistent(service: ServiceKey, instance: Instance): Promise<void> {
    return this.#ask((api) => api.changePersistent('deregister', service, instance));
  }

  start(): void {
    this.#shards.start();
  }

  /** Credentials were mended: what was refused is tried again at once. */
  authenticated(): void {
    for (const shard of this.#shards) shard.retry();
  }

  /** Final. The servers drop at once what was registered. */
  stop(): Promise<void> {
    this.#onStop?.();
    return this.#shards.stop();
  }

  #ask<Result>(question: (api: NamingApi) => Promise<Result>): Promise<Result> {
    return this.#shards.using(async (shard) => {
      for (;;) {
        const link = shard.current;
        try {
          return await question(shard.api);
        } catch (error) {
          // Its connection was left for another while it was under way; all that is asked here can be asked twice.
          if (!link || link.connection.isOpen || !shard.current) throw error;
        }
      }
    });
  }
}
