/**
 * The reporting half of the services: the leader's alone. It makes the status of each NacosService from what this
 * replica publishes, looks for ghosts, and records events for what changes.
 */
import { FIELD_MANAGER } from '../api/names.ts';
import type { NacosService } from '../api/resources.ts';
import type { Clock } from '../clock.ts';
import { findCondition } from '../kube/conditions.ts';
import type { EventRecorder } from '../kube/events.ts';
import type { ResourceClient } from '../kube/resource-client.ts';
import { parseKey } from '../kube/resource.ts';
import { StatusWriter } from '../kube/status-writer.ts';
import type { Store } from '../kube/store.ts';
import type { Logger } from '../logger.ts';
import { Controller } from '../runtime/controller.ts';
import type { RuntimeMetrics } from '../runtime/metrics.ts';
import { annotationsChanged, generationChanged, or } from '../runtime/predicates.ts';
import type { Runnable } from '../runtime/runnable.ts';
import { GHOST_AFTER_MS, GhostWatch } from './ghosts.ts';
import type { Service } from './kube-objects.ts';
import type { Publication, PublicationBook } from './publication-book.ts';
import { heldServices } from './publisher.ts';
import type { SelectionGuard } from './selection-guard.ts';
import { exportIdOf } from './service-export.ts';
import { serviceStatus } from './service-status.ts';

export interface ServiceReporterOptions {
  clusterId: () => string;
  resources: Store<NacosService>;
  services: Store<Service>;
  client: ResourceClient<NacosService>;
  book: PublicationBook;
  guard: SelectionGuard;
  events: EventRecorder;
  runtimeMetrics: RuntimeMetrics;
  log: Logger;
  clock: Clock;
}

/** Changes come in bursts, and a status is for people. */
const GATHER_MS = 300;

const isWorthALook = or(generationChanged, annotationsChanged);
const RESOURCE_PREFIX = 'NacosService ';
const SERVICE_PREFIX = 'Service ';

export class ServiceReporter implements Runnable {
  readonly name = 'nacosservice';
  readonly controller: Controller;
  readonly #options: ServiceReporterOptions;
  readonly #statuses: StatusWriter<NacosService>;
  readonly #ghosts: GhostWatch;
  /** The problem that was last told of each annotated Service. */
  readonly #told = new Map<string, string>();
  #unsubscribe: (() => void)[] = [];

  constructor(options: ServiceReporterOptions) {
    const { client, clock, clusterId, log, runtimeMetrics } = options;
    this.#options = options;
    this.#statuses = new StatusWriter(client, FIELD_MANAGER, clock);
    this.#ghosts = new GhostWatch(clusterId, clock, (exportId) => this.changed(exportId));
    const reconcile = (exportId: string) => this.#report(exportId);
    this.controller = new Controller({
      name: this.name,
      reconcile,
      concurrency: 4,
      log,
      clock,
      metrics: runtimeMetrics,
    });
  }

  start(): void {
    const { book, resources } = this.#options;
    this.#unsubscribe = [
      book.onChange((exportId) => this.changed(exportId)),
      resources.onChange(({ previous, current }) => {
        const resource = current ?? previous;
        if (resource && isWorthALook(previous, current)) this.changed(exportIdOf(resource));
      }),
    ];
    for (const resource of resources.list()) this.changed(exportIdOf(resource));
    for (const exportId of book.exports()) this.changed(exportId);
    this.controller.start();
  }

  /** Ghosts of all exports. */
  get ghosts(): number {
    return this.#ghosts.total();
  }

  /** What is published for an export, or what Nacos shows of it, has changed. */
  changed(exportId: string): void {
    this.controller.queue.addAfter(exportId, GATHER_MS);
  }

  async stop(hurry?: AbortSignal): Promise<void> {
    for (const unsubscribe of this.#unsubscribe) unsubscribe();
    await this.controller.stop(hurry);
    this.#ghosts.stop();
  }

  async #report(exportId: string): Promise<{ requeueAfterMs: number } | void> {
    const { book } = this.#options;
    const ghosts = this.#ghosts;
    const publications = book.publicationsOf(exportId);
    ghosts.follow(exportId, new Map(publications.flatMap(([, { records }]) => [...records])));
    if (exportId.startsWith(SERVICE_PREFIX)) return this.#tellService(exportId, publications);
    const key = exportId.slice(RESOURCE_PREFIX.length);
    const cached = this.#options.resources.get(key);
    if (cached === undefined || cached.metadata.deletionTimestamp !== undefined) return this.#statuses.forget(key);
    await this.#writeStatus(cached, exportId, publications);
    // Unwanted hosts count only after a while: look again by then.
    if (ghosts.suspects(exportId) > 0) return { requeueAfterMs: GHOST_AFTER_MS };
  }

  async #writeStatus(cached: NacosService, exportId: string, publications: [string, Publication][]): Promise<void> {
    const { clock, events } = this.#options;
    const resource = this.#statuses.latest(cached);
    const held = heldServices(resource, this.#options).length;
    const status = serviceStatus(resource, { publications, held, ghosts: this.#ghosts.count(exportId) }, clock.now());
    if (status === undefined) return;
    const ready = findCondition(status.conditions, 'Ready');
    const before = findCondition(resource.status?.conditions, 'Ready');
    if (ready && (before?.reason !== ready.reason || before.message !== ready.message)) {
      const type = ready.status === 'True' ? 'Normal' : 'Warning';
      events.event(resource, { type, reason: ready.reason, action: 'Publish', note: ready.message });
    }
    await this.#statuses.write(resource, status);
  }

  /** An annotated Service is not ours to write a status to, so its problems are told by events. */
  #tellService(exportId: string, publications: [string, Publication][]): void {
    const { events, services } = this.#options;
    const service = services.get(exportId.slice(SERVICE_PREFIX.length));
    const [problem] = publications.flatMap(([, { problems }]) => problems);
    const note = problem && `${problem.member ?? parseKey(exportId).name}: \`${problem.field}\` ${problem.message}`;
    if (note === undefined || service === undefined) return void this.#told.delete(exportId);
    if (this.#told.get(exportId) === note) return;
    this.#told.set(exportId, note);
    events.event(service, { type: 'Warning', reason: 'Invalid', action: 'Publish', note });
  }
}
