/**
 * The reporting half of the services: the leader's alone. It makes the status of each NacosService from what this replica
 * publishes and from what Nacos shows, and records events for what changes; annotated Services have events alone
 * (service-events.ts).
 *
 * A status that somebody else has changed is written again.
 */
import { isDeepStrictEqual } from 'node:util';
import { FIELD_MANAGER } from '../api/names.ts';
import type { NacosService } from '../api/resources.ts';
import type { Clock, Timer } from '../clock.ts';
import { findCondition } from '../kube/conditions.ts';
import type { EventRecorder } from '../kube/events.ts';
import type { ResourceClient } from '../kube/resource-client.ts';
import { StatusWriter } from '../kube/status-writer.ts';
import type { StoreChange } from '../kube/store.ts';
import type { Logger } from '../logger.ts';
import { Controller } from '../runtime/controller.ts';
import type { RuntimeMetrics } from '../runtime/metrics.ts';
import { annotationsChanged, generationChanged, or } from '../runtime/predicates.ts';
import type { Runnable } from '../runtime/runnable.ts';
import type { Publications } from './publications.ts';
import { heldServices, type SelectionGuard } from './selection-guard.ts';
import { annotationExportId, exportOfAnnotations, hasOurAnnotations } from './service-annotations.ts';
import { ServiceEvents } from './service-events.ts';
import { covers, exportIdOf, parseExportId } from './service-export.ts';
import type { ServiceStores } from './service-stores.ts';
import { TOLD_AFTER_MS, type Followed, type ShownHosts } from './shown-hosts.ts';
import { serviceStatus } from './status.ts';
import { judge, PENDING_TOLD_AFTER_MS, type ServiceFindings } from './verdicts.ts';

interface ServiceReporterOptions {
  client: ResourceClient<NacosService>;
  stores: ServiceStores;
  publications: Publications;
  guard: SelectionGuard;
  shownHosts: ShownHosts;
  events: EventRecorder;
  runtimeMetrics: RuntimeMetrics;
  log: Logger;
  clock: Clock;
  /** Between two looks at what has not changed. @default half to one of 30 minutes */
  resyncMs?: () => number;
}

/** Changes come in bursts, and a status is for people. */
const GATHER_MS = 300;
/** Subscriptions are made beside the publications that they are of, and a burst of these is looked through once. */
const FOLLOW_MS = 20;

const isRelevant = or(generationChanged, annotationsChanged);

export class ServiceReporter implements Runnable {
  readonly name = 'nacosservice';
  readonly controllers: readonly Controller[];
  readonly #options: ServiceReporterOptions;
  readonly #controller: Controller;
  readonly #statuses: StatusWriter<NacosService>;
  readonly #events: ServiceEvents;
  /** Exports of which it was told that they wait: what they wait for comes bit by bit. */
  readonly #waiting = new Set<string>();
  readonly #toFollow = new Set<string>();
  #following: Timer | undefined;
  #unsubscribe: (() => void)[] = [];

