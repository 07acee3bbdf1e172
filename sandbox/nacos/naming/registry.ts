/**
 * All services and all clients, and who registered what.
 *
 * Guarantees: a client has one publication of a service at most, and the next replaces it; a service is of the kind of
 * its first registration for as long as it exists; the end of a client costs as much as it published, without looking at
 * instances. What is shown of a service is service.ts.
 */
import { Refusal } from '../refusal.ts';
import type { Host } from './host.ts';
import { groupedName, serviceText } from './service-key.ts';
import type { ServiceKey } from './service-key.ts';
import { Service, type Override } from './service.ts';

/**
 * A connection, or an address over HTTP. Everything that is registered belongs to a client, and goes with it.
 *
 *   connection   `MS_IP_PORT`     one publication for each service; ends with the connection
 *   ephemeral    `IP:PORT#true`   one instance over HTTP, alive as long as it sends heartbeats
 *   persistent   `IP:PORT#false`  one instance, until it is deregistered
 */
export interface NamingClient {
  readonly id: string;
  readonly kind: 'connection' | 'ephemeral' | 'persistent';
  /** What it has publications of. */
  readonly services: Set<Service>;
}

export interface RegistryEvents {
  /** It has no publisher yet. */
  created(service: Service): void;
  published(service: Service, client: NamingClient): void;
  /** By a request, or because the client is gone. */
  withdrawn(service: Service, client: NamingClient): void;
  /** By an administrator. */
  overridden(service: Service): void;
}

export class Registry {
  readonly #events: RegistryEvents;
  readonly #services = new Map<string, Service>();
  readonly #namespaces = new Map<string, Set<Service>>();
  readonly #clients = new Map<string, NamingClient>();
  #instances = 0;

  constructor(events: RegistryEvents) {
    this.#events = events;
  }

  get serviceCount(): number {
    return this.#services.size;
  }

  /** Of all publications, equal ones counted each. */
  get instanceCount(): number {
    return this.#instances;
  }

  get clientCount(): number {
    return this.#clients.size;
  }

  find(key: ServiceKey): Service | undefined {
    return this.#services.get(serviceText(key));
  }

  servicesOf(namespaceId: string): Service[] {
    return [...(this.#namespaces.get(namespaceId) ?? [])];
  }

  /**
   * The service, to register an instance of this kind; every attempt makes the service, also one that is refused then.
   *
   * @throws Refusal when the service is of the other kind.
   */
  obtain(key: ServiceKey, ephemeral: boolean, action = 'register'): Service {
    const service = this.find(key) ?? this.#create(key, ephemeral);
    if (service.ephemeral === ephemeral) return service;
    const [is, wanted] = ephemeral ? ['persistent', 'ephemeral'] : ['ephemeral', 'persistent'];
    const rule = `Current service ${groupedName(key)} is ${is} service, can't ${action} ${wanted} instance.`;
    throw new Refusal('server error', `errCode: 400, errMsg: ${rule} `);
  }

  remove(service: Service): void {
    this.#services.delete(serviceText(service.key));
    const namespace = this.#namespaces.get(service.key.namespaceId);
    namespace?.delete(service);
    if (namespace?.size === 0) this.#namespaces.delete(service.key.namespaceId);
  }

  /** What this client publishes of the service from now on. */
  publish(service: Service, id: string, kind: NamingClient['kind'], hosts: readonly Host[]): void {
    const client = this.#clients.get(id) ?? { id, kind, services: new Set<Service>() };
    this.#clients.set(id, client);
    client.services.add(service);
    this.#put(service, id, hosts);
    this.#events.published(service, client);
  }

  /** What is not registered needs no withdrawal. */
  withdraw(key: ServiceKey, clientId: string): void {
    const service = this.find(key);
    const client = this.#clients.get(clientId);
    if (!service || !client?.services.delete(service)) return;
    if (client.services.size === 0) this.#clients.delete(clientId);
    this.#put(service, clientId, undefined);
    this.#events.withdrawn(service, client);
  }

  /** What an administrator sets for an instance. Returns whether there is such a service. */
  override(key: ServiceKey, host: Host, values: Override): boolean {
    const service = this.find(key);
    service?.override(host, values);
    if (service) this.#events.overridden(service);
    return service !== undefined;
  }

  /** Withdraws all that it published. */
  removeClient(id: string): void {
    for (const { key } of this.#clients.get(id)?.services ?? []) this.withdraw(key, id);
  }

  #create(key: ServiceKey, ephemeral: boolean): Service {
    const service = new Service(key, ephemeral);
    this.#services.set(serviceText(key), service);
    const namespace = this.#namespaces.get(key.namespaceId) ?? new Set();
    this.#namespaces.set(key.namespaceId, namespace.add(service));
    this.#events.created(service);
    return service;
  }

  #put(service: Service, clientId: string, hosts: readonly Host[] | undefined): void {
    this.#instances += (hosts?.length ?? 0) - (service.publications.get(clientId)?.length ?? 0);
    service.put(clientId, hosts);
  }
}

/** Of one that registers over HTTP, or without a connection. */
export function addressClientId(ip: string, port: number, ephemeral: boolean): string {
  return `${ip}:${port}#${ephemeral}`;
}
