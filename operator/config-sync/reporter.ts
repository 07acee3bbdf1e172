/**
 * Tells users what became of a NacosConfig: its status, and events for what changed.
 *
 * A status that says the same is not written. An event is recorded for each write that we made and when a problem
 * appears or changes, not at each attempt.
 */
import { FIELD_MANAGER } from '../api/names.ts';
import type { NacosConfig } from '../api/resources.ts';
import type { Clock } from '../clock.ts';
import { findCondition } from '../kube/conditions.ts';
import type { EventRecorder } from '../kube/events.ts';
import type { ResourceClient } from '../kube/resource-client.ts';
import { StatusWriter } from '../kube/status-writer.ts';
import type { Logger } from '../logger.ts';
import { readyVerdict, statusOf, type SyncReport } from './report.ts';

export interface ConfigEvent {
  type: 'Normal' | 'Warning';
  /** What happened, in CamelCase. */
  reason: string;
  /** What we did or tried, in CamelCase. */
  action: 'Publish' | 'WriteBack' | 'Mirror' | 'Restart' | 'Remove' | 'Reconcile';
  note: string;
}

export class ConfigReporter {
  readonly #statuses: StatusWriter<NacosConfig>;
  readonly #events: EventRecorder;
  readonly #clock: Clock;

  constructor(client: ResourceClient<NacosConfig>, events: EventRecorder, clock: Clock) {
    this.#statuses = new StatusWriter(client, FIELD_MANAGER, clock);
    this.#events = events;
    this.#clock = clock;
  }

  async report(cached: NacosConfig, report: SyncReport, log: Logger): Promise<void> {
    const resource = this.#statuses.latest(cached);
    this.#tellProblem(resource, report, log);
    await this.#statuses.write(resource, statusOf(resource, report, this.#clock.now()));
  }

  event(resource: NacosConfig, event: ConfigEvent): void {
    this.#events.event(resource, event);
  }

  forget(key: string): void {
    this.#statuses.forget(key);
  }

  #tellProblem(resource: NacosConfig, report: SyncReport, log: Logger): void {
    const ready = readyVerdict(report);
    if (ready.status !== 'False') return;
    const before = findCondition(resource.status?.conditions, 'Ready');
    if (before?.reason === ready.reason && before.message === ready.message) return;
    log.warn('not ready', { reason: ready.reason, detail: ready.message });
    this.event(resource, { type: 'Warning', reason: ready.reason, action: 'Reconcile', note: ready.message });
  }
}
