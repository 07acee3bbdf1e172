/**
 * Publishes one Service: brings the records that Nacos has of it into line with its endpoints.
 *
 * Every replica does so for every Service, from its start. `declare` is synchronous as far as it decides: what is wanted
 * is known to the Nacos client when it returns, and its promise says when Nacos has confirmed it.
 */
import { isDeepStrictEqual } from 'node:util';
import { CONFIRM_DELETION_ANNOTATION } from '../api/names.ts';
import type { NacosService } from '../api/resources.ts';
import type { ConnectionDirectory, ConnectionHandle } from '../connections/connection-directory.ts';
import { isBridgeError, type BridgeError } from '../errors.ts';
import { parseKey } from '../kube/resource.ts';
import { type NacosClient, normaliseNamespaceId } from '../nacos/index.ts';
import type { Store } from '../kube/store.ts';
import { desiredService, type DesiredRecord } from './desired.ts';
import type { Problem } from './instances.ts';
import type { EndpointSlice, Service } from './kube-objects.ts';
import {
  addressText,
  rankOf,
  type Publication,
  type PublicationBook,
  type PublishedRecord,
  type RecordAddress,
} from './publication-book.ts';
import type { PodMetadata } from './pod-metadata.ts';
import type { SelectionGuard } from './selection-guard.ts';
import {
  covers,
  exportIdOf,
  exportOfAnnotations,
  exportOfResource,
  usesPods,
  type ServiceExport,
} from './service-export.ts';

export interface PublisherOptions {
  clusterId: () => string;
  services: Store<Service>;
  /** With the index SLICES_OF_SERVICE. */
  slices: Store<EndpointSlice>;
  /** With the index RESOURCES_BY_SOURCE. */
  resources: Store<NacosService>;
  pods: PodMetadata;
  directory: ConnectionDirectory;
  book: PublicationBook;
  guard: SelectionGuard;
  /** Other Services that have to be looked at because of what this one wants. */
  onAffected: (service: string) => void;
}

export const SLICES_OF_SERVICE = 'service';
/** Under the Service that a NacosService names, or, for one with a selector, under its namespace and a slash. */
export const RESOURCES_BY_SOURCE = 'source';

/** What one export wants for one Service, before it is known which of its names it may have. */
interface Plan {
  readonly rules: ServiceExport;
  /** By the text of their address. */
  readonly wanted: ReadonlyMap<string, { address: RecordAddress; record: DesiredRecord }>;
  readonly problems: readonly Problem[];
  /** Whether it can be told what is wanted; what was published stays as it is while it cannot. */
  readonly isKnown: boolean;
  /** Why it cannot. */
  readonly failure?: BridgeError;
}

export class Publisher {
  readonly #options: PublisherOptions;
  /** Records at clients that their connections have left for others: they stay until the others hold them. */
  readonly #left = new Map<NacosClient, Map<string, RecordAddress>>();

  constructor(options: PublisherOptions) {
    this.#options = options;
  }

