/**
 * What this replica publishes: for each Service the records that its exports have in Nacos, and how they fare.
 *
 * The reconciler writes it and the status is made from it. It also knows who wants which name in Nacos: of several the one of
 * the least rank has it, the same on every replica.
 */
import type { ConnectionKey } from '../connections/connection-key.ts';
import type { BridgeError } from '../errors.ts';
import type { Instance, NacosClient, ServiceKey } from '../nacos/index.ts';
import { Listeners } from '../runtime/listeners.ts';
import type { InstanceCounts, Problem } from './desired.ts';
import type { ServiceExport } from './service-export.ts';

export interface RecordAddress {
  readonly connection: ConnectionKey;
  readonly client: NacosClient;
  readonly service: ServiceKey;
}

export interface PublishedRecord {
  readonly address: RecordAddress;
  readonly instances: readonly Instance[];
  readonly counts: InstanceCounts;
  /** What Nacos says; `pending` while it has not answered. */
  state: 'pending' | 'confirmed' | { failed: BridgeError };
  /** Since when Nacos has not confirmed it, in milliseconds since the epoch; of no meaning once it has. */
  pendingSinceMs?: number;
}

/** What one export publishes of one Service. */
export interface Publication {
  readonly export: ServiceExport;
  /** By the text of their address. */
  readonly records: ReadonlyMap<string, PublishedRecord>;
  readonly problems: readonly Problem[];
  /** Whether it can be told what is to be published; what was before stays while it cannot. */
  readonly isKnown: boolean;
}

/** Publications over one connection: those with records, and those of which it is not known what is wanted. */
interface ConnectionUsage {
  readonly publishing: number;
  readonly unknown: number;
}

export class Publications {
  /** By Service, then by export. */
  readonly #publications = new Map<string, ReadonlyMap<string, Publication>>();
  /** The Services of an export. */
  readonly #services = new Map<string, Set<string>>();
  /** Who wants a name in Nacos, by the text of its address: Service and the rank of its export. */
  readonly #claims = new Map<string, Map<string, string>>();
  /** The names that each Service wants. */
  readonly #claimed = new Map<string, readonly string[]>();
  /** Counts of publications, since the questions below come with every progress. */
  readonly #usage = new Map<ConnectionKey, ConnectionUsage>();
  readonly #changed = new Listeners<[exportId: string]>();
  readonly #contested = new Listeners<[service: string]>();

  /** Told the export whose publications have changed. Returns how to stop listening, as does `onContest`. */
  onChange(listener: (exportId: string) => void): () => void {
    return this.#changed.add(listener);
  }

  /** Told each Service that may have won or lost a name by what another one wants. */
  onContest(listener: (service: string) => void): () => void {
    return this.#contested.add(listener);
  }

  of(service: string): ReadonlyMap<string, Publication> {
    return this.#publications.get(service) ?? new Map();
  }

  services(): readonly string[] {
    return [...this.#publications.keys()];
  }

  exports(): readonly string[] {
    return [...this.#services.keys()];
  }

  servicesOf(exportId: string): readonly string[] {
    return [...(this.#services.get(exportId) ?? [])];
  }

  /** Services with a publication over the connection. */
  servicesOver(connection: ConnectionKey): readonly string[] {
    const isOver = (publications: ReadonlyMap<string, Publication>) =>
      [...publications.values()].some((publication) => publication.export.connection === connection);
    return [...this.#publications].filter(([, publications]) => isOver(publications)).map(([service]) => service);
  }

  publicationsOf(exportId: string): [service: string, Publication][] {
    return this.servicesOf(exportId).flatMap((service) => {
      const publication = this.of(service).get(exportId);
      return publication === undefined ? [] : [[service, publication]];
    });
  }

  records(): PublishedRecord[] {
    const publications = [...this.#publications.values()].flatMap((byExport) => [...byExport.values()]);
    return publications.flatMap(({ records }) => [...records.values()]);
  }

  /** Over which something is published, or would be if it were known what. */
  connectionsInUse(): ReadonlySet<ConnectionKey> {
    const used = [...this.#usage].filter(([, { publishing, unknown }]) => publishing + unknown > 0);
    return new Set(used.map(([connection]) => connection));
  }

  /** Whether it is known of every Service what is to be published over the connection. */
  isKnown(connection: ConnectionKey): boolean {
    return (this.#usage.get(connection)?.unknown ?? 0) === 0;
  }

  /** Replaces what is known of a Service. */
  set(service: string, publications: readonly Publication[]): void {
    const before = this.of(service);
    const after = new Map(publications.map((publication) => [publication.export.id, publication]));
    for (const publication of before.values()) this.#count(publication, -1);
    for (const publication of after.values()) this.#count(publication, 1);
    if (after.size === 0) this.#publications.delete(service);
    else this.#publications.set(service, after);
    for (const id of before.keys()) if (!after.has(id)) this.#leave(id, service);
    for (const id of after.keys()) this.#servicesOf(id).add(service);
    for (const id of new Set([...before.keys(), ...after.keys()])) this.changed(id);
  }

  /** To be called when a record of the export is in another state. */
  changed(exportId: string): void {
    this.#changed.call(exportId);
  }

  /** The names that a Service wants from now on, each with the rank of its export. */
  claim(service: string, wanted: ReadonlyMap<string, string>): void {
    const contested = new Set<string>();
    for (const address of new Set([...wanted.keys(), ...(this.#claimed.get(service) ?? [])])) {
      const claims = this.#claims.get(address) ?? new Map<string, string>();
      const rank = wanted.get(address);
      if (claims.get(service) === rank) continue;
      if (rank === undefined) claims.delete(service);
      else claims.set(service, rank);
      if (claims.size === 0) this.#claims.delete(address);
      else this.#claims.set(address, claims);
      for (const other of claims.keys()) if (other !== service) contested.add(other);
    }
    if (wanted.size === 0) this.#claimed.delete(service);
    else this.#claimed.set(service, [...wanted.keys()]);
    for (const other of contested) this.#contested.call(other);
  }

  /** The least rank that claims a name; undefined when nobody does. */
  winner(address: string): string | undefined {
    return [...(this.#claims.get(address)?.values() ?? [])].toSorted(byText)[0];
  }

  #count({ export: { connection }, records, isKnown }: Publication, change: 1 | -1): void {
    const { publishing, unknown } = this.#usage.get(connection) ?? { publishing: 0, unknown: 0 };
    this.#usage.set(connection, {
      publishing: publishing + (records.size > 0 ? change : 0),
      unknown: unknown + (isKnown ? 0 : change),
    });
  }

  #leave(exportId: string, service: string): void {
    const services = this.#services.get(exportId);
    services?.delete(service);
    if (services?.size === 0) this.#services.delete(exportId);
  }

  #servicesOf(exportId: string): Set<string> {
    const services = this.#services.get(exportId) ?? new Set();
    this.#services.set(exportId, services);
    return services;
  }
}

/** By the text of their address. */
export function recordsOf(publications: Iterable<Publication>): Map<string, PublishedRecord> {
  return new Map([...publications].flatMap(({ records }) => [...records]));
}

const clientNumbers = new WeakMap<NacosClient, number>();
let lastClientNumber = 0;

/** One for each record that can be told apart in Nacos, however many connections share the client. */
export function addressText({ client, service }: RecordAddress): string {
  const number = clientNumbers.get(client) ?? (lastClientNumber += 1);
  clientNumbers.set(client, number);
  return [number, service.namespaceId, service.group, service.serviceName].join(' ');
}

function byText(a: string, b: string): number {
  return a < b ? -1 : 1;
}
