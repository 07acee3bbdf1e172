/**
 * Tells users what became of a NacosConfig: its status, and events for what changed.
 *
 * A status that says the same is not written. An event is recorded for each write that we made and when a problem
 * appears or changes, not at each attempt.
 */
import { FIELD_MANAGER } from '../api/names.ts';
import type { NacosConfigStatus } from '../api/generated/nacos-config.ts';
import type { NacosConfig } from '../api/resources.ts';
import type { Clock } from '../clock.ts';
import type { EventRecorder } from '../kube/events.ts';
import type { ResourceClient } from '../kube/resource-client.ts';
import { objectKey } from '../kube/resource.ts';
import { applyStatus } from '../kube/status.ts';
import type { Logger } from '../log.ts';
import { readyVerdict, statusOf, type SyncReport } from './report.ts';

export interface ConfigEvent {
  type: 'Normal' | 'Warning';
  /** What happened, in CamelCase. */
  reason: string;
  /** What we did or tried, in CamelCase. */
  action: 'Publish' | 'Mirror' | 'Remove' | 'Reconcile';
  note: string;
}

/** How long a status that we wrote stands in for one that the watch has not brought yet. */
const ECHO_LIMIT_MS = 10_000;

interface WrittenStatus {
  status: NacosConfigStatus;
  resourceVersion: string | undefined;
  writtenMs: number;
}

export class ConfigReporter {
  readonly #client: ResourceClient<NacosConfig>;
  readonly #events: EventRecorder;
  readonly #clock: Clock;
  readonly #written = new Map<string, WrittenStatus>();

  constructor(client: ResourceClient<NacosConfig>, events: EventRecorder, clock: Clock) {
    this.#client = client;
    this.#events = events;
    this.#clock = clock;
  }

  async report(cached: NacosConfig, report: SyncReport, log: Logger): Promise<void> {
    const resource = this.#current(cached);
    const status = statusOf(resource, report, this.#clock.now());
    this.#tellProblem(resource, report, log);
    const applied = await applyStatus(this.#client, resource, status, { fieldManager: FIELD_MANAGER });
    if (applied === undefined) return;
    const { resourceVersion } = applied.metadata;
    this.#written.set(objectKey(cached), { status, resourceVersion, writtenMs: this.#clock.monotonic() });
  }

  event(resource: NacosConfig, event: ConfigEvent): void {
    this.#events.event(resource, event);
  }

  forget(key: string): void {
    this.#written.delete(key);
  }

  /** The resource with the status that we wrote last, for as long as the watch may not have brought it. */
  #current(cached: NacosConfig): NacosConfig {
    const key = objectKey(cached);
    const written = this.#written.get(key);
    if (written === undefined) return cached;
    const isEchoed = cached.metadata.resourceVersion === written.resourceVersion;
    if (!isEchoed && this.#clock.monotonic() - written.writtenMs < ECHO_LIMIT_MS) {
      return { ...cached, status: written.status };
    }
    this.#written.delete(key);
    return cached;
  }

  #tellProblem(resource: NacosConfig, report: SyncReport, log: Logger): void {
    const ready = readyVerdict(report);
    if (ready.status !== 'False') return;
    const before = resource.status?.conditions?.find(({ type }) => type === 'Ready');
    if (before?.reason === ready.reason && before.message === ready.message) return;
    log.warn('not ready', { reason: ready.reason, detail: ready.message });
    this.event(resource, { type: 'Warning', reason: ready.reason, action: 'Reconcile', note: ready.message });
  }
}
