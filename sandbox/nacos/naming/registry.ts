/**
 * All services and all clients, and who registered what.
 *
 * Guarantees: a client has one publication of a service at most, and the next replaces it; a service is of the kind of
 * its first registration for as long as it exists; the end of a client costs as much as it published, without looking at
 * instances. What is shown of a service is service.ts.
 */
import type { Generation } from '../generation.ts';
import type { NamingClient } from './naming-client.ts';
import { RefusedOperation } from './refusal.ts';
import { groupedName, serviceText } from './service-key.ts';
import type { ServiceKey } from './service-key.ts';
import { Service } from './service.ts';
import type { Publication } from './service.ts';

export interface RegistryEvents {
  /** It has no publisher yet. */
  created(service: Service): void;
  published(service: Service, client: NamingClient, publication: Publication): void;
  /** By a request, or because the client is gone. */
  withdrawn(service: Service, client: NamingClient, publication: Publication): void;
}

export class Registry {
  readonly #generation: Generation;
  readonly #events: RegistryEvents;
  readonly #now: () => number;
  readonly #services = new Map<string, Service>();
  readonly #namespaces = new Map<string, Set<Service>>();
  readonly #clients = new Map<string, NamingClient>();
  #instances = 0;

  constructor(generation: Generation, now: () => number, events: RegistryEvents) {
    this.#generation = generation;
    this.#now = now;
    this.#events = events;
  }

  get serviceCount(): number {
    return this.#services.size;
  }

  /** Of all publications, equal ones counted each. */
  get instanceCount(): number {
    return this.#instances;
  }

  get clients(): ReadonlyMap<string, NamingClient> {
    return this.#clients;
  }

  find(key: ServiceKey): Service | undefined {
    return this.#services.get(serviceText(key));
  }

  servicesOf(namespaceId: string): Iterable<Service> {
    return this.#namespaces.get(namespaceId) ?? [];
  }

  /** Every attempt to register makes the service, also one that is refused then. */
  obtain(key: ServiceKey, ephemeral: boolean): Service {
    const found = this.find(key);
    if (found) return found;
    const service = new Service(key, ephemeral, this.#generation);
    this.#services.set(serviceText(key), service);
    const namespace = this.#namespaces.get(key.namespaceId);
    if (namespace) namespace.add(service);
    else this.#namespaces.set(key.namespaceId, new Set([service]));
    this.#events.created(service);
    return service;
  }

  remove(service: Service): void {
    this.#services.delete(serviceText(service.key));
    const namespace = this.#namespaces.get(service.key.namespaceId);
    namespace?.delete(service);
    if (namespace?.size === 0) this.#namespaces.delete(service.key.namespaceId);
  }

  /** The one of this id, which is at work now, or a new one. */
  client(id: string, kind: NamingClient['kind'], connection?: NamingClient['connection']): NamingClient {
    const found = this.#clients.get(id);
    const client = found ?? { id, kind, connection, services: new Set<Service>(), lastUpdatedMs: 0 };
    client.lastUpdatedMs = this.#now();
    this.#clients.set(id, client);
    return client;
  }

  /** @throws RefusedOperation when the service is of the other kind. */
  requireKind(service: Service, ephemeral: boolean, action = 'register'): void {
    if (service.ephemeral === ephemeral) return;
    const [is, wanted] = ephemeral ? ['persistent', 'ephemeral'] : ['ephemeral', 'persistent'];
    const rule = `Current service ${groupedName(service.key)} is ${is} service, can't ${action} ${wanted} instance.`;
    throw new RefusedOperation(400, rule);
  }

  publish(service: Service, client: NamingClient, publication: Publication): void {
    const previous = service.publications.get(client.id);
    service.put(client.id, publication);
    client.services.add(service);
    client.lastUpdatedMs = this.#now();
    this.#instances += publication.hosts.length - (previous?.hosts.length ?? 0);
    this.#events.published(service, client, publication);
  }

  withdraw(service: Service, client: NamingClient): void {
    client.lastUpdatedMs = this.#now();
    const publication = service.publications.get(client.id);
    if (!publication) return;
    service.drop(client.id);
    client.services.delete(service);
    this.#instances -= publication.hosts.length;
    if (client.kind !== 'connection' && client.services.size === 0) this.#clients.delete(client.id);
    this.#events.withdrawn(service, client, publication);
  }

  /** Withdraws all that it published. */
  removeClient(id: string): void {
    const client = this.#clients.get(id);
    if (!client) return;
    for (const service of client.services) this.withdraw(service, client);
    this.#clients.delete(id);
  }
}
