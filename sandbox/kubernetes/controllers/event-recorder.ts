/**
 * Events about what the controllers did, as `kubectl describe` shows them. A failure to record one is nobody's concern: an
 * event about an object in a namespace that goes is refused.
 */
import type { Clock } from '../../../operator/clock.ts';
import type { Cluster } from '../cluster.ts';
import type { KubeObject } from '../object.ts';
import { timestamp } from './condition.ts';

export class EventRecorder {
  readonly #cluster: Cluster;
  readonly #clock: Clock;
  /** Makes names differ within a millisecond. */
  #sequence = 0;

  constructor(cluster: Cluster, clock: Clock) {
    this.#cluster = cluster;
    this.#clock = clock;
  }

  record(component: string, about: KubeObject, reason: string, message: string, host?: string): void {
    const type = this.#cluster.types.findKind('v1', 'Event');
    if (!type) return;
    const { namespace, name, uid, resourceVersion } = about.metadata;
    const now = timestamp(this.#clock.now());
    const { apiVersion, kind } = about;
    const place = namespace === undefined ? {} : { namespace };
    const event: KubeObject = {
      apiVersion: 'v1',
      kind: 'Event',
      metadata: { name: `${name}.${this.#uniqueSuffix()}`, namespace: namespace ?? 'default' },
      involvedObject: { apiVersion, kind, name, ...place, uid, resourceVersion },
      type: 'Normal',
      reason,
      message,
      count: 1,
      firstTimestamp: now,
      lastTimestamp: now,
      eventTime: null,
      source: host === undefined ? { component } : { component, host },
      reportingComponent: component,
      reportingInstance: host ?? '',
    };
    try {
      this.#cluster.create(type, event, { manager: component });
    } catch {
      // What happened is in the objects themselves.
    }
  }

  /** Sixteen hexadecimal digits of nanoseconds, as client-go names events. */
  #uniqueSuffix(): string {
    this.#sequence = (this.#sequence + 1) % 1_000_000;
    return (BigInt(Math.trunc(this.#clock.now())) * 1_000_000n + BigInt(this.#sequence)).toString(16);
  }
}
