/**
 * The publishing half of the services: runs on every replica, from its start.
 *
 * A change of a Service, of one of its slices, of a pod whose labels count, or of a NacosService brings the Services
 * concerned into the queue, one by one; nothing else is looked at.
 */
import type { NacosService } from '../api/resources.ts';
import type { Clock } from '../clock.ts';
import type { ConnectionDirectory } from '../connections/connection-directory.ts';
import type { ConnectionKey } from '../connections/connection-key.ts';
import { recordsSent } from '../connections/records-sent.ts';
import { objectKey, type KubeObject } from '../kube/resource.ts';
import { Store, type StoreChange } from '../kube/store.ts';
import type { Logger } from '../logger.ts';
import type { NacosClient } from '../nacos/index.ts';
import type { ChangeLag } from '../runtime/change-lag.ts';
import { Controller } from '../runtime/controller.ts';
import type { RuntimeMetrics } from '../runtime/metrics.ts';
import { annotationsChanged, deletionStarted, generationChanged, or } from '../runtime/predicates.ts';
import type { Runnable } from '../runtime/runnable.ts';
import { until } from '../runtime/until.ts';
import { SERVICE_NAME_LABEL, type EndpointSlice, type Service } from './kube-objects.ts';
import type { PodMetadata } from './pod-metadata.ts';
import type { PublicationBook } from './publication-book.ts';
import { Publisher, RESOURCES_BY_SOURCE, SLICES_OF_SERVICE } from './publisher.ts';
import type { SelectionGuard } from './selection-guard.ts';
import { covers, exportIdOf, exportOfResource, usesPods } from './service-export.ts';

const SERVICES_OF_NAMESPACE = 'namespace';
const SLICES_OF_POD = 'pod';
/** Under 'yes': NacosServices for which labels or annotations of pods count. */
const NEEDS_PODS = 'needsPods';

export function newServiceStore(): Store<Service> {
  return new Store<Service>({ indexes: { [SERVICES_OF_NAMESPACE]: namespaceOf } });
}

export function newResourceStore(): Store<NacosService> {
  return new Store<NacosService>({ indexes: { [RESOURCES_BY_SOURCE]: sourceOf, [NEEDS_PODS]: needsPods } });
}

export function newSliceStore(): Store<EndpointSlice> {
  return new Store<EndpointSlice>({ indexes: { [SLICES_OF_SERVICE]: serviceOf, [SLICES_OF_POD]: podsOf } });
}

export interface ServicePublisherOptions {
  clusterId: () => string;
  concurrency: number;
  services: Store<Service>;
  slices: Store<EndpointSlice>;
  resources: Store<NacosService>;
  pods: PodMetadata;
  directory: ConnectionDirectory;
  book: PublicationBook;
  guard: SelectionGuard;
  lag: ChangeLag;
  runtimeMetrics: RuntimeMetrics;
  log: Logger;
  clock: Clock;
}

/** For so long a replica that cannot publish is not Ready, so that the one that it replaces stays meanwhile. */
const FIRST_PUBLICATION_LIMIT_MS = 30_000;

/** For what is published to be known to another client: there may be Services of which it is not known. */
const HANDOVER_LIMIT_MS = 30_000;

const isWorthALook = or(generationChanged, annotationsChanged, deletionStarted);

export class ServicePublisher implements Runnable {
  readonly name = 'service';
  readonly controller: Controller;
  readonly #options: ServicePublisherOptions;
  readonly #publisher: Publisher;
  /** Services that were there at the start and that Nacos has not confirmed yet; undefined before the start. */
  #unconfirmed: Set<string> | undefined;
  readonly #progressListeners = new Set<() => void>();
  #unsubscribe: (() => void)[] = [];