  /**
   * Makes Nacos' records of a Service what they should be; resolves when all of that is confirmed, to whether anything
   * had to be sent for it.
   *
   * @throws BridgeError of the first record that could not be published or withdrawn.
   */
  async declare(key: string): Promise<boolean> {
    const { book, onAffected } = this.#options;
    const before = recordsOf(book.of(key).values());
    const plans = this.#plans(key);
    const affected = book.claim(key, this.#claims(key, plans), before.keys());
    const publications = plans.map((plan) => this.#publication(key, plan));
    const kept = recordsOf(publications);
    book.set(key, publications);
    const work = [
      ...[...before]
        .filter(([name]) => !kept.has(name) && this.#isFree(name))
        .map(([name, { address }]) => this.#giveUp(name, address)),
      ...publications.flatMap((publication) => this.#publish(publication, plans)),
    ];
    for (const service of affected) onAffected(service);
    const outcomes = await Promise.allSettled(work);
    const failure = plans.find((plan) => plan.failure)?.failure ?? firstFailure(outcomes);
    if (failure !== undefined) throw failure;
    return !isSame(before, kept);
  }

  /** The names that a Service wants, each with the least rank of the exports that want it for the Service. */
  #claims(key: string, plans: readonly Plan[]): Map<string, string> {
    const claims = new Map<string, string>();
    for (const { rules, wanted, isKnown } of plans) {
      const rank = rankOf(rules);
      const names = isKnown ? wanted : (this.#options.book.of(key).get(rules.id)?.records ?? wanted);
      for (const name of names.keys()) if (rank < (claims.get(name) ?? `${rank} `)) claims.set(name, rank);
    }
    return claims;
  }

  /** To be called when what moved to another client is there: withdraws what is left at the former one. */
  async leave(client: NacosClient): Promise<void> {
    const left = [...(this.#left.get(client) ?? [])].filter(([name]) => this.#isFree(name));
    this.#left.delete(client);
    await Promise.allSettled(left.map(([, address]) => withdraw(address)));
  }

  /** What each export that covers the Service wants: those that select it, those that are held, its own annotations. */
  #plans(key: string): Plan[] {
    const service = this.#options.services.get(key);
    if (service === undefined) return [];
    const { resources } = this.#options;
    const named = resources.byIndex(RESOURCES_BY_SOURCE, key);
    const selecting = resources.byIndex(RESOURCES_BY_SOURCE, `${parseKey(key).namespace}/`);
    const covering = [...named, ...selecting].filter((resource) => this.#isCovered(resource, service, key));
    const annotated = exportOfAnnotations(service);
    const exports = [...covering.map(exportOfResource), ...(annotated ? [annotated] : [])];
    return exports.map((rules) => this.#plan(key, service, rules));
  }

  #plan(key: string, service: Service, rules: ServiceExport): Plan {
    const { clusterId, directory, pods, slices } = this.#options;
    let connection: ConnectionHandle;
    try {
      connection = directory.find(rules.connection);
      if (usesPods(rules) && !pods.isSynced()) return { rules, wanted: new Map(), problems: [], isKnown: false };
    } catch (error) {
      if (!isBridgeError(error)) throw error;
      const field = error.code === 'KUBE_UNAVAILABLE' ? 'metadataFrom' : 'connectionRef';
      return {
        rules,
        wanted: new Map(),
        problems: [{ field, message: error.message }],
        isKnown: false,
        failure: error,
      };
    }
    const { namespace } = parseKey(key);
    const context = {
      clusterId: clusterId(),
      export: rules,
      service,
      pod: (name: string) => pods.get(`${namespace}/${name}`),
    };
    const { records, problems } = desiredService(slices.byIndex(SLICES_OF_SERVICE, key), context);
    const wanted = records.map((record) => {
      const { serviceName } = record;
      const namespaceId = normaliseNamespaceId(rules.namespaceId ?? connection.namespaceId);
      const target = { namespaceId, group: rules.group, serviceName };
      const address = { connection: rules.connection, client: connection.client, service: target };
      return [addressText(address), { address, record }] as const;
    });
    return { rules, wanted: new Map(wanted), problems, isKnown: true };
  }

  /** What may be published of a plan: the names that no other export has before it. */
  #publication(key: string, { rules, wanted, problems, isKnown }: Plan): Publication {
    const { book } = this.#options;
    const before = book.of(key).get(rules.id);
    // What cannot be told is no evidence against what is there.
    if (!isKnown) return { export: rules, records: before?.records ?? new Map(), problems, isKnown };
    const entries = [...wanted];
    const won = entries.filter(([name]) => book.winner(name) === rankOf(rules));
    const lost = entries.filter(([name]) => book.winner(name) !== rankOf(rules));
    const records = won.map(([name, { address, record }]): [string, PublishedRecord] => {
      return [name, { address, instances: record.instances, counts: record.counts, state: 'pending' }];
    });
    return {
      export: rules,
      records: new Map(records),
      problems: [...problems, ...lost.map(([, { address }]) => conflict(address))],
      isKnown,
    };
  }

  /** Whoever else wants the name replaces our record with its own, which leaves no gap. */
  #isFree(name: string): boolean {
    return this.#options.book.winner(name) === undefined;
  }

  async #giveUp(name: string, address: RecordAddress): Promise<void> {
    const { client, connection } = address;
    const current = this.#options.directory.findUsable(connection);
    if (current === undefined || current.client === client) return withdraw(address);
    this.#left.set(client, (this.#left.get(client) ?? new Map()).set(name, address));
  }

  #publish({ export: { id }, records }: Publication, plans: readonly Plan[]): Promise<void>[] {
    const { book } = this.#options;
    if (!plans.find((plan) => plan.rules.id === id)?.isKnown) return [];
    return [...records.values()].map(async (record) => {
      try {
        await record.address.client.naming.publish(record.address.service, record.instances);
        record.state = 'confirmed';
      } catch (error) {
        if (isBridgeError(error)) record.state = { failed: error };
        throw error;
      } finally {
        book.changed(id);
      }
    });
  }

  /** Whether the Service is to be published for the resource: selected by it, or held by the guard. */
  #isCovered(resource: NacosService, service: Service, key: string): boolean {
    if (resource.metadata.deletionTimestamp !== undefined) return false;
    if (covers(resource, service)) return true;
    const isPublished = this.#options.book.of(key).has(exportIdOf(resource));
    return isPublished && heldServices(resource, this.#options).includes(key);
  }
}

/** The Services that a selector has dropped and that are published on. */
export function heldServices(
  resource: NacosService,
  { book, guard, services }: Pick<PublisherOptions, 'book' | 'guard' | 'services'>,
): readonly string[] {
  if (resource.spec.source.serviceSelector === undefined) return [];
  const exportId = exportIdOf(resource);
  return guard.held(exportId, {
    existing: (key) => services.get(key) !== undefined,
    isSelected: (key) => {
      const service = services.get(key);
      return service !== undefined && covers(resource, service);
    },
    managed: book.servicesOf(exportId),
    isConfirmed: resource.metadata.annotations?.[CONFIRM_DELETION_ANNOTATION] === 'true',
  });
}

function recordsOf(publications: Iterable<Publication>): Map<string, PublishedRecord> {
  return new Map([...publications].flatMap(({ records }) => [...records]));
}

function isSame(before: ReadonlyMap<string, PublishedRecord>, after: ReadonlyMap<string, PublishedRecord>): boolean {
  if (before.size !== after.size) return false;
  return [...after].every(([name, { instances }]) => isDeepStrictEqual(before.get(name)?.instances, instances));
}

function withdraw({ client, service }: RecordAddress): Promise<void> {
  return client.naming.withdraw(service);
}

function conflict({ service }: RecordAddress): Problem {
  const message = `'${service.serviceName}' in group '${service.group}' is published by an older export; choose another name`;
  return { field: 'serviceName', message };
}

function firstFailure(outcomes: readonly PromiseSettledResult<void>[]): unknown {
  return outcomes.find((outcome) => outcome.status === 'rejected')?.reason;
}
