/**
 * Tells users what became of a NacosConfigSync: its status, and events for what changed.
 *
 * Thousands of items change in bursts, so a status is written some time after a change, with all that came meanwhile. While
 * items are still being found nothing is told, unless something was written: a restart over an equal world writes nothing.
 */
import { FIELD_MANAGER, FINALIZER } from '../../api/names.ts';
import type { NacosConfigSync } from '../../api/resources.ts';
import type { Clock } from '../../clock.ts';
import { findCondition } from '../../kube/conditions.ts';
import { hasFinalizer } from '../../kube/finalizer.ts';
import type { EventRecorder } from '../../kube/events.ts';
import type { ResourceClient } from '../../kube/resource-client.ts';
import { StatusWriter } from '../../kube/status-writer.ts';
import type { Store } from '../../kube/store.ts';
import type { Logger } from '../../logger.ts';
import { Controller } from '../../runtime/controller.ts';
import type { RuntimeMetrics } from '../../runtime/metrics.ts';
import { objectKey, type KubeObject } from '../../kube/resource.ts';
import type { Ended } from './items/ending.ts';
import type { Outcome } from './tally.ts';
import { statusOf, type SyncFindings } from './status.ts';

export interface SyncReporterOptions {
  readonly syncs: Store<NacosConfigSync>;
  readonly syncClient: ResourceClient<NacosConfigSync>;
  readonly events: EventRecorder;
  readonly runtimeMetrics: RuntimeMetrics;
  readonly log: Logger;
  readonly clock: Clock;
}

const GATHER_MS = 500;

export class SyncReporter {
  readonly controller: Controller;
  readonly #options: SyncReporterOptions;
  readonly #findings: (key: string) => SyncFindings | undefined;
  readonly #statuses: StatusWriter<NacosConfigSync>;

  /** `findings` is undefined while there is nothing to tell. */
  constructor(options: SyncReporterOptions, findings: (key: string) => SyncFindings | undefined) {
    const { clock, log, runtimeMetrics, syncClient } = options;
    this.#options = options;
    this.#findings = findings;
    this.#statuses = new StatusWriter(syncClient, FIELD_MANAGER, clock);
    const reconcile = (key: string) => this.#report(key);
    const name = 'nacosconfigsync-status';
    this.controller = new Controller({ name, reconcile, concurrency: 2, log, clock, metrics: runtimeMetrics });
  }

  changed(key: string): void {
    this.controller.queue.addAfter(key, GATHER_MS, 'high');
  }

  /** What was written. */
  written(resource: NacosConfigSync, note: string): void {
    this.#options.events.event(resource, { type: 'Normal', reason: 'ItemsWritten', action: 'Reconcile', note });
  }

  /** On the ConfigMap or the Secret; not what the status tells already, as after a restart. */
  problem({ status }: NacosConfigSync, { apiVersion, kind, metadata }: KubeObject, { message, reason }: Outcome): void {
    if (status?.problems?.some((known) => known.reason === reason && known.message === message)) return;
    const { name, namespace, uid } = metadata;
    // Digests of what a Secret holds are made with its uid.
    const regarding = { apiVersion, kind, metadata: { name, namespace, ...(kind !== 'Secret' && { uid }) } };
    this.#options.events.event(regarding, { type: 'Warning', reason, action: 'Reconcile', note: message });
  }

  /** What stays in Nacos. */
  left(resource: NacosConfigSync, note: string): void {
    this.#options.events.event(resource, { type: 'Warning', reason: 'LeftInNacos', action: 'Remove', note });
  }

  /** What became of the dataIds of one that is deleted. */
  ended(resource: NacosConfigSync, { left, removed, unasked }: Ended): void {
    if (removed > 0) {
      const note = `Removed ${removed} dataIds from Nacos`;
      this.#options.events.event(resource, { type: 'Normal', reason: 'Removed', action: 'Remove', note });
    }
    const some = left.length > 0 ? `${left.length} dataIds are left in Nacos, such as ${left[0]}` : undefined;
    const { reason = 'LeftInNacos', note = some } = unasked ?? {};
    if (note === undefined) return;
    this.#options.log.warn('left in Nacos', { sync: objectKey(resource), detail: note });
    this.#options.events.event(resource, { type: 'Warning', reason, action: 'Remove', note });
  }

  async #report(key: string): Promise<void> {
    const { clock, syncs } = this.#options;
    const cached = syncs.get(key);
    const isEnding = cached?.metadata.deletionTimestamp !== undefined;
    if (cached === undefined || (isEnding && !hasFinalizer(cached, FINALIZER))) return this.#statuses.forget(key);
    const found = this.#findings(key);
    if (found === undefined) return;
    const resource = this.#statuses.latest(cached);
    const status = statusOf(resource, found, clock.now());
    await this.#statuses.write(resource, status);
    const [ready, before] = [status, resource.status].map((one) => findCondition(one?.conditions, 'Ready'));
    const isKnown = ['Progressing', 'Deleting', before?.reason].includes(ready?.reason);
    if (ready?.status !== 'False' || isKnown) return;
    const { reason, message: note } = ready;
    this.#options.events.event(resource, { type: 'Warning', reason, action: 'Reconcile', note });
  }
}
