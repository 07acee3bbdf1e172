/** How users declare a dataId, change it and take it back, by each of the ways that there are. */
import { CONFIRM_DELETION_ANNOTATION } from '../../../operator/api/names.ts';
import { syncMarkName } from '../../../operator/config-sync/remote.ts';
import type { KubeObject, ObjectRef } from '../../scenarios/backends.ts';
import type { RestKubernetes } from '../../scenarios/kubernetes-backend.ts';
import { groupName, objectGroupPrefix, type Declaration, type Target, type Way } from './edits.ts';

export const apiVersion = 'bridge.nacos.io/v1alpha1';

export interface WayOfEditing {
  /** By which its mark is made: of a NacosConfig that is its name. */
  nameOf(target: Target): string;
  declare(target: Target, declaration: Declaration): Promise<void>;
  change(target: Target, declaration: Declaration): Promise<void>;
  remove(target: Target): Promise<void>;
}

export function waysOfEditing(kubernetes: RestKubernetes): Readonly<Record<Way, WayOfEditing>> {
  return { inline: new Inline(kubernetes), 'two-way': new TwoWay(kubernetes), object: new ObjectKey(kubernetes) };
}

export function configRef(name: string): ObjectRef {
  return { apiVersion, kind: 'NacosConfig', namespace: groupName, name };
}

class Inline implements WayOfEditing {
  readonly #kubernetes: RestKubernetes;

  constructor(kubernetes: RestKubernetes) {
    this.#kubernetes = kubernetes;
  }

  nameOf({ dataId }: Target): string {
    return dataId;
  }

  async declare({ dataId, group }: Target, declaration: Declaration): Promise<void> {
    await this.#kubernetes.apply(configOf(dataId, { group, ...declaration }));
  }

  async change({ dataId }: Target, { content, description, tags }: Declaration): Promise<void> {
    await this.#kubernetes.patch(configRef(dataId), { spec: { content, description, tags } });
  }

  async remove({ dataId }: Target): Promise<void> {
    await this.#kubernetes.delete(configRef(dataId));
  }
}

/** Nothing takes such a dataId back. */
class TwoWay implements WayOfEditing {
  readonly #kubernetes: RestKubernetes;

  constructor(kubernetes: RestKubernetes) {
    this.#kubernetes = kubernetes;
  }

  nameOf({ dataId }: Target): string {
    return dataId;
  }

  async declare(target: Target, declaration: Declaration): Promise<void> {
    const { dataId, group } = target;
    await this.#kubernetes.apply(configMapOf(dataId, {}));
    await this.change(target, declaration);
    const contentFrom = { configMapKeyRef: { name: dataId, key: 'content' } };
    const policies = ['Manual', 'PreferKubernetes', 'PreferNacos'];
    const conflictPolicy = policies[Number(dataId.slice(dataId.lastIndexOf('-') + 1)) % policies.length];
    await this.#kubernetes.apply(configOf(dataId, { group, source: 'Both', contentFrom, conflictPolicy }));
  }

  async change({ dataId }: Target, { content }: Declaration): Promise<void> {
    await this.#kubernetes.patch(configMapRef(dataId), { data: { content } });
  }

  async remove(): Promise<never> {
    throw new Error('what goes two-way is never removed');
  }
}

const syncName = 'objects';
const selected = { 'nacos-bridge-test': syncName };

class ObjectKey implements WayOfEditing {
  readonly #kubernetes: RestKubernetes;
  #sync: Promise<unknown> | undefined;
  readonly #objects = new Map<string, Promise<unknown>>();

  constructor(kubernetes: RestKubernetes) {
    this.#kubernetes = kubernetes;
  }

  nameOf(): string {
    return syncMarkName(syncName);
  }

  async declare(target: Target, declaration: Declaration): Promise<void> {
    this.#sync ??= this.#kubernetes.apply(syncOf(syncName, selected));
    await this.#sync;
    const name = objectOf(target);
    const object = this.#objects.get(name) ?? this.#kubernetes.apply(configMapOf(name, selected));
    this.#objects.set(name, object);
    await object;
    await this.change(target, declaration);
  }

  async change(target: Target, { content }: Declaration): Promise<void> {
    await this.#kubernetes.patch(configMapRef(objectOf(target)), { data: { [target.dataId]: content } });
  }

  async remove(target: Target): Promise<void> {
    await this.#kubernetes.patch(configMapRef(objectOf(target)), { data: { [target.dataId]: null } });
  }
}

function objectOf({ group }: Target): string {
  return group.slice(objectGroupPrefix.length);
}

function configOf(name: string, spec: object): KubeObject {
  return { apiVersion, kind: 'NacosConfig', metadata: { name, namespace: groupName }, spec };
}

function syncOf(name: string, matchLabels: object): KubeObject {
  const spec = { source: 'Kubernetes', kubernetes: { selector: { matchLabels } }, syncDeletion: true };
  // So many removals in so short a time are what the guard holds back.
  const annotations = { [CONFIRM_DELETION_ANNOTATION]: 'true' };
  return { apiVersion, kind: 'NacosConfigSync', metadata: { name, namespace: groupName, annotations }, spec };
}

function configMapOf(name: string, labels: object): KubeObject {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace: groupName, labels } };
}

function configMapRef(name: string): ObjectRef {
  return { apiVersion: 'v1', kind: 'ConfigMap', namespace: groupName, name };
}
