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
import type { Logger } from '../logger.ts';
import { Controller } from '../runtime/controller.ts';
import type { RuntimeMetrics } from '../runtime/metrics.ts';
import { annotationsChanged, generationChanged, or } from '../runtime/predicates.ts';
import type { Runnable } from '../runtime/runnable.ts';
import { GHOST_AFTER_MS, type GhostWatch } from './ghosts.ts';
import { recordsOf, type Publication, type Publications } from './publications.ts';
import { heldServices, type SelectionGuard } from './selection-guard.ts';
import { exportIdOf, parseExportId } from './service-export.ts';
import type { ServiceStores } from './service-stores.ts';
import { serviceStatus } from './status.ts';

interface ServiceReporterOptions {
  client: ResourceClient<NacosService>;
  stores: ServiceStores;
  publications: Publications;
  guard: SelectionGuard;
  ghosts: GhostWatch;
  events: EventRecorder;
  runtimeMetrics: RuntimeMetrics;
  log: Logger;
  clock: Clock;
}

/** Changes come in bursts, and a status is for people. */
const GATHER_MS = 300;

const isRelevant = or(generationChanged, annotationsChanged);

export class ServiceReporter implements Runnable {
  readonly name = 'nacosservice';
  readonly controllers: readonly Controller[];
  readonly #options: ServiceReporterOptions;
  readonly #controller: Controller;
  readonly #statuses: StatusWriter<NacosService>;
  /** The problem that was last recorded of each annotated Service. */
  readonly #recorded = new Map<string, string>();
  #unsubscribe: (() => void)[] = [];

  constructor(options: ServiceReporterOptions) {
    const { client, clock, log, runtimeMetrics } = options;
    this.#options = options;
    this.#statuses = new StatusWriter(client, FIELD_MANAGER, clock);
    this.#controller = new Controller({
      name: this.name,
      reconcile: (exportId) => this.#report(exportId),
      concurrency: 4,
      log,
      clock,
      metrics: runtimeMetrics,
    });
    this.controllers = [this.#controller];
  }

  start(): void {
    const { ghosts, publications, stores } = this.#options;
    this.#unsubscribe = [
      ghosts.onChange((exportId) => this.#changed(exportId)),
      publications.onChange((exportId) => this.#changed(exportId)),
      stores.resources.onChange(({ previous, current }) => {
        const resource = current ?? previous;
        if (resource && isRelevant(previous, current)) this.#changed(exportIdOf(resource));
      }),
    ];
    for (const resource of stores.resources.list()) this.#changed(exportIdOf(resource));
    for (const exportId of publications.exports()) this.#changed(exportId);
    this.#controller.start();
  }

  async stop(hurry?: AbortSignal): Promise<void> {
    for (const unsubscribe of this.#unsubscribe) unsubscribe();
    await this.#controller.stop(hurry);
    this.#options.ghosts.stop();
  }

  /** What is published for an export, or what Nacos shows of it, has changed. */
  #changed(exportId: string): void {
    this.#controller.queue.addAfter(exportId, GATHER_MS);
  }

  async #report(exportId: string): Promise<{ requeueAfterMs: number } | void> {
    const { ghosts, stores } = this.#options;
    const publications = this.#options.publications.publicationsOf(exportId);
    ghosts.follow(exportId, recordsOf(publications.map(([, publication]) => publication)));
    const { kind, key } = parseExportId(exportId);
    if (kind === 'Service') return this.#recordProblem(key, publications);
    const cached = stores.resources.get(key);
    if (cached === undefined || cached.metadata.deletionTimestamp !== undefined) return this.#statuses.forget(key);
    await this.#writeStatus(cached, exportId, publications);
    // Unwanted hosts count only after a while: look again by then.
    if (ghosts.suspects(exportId) > 0) return { requeueAfterMs: GHOST_AFTER_MS };
  }

  async #writeStatus(cached: NacosService, exportId: string, publications: [string, Publication][]): Promise<void> {
    const { clock, events, ghosts } = this.#options;
    const resource = this.#statuses.latest(cached);
    const held = heldServices(resource, this.#options).length;
    const status = serviceStatus(resource, { publications, held, ghosts: ghosts.count(exportId) }, clock.now());
    if (status === undefined) return;
    const ready = findCondition(status.conditions, 'Ready');
    const before = findCondition(resource.status?.conditions, 'Ready');
    if (ready && (before?.reason !== ready.reason || before.message !== ready.message)) {
      const type = ready.status === 'True' ? 'Normal' : 'Warning';
      events.event(resource, { type, reason: ready.reason, action: 'Publish', note: ready.message });
    }
    await this.#statuses.write(resource, status);
  }

  /** An annotated Service is not ours to write a status to, so its problems are recorded as events. */
  #recordProblem(key: string, publications: [string, Publication][]): void {
    const { events, stores } = this.#options;
    const service = stores.services.get(key);
    const [problem] = publications.flatMap(([, { problems }]) => problems);
    const note = problem && `${problem.member ?? parseKey(key).name}: \`${problem.field}\` ${problem.message}`;
    if (note === undefined || service === undefined) return void this.#recorded.delete(key);
    if (this.#recorded.get(key) === note) return;
    this.#recorded.set(key, note);
    events.event(service, { type: 'Warning', reason: 'Invalid', action: 'Publish', note });
  }
}
