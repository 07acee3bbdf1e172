/**
 * Events about what the controllers did, as `kubectl describe` shows them. A failure to record one is nobody's concern: an
 * event about an object in a namespace that goes is refused.
 */
import { randomBytes } from 'node:crypto';
import type { Clock } from '../../../operator/clock.ts';
import type { Cluster } from '../cluster.ts';
import type { KubeObject } from '../object.ts';
import { timeText } from '../server-fields.ts';

export class EventRecorder {
  readonly #cluster: Cluster;
  readonly #clock: Clock;

  constructor(cluster: Cluster, clock: Clock) {
    this.#cluster = cluster;
    this.#clock = clock;
  }

  record(component: string, about: KubeObject, reason: string, message: string): void {
    const type = this.#cluster.types.findKind('v1', 'Event');
    if (!type) return;
    const { apiVersion, kind, metadata } = about;
    const { namespace, name, uid, resourceVersion } = metadata;
    const now = timeText(this.#clock.now());
    const event: KubeObject = {
      apiVersion: 'v1',
      kind: 'Event',
      metadata: { name: `${name}.${randomBytes(8).toString('hex')}`, namespace: namespace ?? 'default' },
      involvedObject: { apiVersion, kind, name, namespace, uid, resourceVersion },
      type: 'Normal',
      reason,
      message,
      count: 1,
      firstTimestamp: now,
      lastTimestamp: now,
      eventTime: null,
      source: { component },
      reportingComponent: component,
      reportingInstance: '',
    };
    try {
      this.#cluster.create(type, event, { manager: component });
    } catch {
      // What happened is in the objects themselves.
    }
  }
}
