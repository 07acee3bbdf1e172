/**
 * One naming connection with what the server holds for it: the records and the subscriptions of a shard.
 *
 * A new connection holds nothing. `redo` makes it hold all that the shard wants, records before subscriptions, and ends
 * when nothing is left that could be sent, whatever became wanted meanwhile. What cannot be confirmed then is no reason
 * to do without the rest: it is left to be tried again.
 */
import { isBridgeError } from '../errors.ts';
import { errorFields } from '../log.ts';
import type { Logger } from '../log.ts';
import type { Connection } from './connection.ts';
import type { NamingApi } from './naming-api.ts';
import type { InstanceList } from './naming-instance-list.ts';
import type { ServiceInfo, ServiceKey } from './naming-types.ts';
import { RequestLimiter } from './request-limiter.ts';
import { Slots } from './naming-slots.ts';
import type { Wish } from './naming-slots.ts';

export interface SubscriptionWish extends Wish {
  readonly service: ServiceKey;
}

/** What a shard wants of each of its connections, by the text of the service. */
export interface Wanted {
  readonly records: ReadonlyMap<string, InstanceList>;
  readonly subscriptions: ReadonlyMap<string, SubscriptionWish>;
}

export interface NamingLinkOptions {
  readonly api: NamingApi;
  readonly wanted: Wanted;
  /** Greater than those of the shard's earlier connections. */
  readonly order: number;
  readonly log: Logger;
  readonly onSnapshot: (key: string, info: ServiceInfo) => void;
  /** A record was sent and not answered in time. */
  readonly onDoubt: () => void;
}

export const redoConcurrency = 16;

export class NamingLink {
  readonly connection: Connection;
  readonly records: Slots<InstanceList>;
  readonly subscriptions: Slots<SubscriptionWish>;
  readonly #options: NamingLinkOptions;

  constructor(connection: Connection, options: NamingLinkOptions) {
    const { api, onSnapshot, wanted } = options;
    this.connection = connection;
    this.#options = options;
    this.records = new Slots({
      wanted: (key) => wanted.records.get(key),
      wantedKeys: () => wanted.records.keys(),
      fill: (list) => this.#noticeDoubt(api.register(connection, list)),
      clear: (list) => this.#noticeDoubt(api.deregister(connection, list)),
    });
    this.subscriptions = new Slots({
      wanted: (key) => wanted.subscriptions.get(key),
      wantedKeys: () => wanted.subscriptions.keys(),
      fill: async ({ service, text }) => onSnapshot(text, await api.subscribe(connection, service, true)),
      clear: async ({ service }) => void (await api.subscribe(connection, service, false)),
    });
  }

  get order(): number {
    return this.#options.order;
  }

  get isSettled(): boolean {
    return this.records.unsettled().length + this.subscriptions.unsettled().length === 0;
  }

  /**
   * Resolves to how many slots it has brought to what is wanted.
   *
   * @throws the cause when the connection ends before it is done
   */
  async redo(signal: AbortSignal): Promise<{ records: number; subscriptions: number }> {
    const records = await this.#redoAll(this.records, signal);
    return { records, subscriptions: await this.#redoAll(this.subscriptions, signal) };
  }

  async #redoAll<W extends Wish>(slots: Slots<W>, signal: AbortSignal): Promise<number> {
    const limiter = new RequestLimiter(redoConcurrency);
    const failures = new Map<string, unknown>();
    let done = 0;
    const settle = async (key: string): Promise<void> => {
      try {
        await slots.settle(key);
        done += 1;
      } catch (error) {
        failures.set(key, error);
      }
    };
    for (;;) {
      const keys = slots.unsettled().filter((key) => !failures.has(key));
      if (keys.length === 0) break;
      await Promise.all(keys.map((key) => limiter.run(() => settle(key), signal)));
      if (!this.connection.isOpen) throw await this.connection.ended;
    }
    const [first] = failures;
    if (first) {
      const fields = { first: first[0], ...errorFields(first[1]) };
      this.#options.log.warn(`${failures.size} services could not be sent to Nacos yet`, fields);
    }
    return done;
  }

  async #noticeDoubt(write: Promise<void>): Promise<void> {
    try {
      await write;
    } catch (error) {
      if (isBridgeError(error, 'TIMEOUT')) this.#options.onDoubt();
      throw error;
    }
  }
}
