/**
 * What goes away by itself: services without publishers, and instances over HTTP that send no heartbeats.
 *
 * Looked at every five seconds; only what may go away is looked at. (A real server removes empty services every minute,
 * so up to a minute later.)
 */
import type { Clock, Timer } from '../../../operator/clock.ts';
import { createHost } from './host.ts';
import type { NamingClient, Registry } from './registry.ts';
import type { Service } from './service.ts';

export interface JanitorOptions {
  readonly clock: Clock;
  readonly registry: Registry;
}

interface Beating {
  readonly service: Service;
  readonly client: NamingClient;
  lastBeatMs: number;
}

const periodMs = 5_000;
const emptyServiceLifeMs = 60_000;

export class Janitor {
  readonly #options: JanitorOptions;
  readonly #emptySinceMs = new Map<Service, number>();
  /** By service, then by the id of the client. */
  readonly #beating = new Map<Service, Map<string, Beating>>();
  #timer: Timer;

  constructor(options: JanitorOptions) {
    this.#options = options;
    this.#timer = this.#schedule();
  }

  created(service: Service): void {
    this.#emptySinceMs.set(service, this.#now);
  }

  published(service: Service, client: NamingClient): void {
    this.#emptySinceMs.delete(service);
    if (client.kind !== 'ephemeral') return;
    const beating = this.#beating.get(service) ?? new Map<string, Beating>();
    this.#beating.set(service, beating);
    if (!beating.has(client.id)) beating.set(client.id, { service, client, lastBeatMs: this.#now });
  }

  withdrawn(service: Service, { id }: NamingClient): void {
    if (service.publications.size === 0) this.#emptySinceMs.set(service, this.#now);
    this.#beating.get(service)?.delete(id);
    if (this.#beating.get(service)?.size === 0) this.#beating.delete(service);
  }

  /** A heartbeat, which also makes the instance healthy again. Returns whether it is known. */
  beat(service: Service, clientId: string): boolean {
    const beating = this.#beating.get(service)?.get(clientId);
    if (!beating) return false;
    beating.lastBeatMs = this.#now;
    this.#setHealth(beating, true);
    return true;
  }

  stop(): void {
    this.#timer.cancel();
  }

  get #now(): number {
    return this.#options.clock.monotonic();
  }

  #schedule(): Timer {
    return this.#options.clock.after(periodMs, () => {
      this.#cleanUp();
      this.#timer = this.#schedule();
    });
  }

  #cleanUp(): void {
    for (const clients of this.#beating.values()) for (const beating of clients.values()) this.#check(beating);
    for (const [service, sinceMs] of this.#emptySinceMs) {
      if (this.#now - sinceMs < emptyServiceLifeMs) continue;
      this.#emptySinceMs.delete(service);
      this.#options.registry.remove(service);
    }
  }

  #check(beating: Beating): void {
    const { client, lastBeatMs, service } = beating;
    const host = service.publications.get(client.id)?.[0];
    const silentMs = this.#now - lastBeatMs;
    if (!host || silentMs > host.ipDeleteTimeout) this.#options.registry.withdraw(service.key, client.id);
    else if (silentMs > host.instanceHeartBeatTimeOut) this.#setHealth(beating, false);
  }

  #setHealth({ client, service }: Beating, healthy: boolean): void {
    const host = service.publications.get(client.id)?.[0];
    if (!host || host.healthy === healthy) return;
    this.#options.registry.publish(service, client.id, client.kind, [createHost({ ...host, healthy })]);
  }
}
