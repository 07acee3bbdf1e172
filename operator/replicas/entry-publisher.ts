/**
 * Keeps the entry of this replica in one Nacos namespace: what was given last is sent until Nacos has it.
 *
 * Guarantee: an entry that says that we see the API server again is sent when our records are there: who reads it must find
 * them.
 */
import { sleep, type Clock } from '../clock.ts';
import { recordsSent } from '../connections/records-sent.ts';
import { isBridgeError, type BridgeError } from '../errors.ts';
import type { Logger } from '../logger.ts';
import type { NamingClient, ServiceKey } from '../nacos/index.ts';
import { instanceOf, type ReplicaHost } from './replica-entry.ts';

interface EntryPublisherOptions {
  service: ServiceKey;
  entries: Pick<NamingClient, 'publish' | 'withdraw'>;
  /** What publishes services. It is only looked at here. */
  naming: Pick<NamingClient, 'connections' | 'isSettled' | 'onChange'>;
  clusterId: string;
  address: { ip: string; port: number };
  /** Called when `refusal` is another one. */
  onRefusal: () => void;
  clock: Clock;
  log: Logger;
}

/** What a server says to an entry that it will not have. */
const refusals = ['NACOS_FORBIDDEN', 'NACOS_UNAUTHENTICATED', 'NACOS_INVALID', 'NACOS_UNSUPPORTED'] as const;
const RETRY_MS = 5000;

export class EntryPublisher {
  readonly #options: EntryPublisherOptions;
  #current: ReplicaHost | undefined;
  #sending = new AbortController();
  #refusal: BridgeError | undefined;

  constructor(options: EntryPublisherOptions) {
    this.#options = options;
  }

  /** Why Nacos does not take the entry. */
  get refusal(): BridgeError | undefined {
    return this.#refusal;
  }

  /** From now on this is the entry; returns at once. */
  publish(host: ReplicaHost): void {
    const before = this.#current;
    if (JSON.stringify(host) === JSON.stringify(before)) return;
    this.#current = host;
    this.#sending.abort();
    this.#sending = new AbortController();
    const wasLost = before?.entry.kubernetes === 'Lost' && host.entry.kubernetes === 'Synced';
    void this.#send(host, wasLost, this.#sending.signal);
  }

  /** Resolves when the others know, or cannot be told. */
  async withdraw(): Promise<void> {
    this.#sending.abort();
    await this.#options.entries.withdraw(this.#options.service).catch(() => {});
  }

  /** Until Nacos has the entry, or there is another one to send. */
  async #send(host: ReplicaHost, wasLost: boolean, signal: AbortSignal): Promise<void> {
    const { address, clock, clusterId, entries, naming, service } = this.#options;
    try {
      if (wasLost) await recordsSent(naming, clock, signal);
      while (!signal.aborted) {
        const outcome = await entries.publish(service, [instanceOf(host, clusterId, address)]).then(
          () => undefined,
          (error: unknown) => error,
        );
        if (signal.aborted) return;
        this.#refuse(isBridgeError(outcome, ...refusals) ? outcome : undefined);
        if (outcome === undefined) return;
        await sleep(clock, RETRY_MS, signal);
      }
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }

  #refuse(refusal: BridgeError | undefined): void {
    const { log, onRefusal } = this.#options;
    if (refusal?.message === this.#refusal?.message) return;
    this.#refusal = refusal;
    if (refusal) {
      const message =
        'Nacos refuses the entry of this replica: blind replicas are not relieved, and nothing is withdrawn';
      log.warn(message, { error: refusal.message });
    } else log.info('Nacos takes the entry of this replica again');
    onRefusal();
  }
}
