/**
 * The Services: which changes bring which of them into the queue. Runs on every replica, from its start.
 *
 * A change of a Service, of one of its slices, of a pod whose labels count, or of a NacosService brings the Services
 * concerned into the queue, one by one; nothing else is looked at.
 */
import type { NacosService } from '../api/resources.ts';
import type { Clock } from '../clock.ts';
import type { ConnectionDirectory } from '../connections/connection-directory.ts';
import type { ConnectionKey } from '../connections/connection-key.ts';
import { objectKey, parseKey, type KubeObject } from '../kube/resource.ts';
import type { StoreChange } from '../kube/store.ts';
import type { Logger } from '../logger.ts';
import type { ChangeLag } from '../runtime/change-lag.ts';
import { Controller } from '../runtime/controller.ts';
import { Listeners } from '../runtime/listeners.ts';
import type { RuntimeMetrics } from '../runtime/metrics.ts';
import { desiredChanged } from '../runtime/predicates.ts';
import type { Runnable } from '../runtime/runnable.ts';
import type { AllowGuard } from './allow-guard.ts';
import type { EndpointSlice } from './endpoint-slices.ts';
import type { PodMetadata } from './pod-metadata.ts';
import type { Publications } from './publications.ts';
import { ServiceReconciler } from './reconcile.ts';
import type { RecordSender } from './record-sender.ts';
import type { SelectionGuard } from './selection-guard.ts';
import type { SelfRegistered } from './self-registered.ts';
import { covers, exportIdOf } from './service-export.ts';
import { serviceOf, type ServiceStores } from './service-stores.ts';

interface ServiceControllerOptions {
  clusterId: () => string;
  concurrency: number;
  stores: ServiceStores;
  pods: PodMetadata;
  directory: ConnectionDirectory;
  publications: Publications;
  sender: RecordSender;
  guard: SelectionGuard;
  allowGuard: AllowGuard;
  selfRegistered: SelfRegistered;
  lag: ChangeLag;
  runtimeMetrics: RuntimeMetrics;
  log: Logger;
  clock: Clock;
}

/** For so long a replica that cannot publish is not Ready, so that the one that it replaces stays meanwhile. */
const FIRST_PUBLICATION_LIMIT_MS = 30_000;

/** What has not changed is looked at again after half to all of this time. */
const RESYNC_MS = 1_800_000;

export class ServiceController implements Runnable {
  readonly name = 'service';
  readonly controllers: readonly Controller[];
  readonly #options: ServiceControllerOptions;
  readonly #controller: Controller;
  readonly #reconciler: ServiceReconciler;
  /** Services that were there at the start and that Nacos has not confirmed yet; undefined before the start. */
  #unconfirmed: Set<string> | undefined;
  readonly #progress = new Listeners();
  #unsubscribe: (() => void)[] = [];

