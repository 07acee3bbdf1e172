/**
 * What is deleted together with all that is in it: a namespace with its objects, and a CustomResourceDefinition with the
 * objects of its type. Both are held meanwhile by a finalizer, which is taken away when nothing is left.
 *
 * Every object is deleted once; what finalizers keep is waited for, and the conditions of a namespace tell of it, at most
 * once a second.
 */
import type { Cluster } from '../cluster.ts';
import { definitionFinalizer, isNamespace } from '../deletion.ts';
import type { KubeObject } from '../object.ts';
import type { ResourceType } from '../resource-type.ts';
import { timeText } from '../server-fields.ts';
import { entriesOf, typeIdOf, uidOf } from './cluster-view.ts';
import type { Entry } from './cluster-view.ts';
import type { ControllerContext } from './controllers.ts';
import { withoutFinalizer } from './owner-reference.ts';
import { withCondition } from './shapes.ts';
import type { Condition, CustomResourceDefinition, Namespace } from './shapes.ts';
import { TypedClient } from './typed-client.ts';
import type { KeyQueue } from './work-loop.ts';

const recheckMs = 1000;
/** The finalizer of `spec.finalizers` that stands for this controller. */
const namespaceFinalizer = 'kubernetes';

export class Contents {
  readonly #context: ControllerContext;
  readonly #namespaces: TypedClient<Namespace>;
  readonly #definitions: TypedClient<CustomResourceDefinition>;
  /** Uids of what is to be deleted. */
  readonly #contents: KeyQueue;
  /** Uids of what is to go when it is empty. */
  readonly #containers: KeyQueue;
  /** The containers that are deleted: their uids, by what contentIds says of their contents. */
  readonly #going = new Map<string, string>();

  constructor(context: ControllerContext) {
    const { cluster, loop, view } = context;
    this.#context = context;
    this.#namespaces = new TypedClient(cluster, 'v1', 'Namespace');
    this.#definitions = new TypedClient(cluster, 'apiextensions.k8s.io/v1', 'CustomResourceDefinition');
    this.#contents = loop.queue('contents', (uid) => this.#deleteContent(uid));
    this.#containers = loop.queue('containers', (uid) => this.#sync(uid));
    view.onAny(({ type, resource, object }) => {
      const containerId = containerIdOf(object);
      if (containerId !== undefined) this.#observeContainer(containerId, object, type === 'DELETED');
      if (this.#going.size === 0) return;
      for (const container of contentIds(resource, object).map((id) => this.#going.get(id))) {
        if (container === undefined) continue;
        if (type === 'ADDED') this.#contents.add(uidOf(object));
        if (type === 'DELETED') this.#containers.add(container);
      }
    });
  }

  #observeContainer(id: string, object: KubeObject, isGone: boolean): void {
    if (isGone) this.#going.delete(id);
    if (isGone || object.metadata.deletionTimestamp === undefined || this.#going.has(id)) return;
    this.#going.set(id, uidOf(object));
    for (const content of contentsOf(this.#context.cluster, object)) this.#contents.add(uidOf(content.object));
    this.#containers.add(uidOf(object));
  }

  #deleteContent(uid: string): void {
    const entry = this.#context.view.get(uid);
    if (!entry || entry.object.metadata.deletionTimestamp !== undefined) return;
    const { namespace = '', name } = entry.object.metadata;
    const options = { propagationPolicy: 'Background', preconditions: { uid } } as const;
    this.#context.cluster.delete(entry.resource, namespace, name, options);
  }

  #sync(uid: string): void {
    const container = this.#context.view.get(uid)?.object;
    if (!container) return;
    const contents = contentsOf(this.#context.cluster, container);
    if (contents.length === 0) return this.#release(container);
    this.#containers.addAfter(uid, recheckMs);
    // Until everything was asked to go, nothing can be said about what stays.
    const isAsked = contents.every(({ object }) => object.metadata.deletionTimestamp !== undefined);
    if (isAsked && isNamespace(container)) this.#report(container, contents);
  }

  #release(container: KubeObject): void {
    if (!isNamespace(container)) {
      this.#definitions.update(withoutFinalizer(container as CustomResourceDefinition, definitionFinalizer));
      return;
    }
    const { spec = {} } = container as Namespace;
    const finalizers = spec.finalizers?.filter((name) => name !== namespaceFinalizer);
    this.#namespaces.update({ ...(container as Namespace), spec: { ...spec, finalizers } }, 'finalize');
  }

  #report(namespace: Namespace, contents: readonly Entry[]): void {
    const now = timeText(this.#context.clock.now());
    const { conditions = [] } = namespace.status ?? {};
    const next = remaining(contents).reduce((all, condition) => withCondition(all, condition, now), conditions);
    this.#namespaces.updateStatus(namespace, { ...namespace.status, conditions: next });
  }
}

/** Undefined for what has no contents. */
function containerIdOf(object: KubeObject): string | undefined {
  if (isNamespace(object)) return `namespace ${object.metadata.name}`;
  if (object.kind !== 'CustomResourceDefinition') return undefined;
  const { group, names } = (object as CustomResourceDefinition).spec;
  return `type ${typeIdOf({ group, kind: names.kind })}`;
}

function contentIds(resource: ResourceType, { metadata }: KubeObject): string[] {
  return [`namespace ${metadata.namespace ?? ''}`, `type ${typeIdOf(resource)}`];
}

function contentsOf(cluster: Cluster, container: KubeObject): readonly Entry[] {
  const id = containerIdOf(container);
  const { name } = container.metadata;
  const entries = cluster.types.list().flatMap((resource) => {
    if (isNamespace(container)) return resource.namespaced ? entriesOf(cluster, resource, name) : [];
    return `type ${typeIdOf(resource)}` === id ? entriesOf(cluster, resource) : [];
  });
  // A type of several versions lists the same objects for each.
  return [...new Map(entries.map((entry) => [uidOf(entry.object), entry])).values()];
}

/** What holds up the end of a namespace. */
function remaining(contents: readonly Entry[]): readonly Condition[] {
  const resources = counted(contents.map(({ resource }) => resource.plural));
  const finalizers = counted(contents.flatMap(({ object }) => object.metadata.finalizers ?? []));
  return [
    {
      type: 'NamespaceContentRemaining',
      status: 'True',
      reason: 'SomeResourcesRemain',
      message: `Some resources are remaining: ${resources}`,
    },
    {
      type: 'NamespaceFinalizersRemaining',
      status: finalizers === '' ? 'False' : 'True',
      reason: finalizers === '' ? 'ContentHasNoFinalizers' : 'SomeFinalizersRemain',
      message: `Finalizers that remain in the namespace: ${finalizers || 'none'}`,
    },
  ];
}

function counted(names: readonly string[]): string {
  return [...Map.groupBy(names, (name) => name)].map(([name, { length }]) => `${length} ${name}`).join(', ');
}
