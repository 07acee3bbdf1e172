/**
 * What this replica publishes: for each Service the records that its exports have in Nacos, and how they fare.
 *
 * The reconciler writes it and the status is made from it. Who may have which name in Nacos, `claims` say.
 */
import type { ConnectionKey } from '../connections/connection-key.ts';
import type { BridgeError } from '../errors.ts';
import { serviceText, type Instance, type NacosClient, type ServiceKey } from '../nacos/index.ts';
import { Listeners } from '../runtime/listeners.ts';
import type { InstanceCounts } from './desired.ts';
import { NameClaims } from './name-claims.ts';
import type { Problem } from './problem.ts';
import type { ServiceExport } from './service-export.ts';

export interface RecordAddress {
  readonly connection: ConnectionKey;
  readonly client: NacosClient;
  /** HOST:PORT of those that the client may use. */
  readonly servers: readonly string[];
  readonly service: ServiceKey;
}

export interface PublishedRecord {
  readonly address: RecordAddress;
  readonly instances: readonly Instance[];
  readonly counts: InstanceCounts;
  /** What Nacos says; `pending` while it has not answered. */
  state: 'pending' | 'confirmed' | { failed: BridgeError };
  /** Since when it is not confirmed, or another list before it was not; milliseconds since the epoch. */
  pendingSinceMs?: number;
}

/** What one export publishes of one Service. */
export interface Publication {
  readonly export: ServiceExport;
  /** Among all that want a name. */
  readonly rank: string;
  /** By the text of their address. */
  readonly records: ReadonlyMap<string, PublishedRecord>;
  readonly problems: readonly Problem[];
  /** Whether it can be told what is to be published; what was before stays while it cannot. */
  readonly isKnown: boolean;
  /** Why it cannot. */
  readonly failure?: BridgeError;
  /** Of some of its names. */
  readonly refusal?: Refusal;
}

/** What the connection does not allow. */
export interface Refusal {
  readonly error: BridgeError;
  /** Names that are published on, since too many would go at once. */
  readonly held: number;
}

/** Publications over one connection: those with records, and those of which it is not known what is wanted. */
interface ConnectionUsage {
  readonly publishing: number;
  readonly unknown: number;
}

export class Publications {
  readonly claims = new NameClaims();
  /** By Service, then by export. */
  readonly #publications = new Map<string, ReadonlyMap<string, Publication>>();
  /** The Services of an export. */
  readonly #services = new Map<string, Set<string>>();
  /** Counts of publications, since the questions below come with every progress. */
  readonly #usage = new Map<ConnectionKey, ConnectionUsage>();
  readonly #changed = new Listeners<[exportId: string]>();

  /** Told the export whose publications have changed. Returns how to stop listening. */
  onChange(listener: (exportId: string) => void): () => void {
    return this.#changed.add(listener);
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
    return this.#all().flatMap(({ records }) => [...records.values()]);
  }

  /** How many of all. */
  problems(): number {
    return this.#all().reduce((sum, { problems }) => sum + problems.length, 0);
  }

  /** Which export of a Service offers an instance under a name, whatever the connection. */
  publisherOf(service: string, name: ServiceKey, { ip, port }: Pick<Instance, 'ip' | 'port'>): Publication | undefined {
    return [...this.of(service).values()].find(({ records }) =>
      [...records.values()].some(({ address, instances }) => {
        const isThere = () => instances.some((instance) => instance.ip === ip && instance.port === port);
        return serviceText(address.service) === serviceText(name) && isThere();
      }),
    );
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

  #all(): Publication[] {
    return [...this.#publications.values()].flatMap((byExport) => [...byExport.values()]);
  }

  #count({ export: { connection }, records, isKnown }: Publication, change: 1 | -1): void {
    const before = this.#usage.get(connection) ?? { publishing: 0, unknown: 0 };
    const publishing = before.publishing + (records.size > 0 ? change : 0);
    const unknown = before.unknown + (isKnown ? 0 : change);
    if (publishing + unknown === 0) this.#usage.delete(connection);
    else this.#usage.set(connection, { publishing, unknown });
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

const clientNumbers = new WeakMap<NacosClient, number>();
let lastClientNumber = 0;

/** One for each record that can be told apart in Nacos, however many connections share the client. */
export function addressText({ client, service }: RecordAddress): string {
  const number = clientNumbers.get(client) ?? (lastClientNumber += 1);
  clientNumbers.set(client, number);
  return [number, service.namespaceId, service.group, service.serviceName].join(' ');
}
