/**
 * The services feature, put together: what it watches, its two halves, and what the Nacos clients ask it before they
 * publish again.
 */
import type { Registry } from 'prom-client';
import { NACOS_SERVICE, type NacosService } from '../api/resources.ts';
import type { Clock } from '../clock.ts';
import type { ConnectionDirectory } from '../connections/connection-directory.ts';
import type { ConnectionKey } from '../connections/connection-key.ts';
import type { KubeClient } from '../kube/client.ts';
import type { EventRecorder } from '../kube/events.ts';
import type { Reflector } from '../kube/reflector.ts';
import { ResourceClient } from '../kube/resource-client.ts';
import type { KubeObject, ResourceRef } from '../kube/resource.ts';
import { Store } from '../kube/store.ts';
import type { Logger } from '../logger.ts';
import type { NacosClient } from '../nacos/index.ts';
import type { RuntimeMetrics } from '../runtime/metrics.ts';
import { ApiView } from './api-view.ts';
import { ENDPOINT_SLICE, POD, SERVICE } from './kube-objects.ts';
import { createServiceMetrics } from './metrics.ts';
import { PodMetadata } from './pod-metadata.ts';
import { PublicationBook } from './publication-book.ts';
import { SelectionGuard } from './selection-guard.ts';
import { connectionOfResource } from './service-export.ts';
import { newResourceStore, newServiceStore, newSliceStore, ServicePublisher } from './service-publisher.ts';
import { ServiceReporter } from './service-reporter.ts';

/** Makes a reflector that is not started. `trim` says what is kept of an object. @default trim.ts */
export type NewReflector = <T extends KubeObject>(
  resource: ResourceRef,
  store: Store<T>,
  metadataOnly: boolean,
  trim?: (object: T) => T,
) => Reflector<T>;

export interface ServiceSyncOptions {
  clusterId: () => string;
  concurrency: number;
  kube: KubeClient;
  newReflector: NewReflector;
  directory: ConnectionDirectory;
  /** Whether it is known already that the API server does not answer now. */
  isUnreachable: () => boolean;
  events: EventRecorder;
  registry: Registry;
  metricsPrefix: string;
  runtimeMetrics: RuntimeMetrics;
  log: Logger;
  clock: Clock;
}

export class ServiceSync {
  /** Every replica's. */
  readonly publisher: ServicePublisher;
  /** What has to be synced before anything is published. */
  readonly reflectors: readonly Reflector<KubeObject>[];
  readonly #resources = newResourceStore();
  readonly #book = new PublicationBook();
  readonly #view: ApiView;
  readonly #newReporter: () => ServiceReporter;
  #reporter: ServiceReporter | undefined;

  constructor(options: ServiceSyncOptions) {
    const { clock, kube, log, metricsPrefix: prefix, newReflector, registry } = options;
    const services = newServiceStore();
    const slices = newSliceStore();
    const resources = this.#resources;
    const watched = [newReflector(SERVICE, services, false), newReflector(ENDPOINT_SLICE, slices, false)];
    this.reflectors = [newReflector(NACOS_SERVICE, resources, false), ...watched] as Reflector<KubeObject>[];
    const podStore = new Store<KubeObject>();
    const pods = new PodMetadata({
      store: podStore,
      newReflector: () => newReflector(POD, podStore, true),
      onChange: (change) => this.publisher.podChanged(change),
      onSynced: () => this.publisher.podsSynced(),
    });
    this.#view = new ApiView(() => [...this.reflectors, ...pods.reflectors], options.isUnreachable, clock, log);
    const book = this.#book;
    const guard = new SelectionGuard(clock);
    const lag = createServiceMetrics({ registry, prefix, clock, book, ghosts: () => this.#reporter?.ghosts ?? 0 });
    this.publisher = new ServicePublisher({ ...options, services, slices, resources, pods, book, guard, lag });
    const client = new ResourceClient<NacosService>(kube, NACOS_SERVICE);
    this.#newReporter = () => new ServiceReporter({ ...options, resources, services, client, book, guard });
  }

  /** The leader's half, for one term. */
  newReporter(): ServiceReporter {
    this.#reporter = this.#newReporter();
    return this.#reporter;
  }

  /** To be awaited before records are published again on a new connection. */
  async beforeRedo(): Promise<void> {
    if (await this.#view.ensureFresh()) this.publisher.declareAll();
  }

  /** Resolves when `to` holds what is published over the connection, or that has taken too long; `from` then holds nothing of it. */
  handOver(connection: ConnectionKey, from: NacosClient, to: NacosClient): Promise<void> {
    return this.publisher.handOver(connection, from, to);
  }

  /** What the relief of replicas has to know of the publisher, and asks of it. */
  readonly publishing = {
    connectionsInUse: () => this.#book.connectionsInUse(),
    hasDeclared: (connection: ConnectionKey) => this.publisher.hasDeclared(connection),
    onProgress: (listener: () => void) => this.publisher.onProgress(listener),
    relist: () => this.#view.relist(),
    declareAll: () => this.publisher.declareAll(),
  };

  /** How many NacosServices use a connection. */
  usersOf(connection: ConnectionKey): number {
    return this.#resources.list().filter((resource) => connectionOfResource(resource) === connection).length;
  }

  /** Told the connection of a NacosService that appeared or went. */
  onUsersChanged(listener: (connection: ConnectionKey) => void): void {
    this.#resources.onChange(({ previous, current }) => {
      const resource = current ?? previous;
      if (resource && (!current || !previous)) listener(connectionOfResource(resource));
    });
  }
}
