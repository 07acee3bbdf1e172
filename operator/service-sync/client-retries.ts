/**
 * When to try again what a Nacos client has not published: after growing pauses, for each client by itself, so that one that
 * fails for long slows no other down. Nothing is given up, since what Nacos refuses it may take later: a service of the other
 * kind is removed, a Nacos namespace is made.
 */
import type { Clock, Timer } from '../clock.ts';
import type { NacosClient } from '../nacos/index.ts';
import { Backoff } from '../runtime/backoff.ts';

interface Retry {
  readonly backoff: Backoff;
  timer: Timer | undefined;
}

/** No longer than somebody waits who has mended the cause. */
const PAUSE = { initialMs: 1000, maxMs: 60_000 };

export class ClientRetries {
  readonly #clock: Clock;
  readonly #again: (client: NacosClient) => boolean;
  readonly #retries = new Map<NacosClient, Retry>();

  /** @param again returns whether there was anything to try again. */
  constructor(clock: Clock, again: (client: NacosClient) => boolean) {
    this.#clock = clock;
    this.#again = again;
  }

  /** Something has failed. */
  later(client: NacosClient): void {
    const retry = this.#retries.get(client) ?? { backoff: new Backoff(PAUSE), timer: undefined };
    this.#retries.set(client, retry);
    retry.timer ??= this.#clock.after(retry.backoff.nextMs(), () => {
      retry.timer = undefined;
      if (!this.#again(client)) this.#retries.delete(client);
    });
  }

  /** The cause may have passed. */
  now(client: NacosClient): void {
    this.#retries.get(client)?.timer?.cancel();
    this.#retries.delete(client);
    this.#again(client);
  }

  stop(): void {
    for (const { timer } of this.#retries.values()) timer?.cancel();
    this.#retries.clear();
  }
}