  constructor(options: ServiceReporterOptions) {
    const { client, clock, events, log, runtimeMetrics } = options;
    this.#options = options;
    this.#statuses = new StatusWriter(client, FIELD_MANAGER, clock);
    this.#events = new ServiceEvents(events);
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
    const { publications, shownHosts, stores } = this.#options;
    this.#unsubscribe = [
      shownHosts.onChange((exportId) => this.#changed(exportId)),
      publications.onChange((exportId) => this.#published(exportId)),
      stores.resources.onChange((change) => this.#resourceChanged(change)),
      stores.services.onChange(({ current, key, previous }) => {
        const isOurs = [previous, current].some((service) => service !== undefined && hasOurAnnotations(service));
        if (isOurs && annotationsChanged(previous, current)) this.#changed(annotationExportId(key));
      }),
    ];
    for (const resource of stores.resources.list()) this.#changed(exportIdOf(resource));
    for (const service of stores.services.list().filter(hasOurAnnotations)) {
      const exportId = annotationExportId(`${service.metadata.namespace}/${service.metadata.name}`);
      if (exportOfAnnotations(service)) this.#events.wasPublished(exportId);
      this.#changed(exportId);
    }
    for (const exportId of publications.exports()) this.#published(exportId);
    this.#controller.start();
  }

  async stop(hurry?: AbortSignal): Promise<void> {
    for (const unsubscribe of this.#unsubscribe) unsubscribe();
    this.#following?.cancel();
    await this.#controller.stop(hurry);
    this.#options.shownHosts.stop();
  }

  /** What is published for an export, or what Nacos shows of it, has changed. */
  #changed(exportId: string): void {
    this.#controller.queue.addAfter(exportId, this.#waiting.has(exportId) ? PENDING_TOLD_AFTER_MS : GATHER_MS);
  }

  #published(exportId: string): void {
    this.#toFollow.add(exportId);
    this.#following ??= this.#options.clock.after(FOLLOW_MS, () => this.#followAll());
    this.#changed(exportId);
  }

  #followAll(): void {
    this.#following = undefined;
    for (const exportId of this.#toFollow) {
      const records = this.#options.publications.publicationsOf(exportId).flatMap(([service, publication]) => {
        return [...publication.records].map(([name, record]): [string, Followed] => [name, { record, service }]);
      });
      this.#options.shownHosts.follow(exportId, new Map(records));
    }
    this.#toFollow.clear();
  }

  #resourceChanged({ current, key, previous }: StoreChange<NacosService>): void {
    const resource = current ?? previous;
    if (resource === undefined) return;
    const isForeign = current && previous && !isDeepStrictEqual(current.status, previous.status);
    const isOverwritten = isForeign && !this.#statuses.isLast(current);
    if (isOverwritten) this.#statuses.forget(key);
    if (isOverwritten || isRelevant(previous, current)) this.#changed(exportIdOf(resource));
  }

  async #report(exportId: string): Promise<{ requeueAfterMs: number } | void> {
    const { clock, shownHosts, stores } = this.#options;
    const { key, kind } = parseExportId(exportId);
    const resource = kind === 'NacosService' ? stores.resources.get(key) : undefined;
    const service = kind === 'Service' ? stores.services.get(key) : undefined;
    if (resource?.metadata.deletionTimestamp !== undefined || (!resource && !service)) return this.#forget(exportId);
    const findings = resource ? this.#findingsOf(resource) : this.#findingsOfService(key, exportId);
    const verdicts = judge(findings, clock.now());
    if (verdicts?.isPending) this.#waiting.add(exportId);
    else this.#waiting.delete(exportId);
    if (service) this.#events.tell(exportId, service, findings, verdicts);
    if (resource && verdicts) {
      const latest = this.#statuses.latest(resource);
      const status = serviceStatus(latest, findings, verdicts, clock.now());
      this.#recordEvent(latest, status);
      await this.#statuses.write(latest, status);
    }
    const { resyncMs = () => 1_800_000 * (1 - Math.random() / 2) } = this.#options;
    // What is told only when it stays, and what waits, is looked at again by then.
    if (shownHosts.suspects(exportId) > 0) return { requeueAfterMs: TOLD_AFTER_MS };
    return { requeueAfterMs: verdicts && !verdicts.isPending ? resyncMs() : PENDING_TOLD_AFTER_MS };
  }

  #forget(exportId: string): void {
    this.#waiting.delete(exportId);
    this.#events.forget(exportId);
    this.#statuses.forget(parseExportId(exportId).key);
  }

  #findingsOf(resource: NacosService): ServiceFindings {
    const { publications, shownHosts, stores } = this.#options;
    const exportId = exportIdOf(resource);
    const { namespace = '' } = resource.metadata;
    const { serviceRef } = resource.spec.source;
    const candidates = serviceRef
      ? [stores.services.get(`${namespace}/${serviceRef.name}`)]
      : stores.servicesIn(namespace);
    const selected = candidates.filter((service) => service !== undefined && covers(resource, service));
    const held = heldServices(resource, this.#options).length;
    return {
      publications: publications.publicationsOf(exportId),
      expected: selected.length + held,
      named: serviceRef?.name,
      held,
      shown: shownHosts.findings(exportId),
    };
  }

  #findingsOfService(key: string, exportId: string): ServiceFindings {
    const { publications, shownHosts, stores } = this.#options;
    const service = stores.services.get(key);
    return {
      publications: publications.publicationsOf(exportId),
      expected: service && exportOfAnnotations(service) ? 1 : 0,
      named: undefined,
      held: 0,
      shown: shownHosts.findings(exportId),
    };
  }

  #recordEvent(resource: NacosService, { conditions = [] }: ReturnType<typeof serviceStatus>): void {
    const ready = findCondition(conditions, 'Ready');
    const before = findCondition(resource.status?.conditions, 'Ready');
    if (!ready || (before?.reason === ready.reason && before.message === ready.message)) return;
    const type = ready.status === 'True' ? 'Normal' : 'Warning';
    // A Service that grows and shrinks is not news.
    if (type === 'Normal' && before?.reason === ready.reason) return;
    this.#options.events.event(resource, { type, reason: ready.reason, action: 'Publish', note: ready.message });
  }
}
