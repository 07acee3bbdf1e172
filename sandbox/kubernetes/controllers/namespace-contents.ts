/**
 * Empties namespaces that are deleted, tells in their conditions what holds them up, and lets them go when nothing is left.
 *
 * Every object is deleted once; what finalizers keep is waited for. Conditions are written while something is left after
 * that, at most once a second.
 */
import type { Clock } from '../../../operator/clock.ts';
import type { Cluster } from '../cluster.ts';
import type { KubeObject } from '../object.ts';
import { timestamp, withCondition } from './condition.ts';
import { controllerManager } from './controller-context.ts';
import type { ControllerContext } from './controller-context.ts';
import { uidOf } from './cluster-view.ts';
import type { ClusterView, Entry } from './cluster-view.ts';
import { deletionConditions } from './namespace-conditions.ts';
import type { Namespace } from './shapes.ts';
import { keyOf, partsOf, TypedClient } from './typed-client.ts';
import type { KeyQueue } from './work-loop.ts';

const recheckMs = 1000;
/** The finalizer of `spec.finalizers` that stands for this controller. */
const finalizer = 'kubernetes';

export class NamespaceContents {
  readonly #cluster: Cluster;
  readonly #view: ClusterView;
  readonly #clock: Clock;
  readonly #namespaces: TypedClient<Namespace>;
  /** Uids of what is to be deleted. */
  readonly #contents: KeyQueue;
  readonly #queue: KeyQueue;
  readonly #going = new Set<string>();

  constructor({ cluster, view, loop, clock }: ControllerContext) {
    this.#cluster = cluster;
    this.#view = view;
    this.#clock = clock;
    this.#namespaces = new TypedClient(cluster, 'v1', 'Namespace', controllerManager);
    this.#contents = loop.queue('namespace-contents', (uid) => this.#deleteContent(uid));
    this.#queue = loop.queue('namespaces', (key) => this.#sync(key));
    view.on('Namespace', ({ type, object }) => this.#observe(type === 'DELETED', object));
    view.onAny(({ type, object }) => {
      const { namespace } = object.metadata;
      if (namespace === undefined || !this.#going.has(namespace)) return;
      if (type === 'ADDED') this.#contents.add(uidOf(object));
      if (type === 'DELETED' && view.isEmpty(namespace)) this.#queue.add(`/${namespace}`);
    });
  }

  #observe(isGone: boolean, namespace: KubeObject): void {
    const { name, deletionTimestamp } = namespace.metadata;
    if (isGone) this.#going.delete(name);
    if (isGone || deletionTimestamp === undefined || this.#going.has(name)) return;
    this.#going.add(name);
    for (const { object } of this.#view.contentsOf(name)) this.#contents.add(uidOf(object));
    this.#queue.add(keyOf(namespace));
  }

  #deleteContent(uid: string): void {
    const entry = this.#view.get(uid);
    if (!entry || entry.object.metadata.deletionTimestamp !== undefined) return;
    const { namespace = '', name } = entry.object.metadata;
    this.#cluster.delete(entry.resource, namespace, name, {
      propagationPolicy: 'Background',
      preconditions: { uid },
    });
  }

  #sync(key: string): void {
    const namespace = this.#namespaces.get(key);
    if (!namespace || namespace.metadata.deletionTimestamp === undefined) return;
    const { name } = partsOf(key);
    if (this.#view.isEmpty(name)) return this.#finalize(namespace);
    this.#queue.addAfter(key, recheckMs);
    const contents = this.#view.contentsOf(name);
    // Until everything was asked to go, nothing can be said about what stays.
    if (contents.every(({ object }) => object.metadata.deletionTimestamp !== undefined))
      this.#report(namespace, contents);
  }

  #report(namespace: Namespace, contents: readonly Entry[]): void {
    const now = timestamp(this.#clock.now());
    const { conditions } = namespace.status ?? {};
    const wanted = deletionConditions(contents);
    const next = wanted.reduce((all, condition) => withCondition(all, condition, now), conditions ?? []);
    this.#namespaces.updateStatus(namespace, { ...namespace.status, conditions: next });
  }

  #finalize(namespace: Namespace): void {
    const finalizers = namespace.spec?.finalizers ?? [];
    if (!finalizers.includes(finalizer)) return;
    const kept = finalizers.filter((name) => name !== finalizer);
    this.#namespaces.finalize({ ...namespace, spec: { ...namespace.spec, finalizers: kept } });
  }
}
