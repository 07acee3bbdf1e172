/**
 * One naming connection with what the server holds for it: the records and the subscriptions of a shard.
 *
 * A new connection holds nothing. `redo` makes it hold all that the shard wants, records before subscriptions, and ends
 * when nothing is left that could be sent, whatever became wanted meanwhile. What cannot be confirmed then is no reason
 * to do without the rest: it is left to be tried again.
 *
 * A record that was sent and not answered in time may be carried out later. Sending the same once more does no harm then,
 * so one such request costs one more. It is in doubt what the server will hold, and another connection is needed, only when
 * something else is to be sent for that service, or the answer stays away again.
 */
import { isBridgeError } from '../../errors.ts';
import { errorFields, type Logger } from '../../logger.ts';
import type { Connection } from '../transport/connection.ts';
import type { NamingApi } from './naming-api.ts';
import type { InstanceList } from './naming-instance-list.ts';
import { serviceText } from './naming-service-key.ts';
import { Slots, type Wish } from './naming-slots.ts';
import type { ServiceInfo } from './naming-types.ts';
import type { SubscriptionWish, Wanted } from './naming-wanted.ts';
import { RequestLimiter } from '../transport/request-limiter.ts';

interface NamingLinkOptions {
  readonly api: NamingApi;
  readonly wanted: Pick<Wanted, 'records' | 'subscriptions'>;
  /** Greater than those of the shard's earlier connections. */
  readonly order: number;
  readonly log: Logger;
  readonly onSnapshot: (key: string, info: ServiceInfo) => void;
  /** What the server holds, or will, cannot be told any more. */
  readonly onDoubt: () => void;
}

/** Waiting for one's turn is not part of a request's time limit: a burst is no reason to doubt the server. */
export const requestsPerLink = 16;

export class NamingLink {
  readonly connection: Connection;
  readonly records: Slots<InstanceList>;
  readonly subscriptions: Slots<SubscriptionWish>;
  readonly #options: NamingLinkOptions;
  readonly #limiter = new RequestLimiter(requestsPerLink);
  readonly #ending = new AbortController();
  /** What was sent last of services without an answer in time, by service; '' for a withdrawal. */
  readonly #unanswered = new Map<string, string>();

  constructor(connection: Connection, options: NamingLinkOptions) {
    const { api, onSnapshot, wanted } = options;
    this.connection = connection;
    this.#options = options;
    this.records = new Slots({
      wanted: wanted.records,
      fill: (list) => this.#write(list, list.text, () => api.register(connection, list)),
      clear: (list) => this.#write(list, '', () => api.deregister(connection, list)),
    });
    this.subscriptions = new Slots({
      wanted: wanted.subscriptions,
      fill: async ({ service, text }) =>
        onSnapshot(text, await this.#inTurn(() => api.subscribe(connection, service, true))),
      clear: async ({ service }) => void (await this.#inTurn(() => api.subscribe(connection, service, false))),
    });
    void connection.ended.then((error) => this.#ending.abort(error));
  }

  /** Aborted with the cause when the connection has ended. */
  get ended(): AbortSignal {
    return this.#ending.signal;
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
  async redo(): Promise<{ records: number; subscriptions: number }> {
    const records = await this.#redoAll(this.records);
    return { records, subscriptions: await this.#redoAll(this.subscriptions) };
  }

  async #redoAll<W extends Wish>(slots: Slots<W>): Promise<number> {
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
      await Promise.all(keys.map(settle));
      if (!this.connection.isOpen) throw await this.connection.ended;
    }
    const [first] = failures;
    if (first) {
      const fields = { first: first[0], ...errorFields(first[1]) };
      this.#options.log.warn(`${failures.size} services could not be sent to Nacos yet`, fields);
    }
    return done;
  }

  #inTurn<Result>(request: () => Promise<Result>): Promise<Result> {
    return this.#limiter.run(request, this.#ending.signal);
  }

  async #write({ service }: InstanceList, text: string, request: () => Promise<void>): Promise<void> {
    const key = serviceText(service);
    const before = this.#unanswered.get(key);
    if (before !== undefined && before !== text) this.#options.onDoubt();
    try {
      await this.#inTurn(request);
    } catch (error) {
      if (isBridgeError(error, 'TIMEOUT')) {
        this.#unanswered.set(key, text);
        if (before !== undefined) this.#options.onDoubt();
      }
      throw error;
    }
  }
}
