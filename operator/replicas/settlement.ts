/**
 * Whether all servers of a Nacos know what is published over a client: a server confirms what it was sent before the others
 * know of it, and our entry may be read at another one.
 *
 * Guarantee: it is not so for `spreadMs` after our connections were made, nor after the last list was confirmed, as far as
 * that brought anything. What changes later, step by step, does not count, or it would never be so.
 */
import type { Clock, Timer } from '../clock.ts';
import type { NamingClient } from '../nacos/index.ts';

interface SettlementOptions {
  /** What publishes services. It is only looked at here. */
  naming: Pick<NamingClient, 'connections' | 'isSettled' | 'onChange'>;
  /** How long the other servers may not know yet what ours has confirmed. */
  spreadMs: number;
  /** Called when it is so, after it was asked for in vain. */
  onKnown: () => void;
  clock: Clock;
}

export class Settlement {
  readonly #options: SettlementOptions;
  /** Since when all that was wanted is confirmed; undefined while it is not. */
  #settledMs: number | undefined;
  /** When our connections or what they hold were last seen to change, and that as it was before the last list. */
  #changedMs: number;
  #changedBeforeMs: number;
  #next: Timer | undefined;
  readonly #unsubscribe: () => void;

  constructor(options: SettlementOptions) {
    const { clock, naming } = options;
    this.#options = options;
    this.#changedMs = clock.monotonic();
    this.#changedBeforeMs = this.#changedMs;
    this.#unsubscribe = naming.onChange((change) => {
      this.#changedMs = clock.monotonic();
      if (change === 'lost' || naming.connections.isSuspended) this.#settledMs = undefined;
      this.#look();
    });
  }

  /** To be called before what a list has brought is wanted of the client: what is wanted already looks like a change. */
  listing(): void {
    this.#changedBeforeMs = this.#changedMs;
  }

  /** To be called after that, and a turn of the event loop: what is not confirmed by then has to be sent. */
  listed(): void {
    this.#settledMs = this.#options.naming.isSettled ? this.#changedBeforeMs : undefined;
  }

  get isKnownEverywhere(): boolean {
    const { clock, naming, onKnown, spreadMs } = this.#options;
    this.#look();
    if (!naming.isSettled || this.#settledMs === undefined) return false;
    const leftMs = this.#settledMs + spreadMs - clock.monotonic();
    if (leftMs <= 0) return true;
    this.#next?.cancel();
    this.#next = clock.after(leftMs, onKnown);
    return false;
  }

  stop(): void {
    this.#unsubscribe();
    this.#next?.cancel();
  }

  #look(): void {
    const { clock, naming } = this.#options;
    if (naming.isSettled) this.#settledMs ??= clock.monotonic();
  }
}