  constructor(options: ServicePublisherOptions) {
    const { clock, concurrency, lag, log, runtimeMetrics } = options;
    this.#options = options;
    this.#publisher = new Publisher({ ...options, onAffected: (service) => this.controller.enqueue(service) });
    this.controller = new Controller({
      name: this.name,
      reconcile: async (key) => {
        try {
          lag.settled(key, await this.#publisher.declare(key));
          this.#unconfirmed?.delete(key);
        } finally {
          for (const listener of this.#progressListeners) listener();
        }
      },
      concurrency,
      log,
      clock,
      metrics: runtimeMetrics,
    });
  }

  start(): void {
    const { directory, resources, services, slices } = this.#options;
    this.#unsubscribe = [
      services.onChange((change) => this.#changed(change.key, change)),
      slices.onChange((change) => this.#sliceChanged(change)),
      resources.onChange((change) => this.#resourceChanged(change)),
      directory.onChange((connection) => this.#enqueueAll(this.#usersOf(connection))),
      directory.onReady((connection) => this.#retryUsersOf(connection)),
    ];
    this.#watchPods();
    const unconfirmed = new Set(services.keys());
    this.#unconfirmed = unconfirmed;
    this.#options.clock.after(FIRST_PUBLICATION_LIMIT_MS, () => unconfirmed.clear());
    for (const key of unconfirmed) this.controller.enqueue(key, 'low');
    this.controller.start();
  }

  /**
   * Whether all that there was at the start has been published once, or could not be for 30 s. It never goes back to
   * false: Nacos being away takes no replica out of service.
   */
  get hasPublished(): boolean {
    return this.#unconfirmed?.size === 0;
  }

  /** Whether what is known of every Service that uses the connection is wanted of its client. */
  hasDeclared(connection: ConnectionKey): boolean {
    return this.controller.queue.size === 0 && this.#options.book.isKnown(connection);
  }

  /** Resolves when `to` holds what is published over the connection, or within a minute; `from` then holds nothing of it. */
  async handOver(connection: ConnectionKey, from: NacosClient, to: NacosClient): Promise<void> {
    const { clock } = this.#options;
    await until({
      isSo: () => this.hasDeclared(connection),
      onChange: (listener) => this.onProgress(listener),
      limitMs: HANDOVER_LIMIT_MS,
      clock,
    });
    await recordsSent(to.naming, clock);
    await this.#publisher.leave(from);
  }

  /** Told whenever one of the Services has been declared. Returns how to stop listening. */
  onProgress(listener: () => void): () => void {
    this.#progressListeners.add(listener);
    return () => void this.#progressListeners.delete(listener);
  }

  async stop(hurry?: AbortSignal): Promise<void> {
    for (const unsubscribe of this.#unsubscribe) unsubscribe();
    await this.controller.stop(hurry);
    await this.#options.pods.stop();
  }

  /** Makes what is wanted known to the Nacos clients at once, without waiting for their confirmation. */
  declareAll(): void {
    const { book, services } = this.#options;
    for (const key of new Set([...services.keys(), ...book.services()])) {
      this.#publisher.declare(key).catch(() => this.controller.enqueue(key));
    }
  }

  /** To be called when the pods are known for the first time. */
  podsSynced(): void {
    for (const key of this.#options.services.keys()) this.controller.enqueue(key, 'low');
  }

  /** To be called when the labels or annotations of a pod changed. */
  podChanged({ key, initial }: StoreChange<KubeObject>): void {
    for (const slice of this.#options.slices.byIndex(SLICES_OF_POD, key)) {
      for (const service of serviceOf(slice)) this.controller.enqueue(service, initial ? 'low' : 'high');
    }
  }

  #changed(key: string, { initial }: { initial: boolean }): void {
    if (!initial) this.#options.lag.seen(key);
    this.controller.enqueue(key, initial ? 'low' : 'high');
  }

  #sliceChanged({ previous, current, initial }: StoreChange<EndpointSlice>): void {
    const services = [previous, current].flatMap((slice) => (slice ? serviceOf(slice) : []));
    for (const key of new Set(services)) if (this.#options.services.get(key)) this.#changed(key, { initial });
  }

  /** The Services that it covered and those that it covers now. */
  #resourceChanged({ previous, current }: StoreChange<NacosService>): void {
    if (!isWorthALook(previous, current)) return;
    const resource = current ?? previous;
    if (resource === undefined) return;
    if (current === undefined) this.#options.guard.forget(exportIdOf(resource));
    this.#watchPods();
    const covered = current ? this.#coveredBy(current) : [];
    this.#enqueueAll([...covered, ...this.#options.book.servicesOf(exportIdOf(resource))]);
  }

  #coveredBy(resource: NacosService): string[] {
    const { services } = this.#options;
    const { namespace = '' } = resource.metadata;
    const { serviceRef } = resource.spec.source;
    if (serviceRef !== undefined) return [`${namespace}/${serviceRef.name}`];
    return services
      .byIndex(SERVICES_OF_NAMESPACE, namespace)
      .filter((service) => covers(resource, service))
      .map(objectKey);
  }

  #watchPods(): void {
    const { pods, resources } = this.#options;
    pods.watch(resources.byIndex(NEEDS_PODS, 'yes').length > 0);
  }

  #usersOf(connection: ConnectionKey): string[] {
    const { book, services } = this.#options;
    const published = book.services().filter((key) => {
      return [...book.of(key).values()].some((publication) => publication.export.connection === connection);
    });
    return published.filter((key) => services.get(key) !== undefined);
  }

  #retryUsersOf(connection: ConnectionKey): void {
    const users = new Set(this.#usersOf(connection));
    this.controller.queue.retryFailing((key) => users.has(key));
  }

  #enqueueAll(keys: Iterable<string>): void {
    for (const key of new Set(keys)) this.#changed(key, { initial: false });
  }
}

function namespaceOf({ metadata }: KubeObject): string[] {
  return [metadata.namespace ?? ''];
}

function sourceOf({ metadata, spec }: NacosService): string[] {
  return [`${metadata.namespace}/${spec.source.serviceRef?.name ?? ''}`];
}

function needsPods(resource: NacosService): string[] {
  return usesPods(exportOfResource(resource)) ? ['yes'] : [];
}

function serviceOf({ metadata }: KubeObject): string[] {
  const name = metadata.labels?.[SERVICE_NAME_LABEL];
  return name === undefined ? [] : [`${metadata.namespace}/${name}`];
}

function podsOf({ metadata, endpoints }: EndpointSlice): string[] {
  const names = (endpoints ?? []).flatMap(({ targetRef }) => (targetRef?.kind === 'Pod' ? (targetRef.name ?? []) : []));
  return names.map((name) => `${metadata.namespace}/${name}`);
}