  constructor(options: ServiceControllerOptions) {
    const { clock, concurrency, log, runtimeMetrics, sender } = options;
    this.#options = options;
    this.#reconciler = new ServiceReconciler(options);
    this.#controller = new Controller({
      name: this.name,
      reconcile: async (key) => {
        try {
          this.#reconciler.reconcile(key);
          if (options.publications.of(key).size === 0) return;
          return { requeueAfterMs: RESYNC_MS * (1 - Math.random() / 2) };
        } finally {
          this.#progress.call();
        }
      },
      concurrency,
      lane: (key) => parseKey(key).namespace ?? '',
      log,
      clock,
      metrics: runtimeMetrics,
    });
    this.controllers = [this.#controller];
    sender.onSettled((key, hasChanged) => this.#settled(key, hasChanged));
    sender.onMoved((key) => this.#controller.enqueue(key));
  }

  start(): void {
    const { clock, directory, pods, publications, selfRegistered, stores } = this.#options;
    this.#unsubscribe = [
      stores.services.onChange(({ key, initial }) => this.#changed(key, initial)),
      stores.slices.onChange((change) => this.#sliceChanged(change)),
      stores.resources.onChange((change) => this.#resourceChanged(change)),
      pods.onChange((change) => this.#podChanged(change)),
      pods.onSynced(() => this.#podsSynced()),
      publications.claims.onContest((key) => this.#controller.enqueue(key)),
      selfRegistered.onChange((key) => this.#controller.enqueue(key)),
      directory.onChange((connection) => this.#connectionChanged(connection)),
      directory.onReady((connection) => this.#connectionReady(connection)),
    ];
    pods.watch(stores.needPods);
    const unconfirmed = new Set(stores.services.keys());
    this.#unconfirmed = unconfirmed;
    clock.after(FIRST_PUBLICATION_LIMIT_MS, () => unconfirmed.clear());
    for (const key of unconfirmed) this.#controller.enqueue(key, 'low');
    this.#controller.start();
  }

  async stop(hurry?: AbortSignal): Promise<void> {
    for (const unsubscribe of this.#unsubscribe) unsubscribe();
    await this.#controller.stop(hurry);
    this.#options.sender.stop();
    this.#options.selfRegistered.stop();
    await this.#options.pods.stop();
  }

  /**
   * Whether all that there was at the start has been published once, or could not be for 30 s. It never goes back to
   * false: Nacos being away takes no replica out of service.
   */
  get hasPublished(): boolean {
    return this.#unconfirmed?.size === 0;
  }

  /** Whether all that is known of the Services that use the connection is wanted of its client. */
  isUpToDate(connection: ConnectionKey): boolean {
    return this.#controller.queue.outstanding === 0 && this.#options.publications.isKnown(connection);
  }

  /** Told whenever one of the Services has been reconciled, or confirmed. Returns how to stop listening. */
  onProgress(listener: () => void): () => void {
    return this.#progress.add(listener);
  }

  /** Past the queue: what is wanted of all is known to the Nacos clients when it returns. */
  reconcileAll(): void {
    const { publications, stores } = this.#options;
    for (const key of new Set([...stores.services.keys(), ...publications.services()])) {
      try {
        this.#reconciler.reconcile(key);
      } catch {
        this.#controller.enqueue(key);
      }
    }
  }

  /** Nacos has confirmed all that is wanted of a Service. */
  #settled(key: string, hasChanged: boolean): void {
    const { lag, publications } = this.#options;
    lag.settled(key, hasChanged);
    const isKnown = [...publications.of(key).values()].every((publication) => publication.isKnown);
    if (isKnown) this.#unconfirmed?.delete(key);
    this.#progress.call();
  }

  #changed(key: string, initial = false): void {
    if (!initial) this.#options.lag.seen(key);
    this.#controller.enqueue(key, initial ? 'low' : 'high');
  }

  #sliceChanged({ previous, current, initial }: StoreChange<EndpointSlice>): void {
    const keys = [previous, current].flatMap((slice) => (slice ? serviceOf(slice) : []));
    for (const key of new Set(keys)) if (this.#options.stores.services.get(key)) this.#changed(key, initial);
  }

  /** The Services that it covered and those that it covers now. */
  #resourceChanged({ previous, current }: StoreChange<NacosService>): void {
    if (!desiredChanged(previous, current)) return;
    const { guard, pods, publications, stores } = this.#options;
    const resource = current ?? previous;
    if (resource === undefined) return;
    const exportId = exportIdOf(resource);
    if (current === undefined) guard.forget(exportId);
    pods.watch(stores.needPods);
    const covered = current ? this.#coveredBy(current) : [];
    for (const key of new Set([...covered, ...publications.servicesOf(exportId)])) this.#changed(key);
  }

  #coveredBy(resource: NacosService): string[] {
    const { namespace = '' } = resource.metadata;
    const { serviceRef } = resource.spec.source;
    if (serviceRef !== undefined) return [`${namespace}/${serviceRef.name}`];
    const services = this.#options.stores.servicesIn(namespace);
    return services.filter((service) => covers(resource, service)).map(objectKey);
  }

  #podChanged({ key, initial }: StoreChange<KubeObject>): void {
    for (const slice of this.#options.stores.slicesWith(key)) {
      for (const service of serviceOf(slice)) this.#controller.enqueue(service, initial ? 'low' : 'high');
    }
  }

  #podsSynced(): void {
    for (const key of this.#options.stores.services.keys()) this.#controller.enqueue(key, 'low');
  }

  #connectionChanged(connection: ConnectionKey): void {
    for (const key of this.#usersOf(connection)) this.#changed(key);
  }

  #connectionReady(connection: ConnectionKey): void {
    const { directory, sender } = this.#options;
    const users = new Set(this.#usersOf(connection));
    this.#controller.queue.retryFailing((key) => users.has(key));
    const client = directory.findUsable(connection)?.client;
    if (client) sender.retry(client);
  }

  #usersOf(connection: ConnectionKey): string[] {
    const { publications, stores } = this.#options;
    return publications.servicesOver(connection).filter((key) => stores.services.get(key) !== undefined);
  }
}
