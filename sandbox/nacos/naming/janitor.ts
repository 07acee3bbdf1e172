/**
 * What goes away by itself: instances over HTTP that send no heartbeats, services without publishers, and what an
 * administrator set for an instance that is gone.
 *
 * Looked at every five seconds; only what may go away is looked at. (A real server removes empty services every minute,
 * so up to a minute later.)
 */
import type { Clock, Timer } from '../../../operator/clock.ts';
import type { Generation } from '../generation.ts';
import { createHost } from './host.ts';
import type { NamingClient } from './naming-client.ts';
import type { Registry } from './registry.ts';
import { addressText } from './service.ts';
import type { Publication, Service } from './service.ts';

export interface JanitorOptions {
  readonly clock: Clock;
  readonly generation: Generation;
  readonly registry: Registry;
}

interface Beating {
  readonly service: Service;
  readonly client: NamingClient;
  lastBeatMs: number;
}

interface OrphanedOverlay {
  readonly service: Service;
  readonly address: string;
  readonly sinceMs: number;
}

const periodMs = 5_000;
const emptyServiceLifeMs = 60_000;
const overlayLifeMs = 60_000;

export class Janitor {
  readonly #options: JanitorOptions;
  readonly #beating = new Map<NamingClient, Map<Service, Beating>>();
  readonly #emptySinceMs = new Map<Service, number>();
  readonly #orphans = new Map<Service, Map<string, OrphanedOverlay>>();
  #timer: Timer;

  constructor(options: JanitorOptions) {
    this.#options = options;
    this.#timer = this.#schedule();
  }

  created(service: Service): void {
    this.#emptySinceMs.set(service, this.#now);
  }

  published(service: Service, client: NamingClient, { hosts, isBatch }: Publication): void {
    this.#emptySinceMs.delete(service);
    const [host] = hosts;
    if (!isBatch && host) this.#orphans.get(service)?.delete(addressText(host));
    if (client.kind === 'ephemeral' && !this.#beatOf(service, client)) {
      const services = this.#beating.get(client) ?? new Map<Service, Beating>();
      this.#beating.set(client, services.set(service, { service, client, lastBeatMs: this.#now }));
    }
  }

  withdrawn(service: Service, client: NamingClient, { hosts, isBatch }: Publication): void {
    if (service.publications.size === 0) this.#emptySinceMs.set(service, this.#now);
    this.#beating.get(client)?.delete(service);
    if (this.#beating.get(client)?.size === 0) this.#beating.delete(client);
    // Of a batch the server does not know whose overlays they were: they stay.
    const [host] = hosts;
    const address = !isBatch && host ? addressText(host) : undefined;
    if (address === undefined || !service.overlay(address)) return;
    const orphans = this.#orphans.get(service) ?? new Map<string, OrphanedOverlay>();
    this.#orphans.set(service, orphans.set(address, { service, address, sinceMs: this.#now }));
  }

  /** A heartbeat, which also makes the instance healthy again. */
  beat(service: Service, client: NamingClient): void {
    const beating = this.#beatOf(service, client);
    if (!beating) return;
    beating.lastBeatMs = this.#now;
    client.lastUpdatedMs = this.#options.clock.now();
    this.#setHealth(beating, true);
  }

  stop(): void {
    this.#timer.cancel();
  }

  get #now(): number {
    return this.#options.clock.monotonic();
  }

  #beatOf(service: Service, client: NamingClient): Beating | undefined {
    return this.#beating.get(client)?.get(service);
  }

  #schedule(): Timer {
    return this.#options.clock.after(periodMs, () => {
      this.#cleanUp();
      this.#timer = this.#schedule();
    });
  }

  #cleanUp(): void {
    for (const beating of [...this.#beating.values()].flatMap((services) => [...services.values()]))
      this.#check(beating);
    for (const [service, sinceMs] of this.#emptySinceMs) {
      if (this.#now - sinceMs < emptyServiceLifeMs) continue;
      this.#emptySinceMs.delete(service);
      this.#orphans.delete(service);
      if (this.#options.registry.find(service.key) === service) this.#options.registry.remove(service);
    }
    for (const orphans of this.#orphans.values()) {
      for (const { service, address, sinceMs } of orphans.values()) {
        if (this.#now - sinceMs < overlayLifeMs) continue;
        orphans.delete(address);
        service.setOverlay(address, undefined);
      }
    }
  }

  #check(beating: Beating): void {
    const { client, lastBeatMs, service } = beating;
    const host = service.publications.get(client.id)?.hosts[0];
    const silentMs = this.#now - lastBeatMs;
    if (!host || silentMs > Number(host['ipDeleteTimeout'])) this.#options.registry.withdraw(service, client);
    else if (silentMs > Number(host['instanceHeartBeatTimeOut'])) this.#setHealth(beating, false);
  }

  #setHealth({ client, service }: Beating, healthy: boolean): void {
    const host = service.publications.get(client.id)?.hosts[0];
    if (!host || host.healthy === healthy) return;
    const hosts = [createHost({ ...host, healthy }, this.#options.generation)];
    this.#options.registry.publish(service, client, { hosts, isBatch: false });
  }
}
