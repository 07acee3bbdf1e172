/**
 * Deletes the objects of a CustomResourceDefinition that is deleted, before it goes itself.
 *
 * The definition is held meanwhile by a finalizer that its deletion gave to it, and its condition Terminating tells of it.
 */
import type { Clock } from '../../../operator/clock.ts';
import type { Change, Cluster } from '../cluster.ts';
import { definitionFinalizer } from '../deletion.ts';
import type { KubeObject } from '../object.ts';
import { timestamp, withCondition } from './condition.ts';
import type { ControllerContext } from './controller-context.ts';
import { typeIdOf, uidOf } from './cluster-view.ts';
import type { ClusterView } from './cluster-view.ts';
import { withoutFinalizer } from './owner-reference.ts';
import type { Condition } from './shapes.ts';
import { keyOf, TypedClient } from './typed-client.ts';
import type { KeyQueue } from './work-loop.ts';

interface CustomResourceDefinition extends KubeObject {
  readonly spec: { readonly group: string; readonly names: { readonly kind: string } };
  readonly status?: { readonly conditions?: readonly Condition[]; readonly [field: string]: unknown };
}

const inProgress: Condition = {
  type: 'Terminating',
  status: 'True',
  reason: 'InstanceDeletionInProgress',
  message: 'CustomResource deletion is in progress',
};

export class CrdInstances {
  readonly #cluster: Cluster;
  readonly #view: ClusterView;
  readonly #clock: Clock;
  readonly #definitions: TypedClient<CustomResourceDefinition>;
  readonly #queue: KeyQueue;
  /** Uids of what is to be deleted. */
  readonly #instances: KeyQueue;
  /** Keys of definitions that are deleted, by the type that they define. */
  readonly #going = new Map<string, string>();

  constructor({ cluster, view, loop, clock }: ControllerContext) {
    this.#cluster = cluster;
    this.#view = view;
    this.#clock = clock;
    this.#definitions = new TypedClient(
      cluster,
      'apiextensions.k8s.io/v1',
      'CustomResourceDefinition',
      'kube-apiserver',
    );
    this.#instances = loop.queue('crd-instances', (uid) => this.#deleteInstance(uid));
    this.#queue = loop.queue('crd-finalizer', (key) => this.#sync(key));
    view.on('apiextensions.k8s.io/CustomResourceDefinition', (change) => this.#observe(change));
    view.onAny(({ type, resource, object }) => {
      const definition = this.#going.size > 0 ? this.#going.get(typeIdOf(resource)) : undefined;
      if (definition === undefined) return;
      if (type === 'ADDED') this.#instances.add(uidOf(object));
      if (type === 'DELETED') this.#queue.add(definition);
    });
  }

  #observe({ type, object }: Change): void {
    const typeId = definedBy(object as CustomResourceDefinition);
    if (type === 'DELETED') this.#going.delete(typeId);
    if (type === 'DELETED') return;
    if (object.metadata.deletionTimestamp === undefined || this.#going.has(typeId)) return;
    this.#going.set(typeId, keyOf(object));
    for (const instance of this.#view.instancesOf(typeId)) this.#instances.add(uidOf(instance.object));
    this.#queue.add(keyOf(object));
  }

  #deleteInstance(uid: string): void {
    const entry = this.#view.get(uid);
    if (!entry || entry.object.metadata.deletionTimestamp !== undefined) return;
    const { namespace = '', name } = entry.object.metadata;
    this.#cluster.delete(entry.resource, namespace, name, { preconditions: { uid } });
  }

  #sync(key: string): void {
    const definition = this.#definitions.get(key);
    if (!definition) return;
    const isHeld = definition.metadata.finalizers?.includes(definitionFinalizer) ?? false;
    if (!this.#view.hasInstances(definedBy(definition))) {
      if (isHeld) this.#definitions.update(withoutFinalizer(definition, definitionFinalizer));
      return;
    }
    const conditions = withCondition(definition.status?.conditions, inProgress, timestamp(this.#clock.now()));
    this.#definitions.updateStatus(definition, { ...definition.status, conditions });
  }
}

function definedBy({ spec }: CustomResourceDefinition): string {
  return typeIdOf({ group: spec.group, kind: spec.names.kind });
}
