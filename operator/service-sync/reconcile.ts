/**
 * Brings the records that Nacos has of one Service into line with its endpoints. Every replica does so for every Service,
 * from its start.
 *
 * `reconcile` is synchronous as far as it decides: what is wanted is known to the Nacos client when it returns, and its
 * promise says when Nacos has confirmed it.
 */
import { isDeepStrictEqual } from 'node:util';
import type { NacosService } from '../api/resources.ts';
import type { Clock } from '../clock.ts';
import type { ConnectionDirectory } from '../connections/connection-directory.ts';
import { isBridgeError } from '../errors.ts';
import { parseKey } from '../kube/resource.ts';
import type { NacosClient } from '../nacos/index.ts';
import type { Member } from './endpoint-slices.ts';
import { claimsOf, planExport, publicationOf, type ExportPlan } from './plan.ts';
import type { PodMetadata } from './pod-metadata.ts';
import {
  recordsOf,
  type Publication,
  type Publications,
  type PublishedRecord,
  type RecordAddress,
} from './publications.ts';
import { heldServices, type SelectionGuard } from './selection-guard.ts';
import type { SelfRegistered } from './self-registered.ts';
import { exportOfAnnotations } from './service-annotations.ts';
import { covers, exportIdOf, exportOfResource, type Service } from './service-export.ts';
import type { ServiceStores } from './service-stores.ts';

interface ServiceReconcilerOptions {
  clusterId: () => string;
  stores: ServiceStores;
  pods: Pick<PodMetadata, 'get' | 'isSynced'>;
  directory: ConnectionDirectory;
  publications: Publications;
  guard: SelectionGuard;
  selfRegistered: SelfRegistered;
  clock: Clock;
}

export class ServiceReconciler {
  readonly #options: ServiceReconcilerOptions;
  /** Records at clients that their connections have left for others: they stay until the others hold them. */
  readonly #left = new Map<NacosClient, Map<string, RecordAddress>>();

  constructor(options: ServiceReconcilerOptions) {
    this.#options = options;
  }

  /**
   * Makes Nacos' records of a Service what they should be; resolves when all of that is confirmed, to whether anything
   * had to be sent for it.
   *
   * @throws BridgeError of the first record that could not be published or withdrawn.
   */
  async reconcile(key: string): Promise<boolean> {
    const { clock, publications, selfRegistered } = this.#options;
    const before = publications.of(key);
    const recordsBefore = recordsOf(before.values());
    const plans = this.#plans(key);
    publications.claims.set(key, claimsOf(plans, before));
    const after = plans.map((plan) => {
      return publicationOf(plan, before.get(plan.rules.id), (address) => publications.claims.winner(address));
    });
    const recordsAfter = recordsOf(after);
    for (const [name, record] of recordsAfter) {
      const earlier = recordsBefore.get(name);
      const sinceMs = earlier?.state === 'confirmed' ? undefined : earlier?.pendingSinceMs;
      record.pendingSinceMs = sinceMs ?? clock.now();
    }
    publications.set(key, after);
    selfRegistered.follow(key, after);
    const gone = [...recordsBefore].filter(([name, { address }]) => !recordsAfter.has(name) && this.#isFree(address));
    const work = [
      ...gone.map(([name, { address }]) => this.#giveUp(name, address)),
      ...after.flatMap((publication) => (publication.isKnown ? this.#publish(publication) : [])),
    ];
    const outcomes = await Promise.allSettled(work);
    const failure = plans.find((plan) => plan.failure)?.failure ?? firstFailure(outcomes);
    if (failure !== undefined) throw failure;
    return !isSame(recordsBefore, recordsAfter);
  }

  /** To be called when what moved to another client is there: withdraws what is left at the former one. */
  async leave(client: NacosClient): Promise<void> {
    const left = [...(this.#left.get(client) ?? [])].filter(([, address]) => this.#isFree(address));
    this.#left.delete(client);
    await Promise.allSettled(left.map(([, address]) => withdraw(address)));
  }

  /** One for each export that covers the Service: those that select it, those that are held, its own annotations. */
  #plans(key: string): ExportPlan[] {
    const { clusterId, directory, pods, selfRegistered, stores } = this.#options;
    const service = stores.services.get(key);
    if (service === undefined) return [];
    const covering = stores.resourcesAbout(key).filter((resource) => this.#isCovered(resource, service, key));
    const annotated = exportOfAnnotations(service);
    const exports = [...covering.map(exportOfResource), ...(annotated ? [annotated] : [])];
    const { namespace } = parseKey(key);
    const input = {
      clusterId: clusterId(),
      service,
      slices: stores.slicesOf(key),
      directory,
      hasPods: () => pods.isSynced(),
      pod: (name: string) => pods.get(`${namespace}/${name}`),
      isSelfRegistered: (address: RecordAddress, member: Member) => selfRegistered.has(key, address, member),
    };
    return exports.map((rules) => planExport(rules, input));
  }

  /** Whether the Service is to be published for the resource: selected by it, or held by the guard. */
  #isCovered(resource: NacosService, service: Service, key: string): boolean {
    if (resource.metadata.deletionTimestamp !== undefined) return false;
    if (covers(resource, service)) return true;
    const isPublished = this.#options.publications.of(key).has(exportIdOf(resource));
    return isPublished && heldServices(resource, this.#options).includes(key);
  }

  /** Whoever else has the name over the same client replaces our record with its own, which leaves no gap. */
  #isFree(address: RecordAddress): boolean {
    return this.#options.publications.claims.winner(address)?.address.client !== address.client;
  }

  async #giveUp(name: string, address: RecordAddress): Promise<void> {
    const { client, connection } = address;
    const current = this.#options.directory.findUsable(connection);
    if (current === undefined || current.client === client) return withdraw(address);
    this.#left.set(client, (this.#left.get(client) ?? new Map()).set(name, address));
  }

  #publish({ export: { id }, records }: Publication): Promise<void>[] {
    const { publications } = this.#options;
    return [...records.values()].map(async (record) => {
      try {
        await record.address.client.naming.publish(record.address.service, record.instances);
        record.state = 'confirmed';
      } catch (error) {
        if (isBridgeError(error)) record.state = { failed: error };
        throw error;
      } finally {
        publications.changed(id);
      }
    });
  }
}

function isSame(before: ReadonlyMap<string, PublishedRecord>, after: ReadonlyMap<string, PublishedRecord>): boolean {
  if (before.size !== after.size) return false;
  return [...after].every(([name, { instances }]) => isDeepStrictEqual(before.get(name)?.instances, instances));
}

function withdraw({ client, service }: RecordAddress): Promise<void> {
  return client.naming.withdraw(service);
}

function firstFailure(outcomes: readonly PromiseSettledResult<void>[]): unknown {
  return outcomes.find((outcome) => outcome.status === 'rejected')?.reason;
}
