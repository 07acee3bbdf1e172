/**
 * Brings the records that Nacos has of one Service into line with its endpoints. Every replica does so for every Service,
 * from its start.
 *
 * Synchronous: what is wanted is known to the Nacos clients when `reconcile` returns. What Nacos says to it comes as events
 * of the sender.
 */
import type { NacosService } from '../api/resources.ts';
import type { ConnectionDirectory } from '../connections/connection-directory.ts';
import { parseKey } from '../kube/resource.ts';
import type { AllowGuard } from './allow-guard.ts';
import type { Member } from './endpoint-slices.ts';
import type { NameClaim } from './name-claims.ts';
import { claimOf, claimsOf, planExport, publicationOf, type ExportPlan } from './plan.ts';
import type { PodMetadata } from './pod-metadata.ts';
import type { Publication, Publications, RecordAddress } from './publications.ts';
import type { RecordSender } from './record-sender.ts';
import { heldServices, type SelectionGuard } from './selection-guard.ts';
import type { SelfRegistered } from './self-registered.ts';
import type { HeldRecord } from './sent-records.ts';
import { exportOfAnnotations } from './service-annotations.ts';
import { covers, exportIdOf, exportOfResource, type Service } from './service-export.ts';
import type { ServiceStores } from './service-stores.ts';

interface ServiceReconcilerOptions {
  clusterId: () => string;
  stores: ServiceStores;
  pods: Pick<PodMetadata, 'get' | 'isSynced'>;
  directory: ConnectionDirectory;
  publications: Publications;
  sender: Pick<RecordSender, 'presentOf' | 'want'>;
  guard: SelectionGuard;
  allowGuard: AllowGuard;
  selfRegistered: SelfRegistered;
}

export class ServiceReconciler {
  readonly #options: ServiceReconcilerOptions;

  constructor(options: ServiceReconcilerOptions) {
    this.#options = options;
  }

  /**
   * Has Nacos' records of a Service made what they should be.
   *
   * @throws BridgeError of the first export of which it cannot be told what it publishes.
   */
  reconcile(key: string): void {
    const { publications, selfRegistered, sender } = this.#options;
    const { claims } = publications;
    const before = publications.of(key);
    const plans = this.#plans(key);
    const wanted = claimsOf(plans, before);
    const present = sender.presentOf(key);
    claims.set(key, [...wanted, ...claimsOfHeld(plans, present)]);
    const after = plans.map((plan) => {
      return publicationOf(plan, before.get(plan.rules.id), (address) => claims.winner(address));
    });
    const stays = present.filter((held) => after.some((publication) => isOf(held, publication)));
    if (stays.length < present.length) claims.set(key, [...wanted, ...claimsOfHeld(plans, stays)]);
    publications.set(key, after);
    selfRegistered.follow(key, after);
    sender.want(key, after);
    const failure = plans.find((plan) => plan.failure)?.failure;
    if (failure !== undefined) throw failure;
  }

  /** One for each export that covers the Service: those that select it, those that are held, its own annotations. */
  #plans(key: string): ExportPlan[] {
    const { allowGuard, clusterId, directory, pods, selfRegistered, stores } = this.#options;
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
      isHeld: (address: RecordAddress) => allowGuard.isHeld(key, address),
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
}

/** Where Nacos has a record, or may have it, its export has the name until it is confirmed elsewhere. */
function claimsOfHeld(plans: readonly ExportPlan[], records: readonly HeldRecord[]): NameClaim[] {
  return records.flatMap(({ address, exportId }) =>
    plans.filter(({ rules }) => rules.id === exportId).map((plan) => claimOf(plan, address)),
  );
}

function isOf({ address: { service }, exportId }: HeldRecord, publication: Publication): boolean {
  if (publication.export.id !== exportId) return false;
  return [...publication.records.values()].some(
    ({ address }) => address.service.group === service.group && address.service.serviceName === service.serviceName,
  );
}
