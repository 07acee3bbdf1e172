/** Deletes events an hour after their last write, as the API server's `--event-ttl` does by default. */
import type { Clock } from '../../../operator/clock.ts';
import type { Change } from '../cluster.ts';
import type { ControllerContext } from './controller-context.ts';
import type { ClusterView } from './cluster-view.ts';
import { uidOf } from './cluster-view.ts';
import type { KeyQueue } from './work-loop.ts';

const timeToLiveMs = 3_600_000;
const perSync = 20;

export class EventExpiry {
  readonly #cluster: ControllerContext['cluster'];
  readonly #view: ClusterView;
  readonly #clock: Clock;
  readonly #queue: KeyQueue;
  /** When each goes, by uid. All live equally long, so what was written first is first. */
  readonly #dueMs = new Map<string, number>();

  constructor({ cluster, view, loop, clock }: ControllerContext) {
    this.#cluster = cluster;
    this.#view = view;
    this.#clock = clock;
    this.#queue = loop.queue('event-expiry', () => this.#sync());
    for (const typeId of ['Event', 'events.k8s.io/Event']) view.on(typeId, (change) => this.#observe(change));
  }

  #observe({ type, object }: Change): void {
    const uid = uidOf(object);
    this.#dueMs.delete(uid);
    if (type === 'DELETED') return;
    this.#dueMs.set(uid, this.#clock.monotonic() + timeToLiveMs);
    if (this.#dueMs.size === 1) this.#queue.addAfter('', timeToLiveMs);
  }

  #sync(): void {
    let left = perSync;
    for (const [uid, dueMs] of this.#dueMs) {
      const delayMs = dueMs - this.#clock.monotonic();
      if (delayMs > 0) return this.#queue.addAfter('', delayMs);
      if (left-- === 0) return this.#queue.add('');
      this.#dueMs.delete(uid);
      const event = this.#view.get(uid);
      if (!event) continue;
      const { namespace = '', name } = event.object.metadata;
      this.#cluster.delete(event.resource, namespace, name, { preconditions: { uid } });
    }
  }
}
