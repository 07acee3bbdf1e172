/**
 * Keeps the entry of this replica in one Nacos namespace: what was given last is sent until Nacos has it, each time with a
 * greater revision.
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
  /** The newest revision of ours that Nacos was seen to have, also of a process whose place we have taken. */
  seenRevision: () => number;
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
  #current: Omit<ReplicaHost, 'revision'> | undefined;
  #revision = 0;
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
  publish(host: Omit<ReplicaHost, 'revision'>): void {
    const before = this.#current;
    if (JSON.stringify(host) === JSON.stringify(before)) return;
    this.#current = host;
    const wasLost = before?.entry.kubernetes === 'Lost' && host.entry.kubernetes === 'Synced';
    this.#begin(host, wasLost);
  }

  /** Sends the entry again, so that others see that it is not a remainder. */
  renew(): void {
    // What is under way is as good.
    if (this.#current && this.#sending.signal.aborted) this.#begin(this.#current, false);
  }

  /** Resolves when the others know, or cannot be told. */
  async withdraw(): Promise<void> {
    this.#sending.abort();
    await this.#options.entries.withdraw(this.#options.service).catch(() => {});
  }

  #begin(host: Omit<ReplicaHost, 'revision'>, wasLost: boolean): void {
    const { clock, seenRevision } = this.#options;
    this.#revision = Math.max(this.#revision + 1, seenRevision() + 1, clock.now());
    this.#sending.abort();
    const sending = new AbortController();
    this.#sending = sending;
    void this.#send({ ...host, revision: this.#revision }, wasLost, sending.signal).finally(() => sending.abort());
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
