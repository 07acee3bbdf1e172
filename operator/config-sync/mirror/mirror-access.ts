/**
 * How the mirrors of one kind are reached: what was last seen of them comes from a watch that holds metadata only, and
 * the data is read when it is needed.
 */
import type { ResourceClient } from '../../kube/resource-client.ts';
import type { KubeObject } from '../../kube/resource.ts';
import type { Store } from '../../kube/store.ts';
import type { DataObject } from './data-object.ts';
import type { DataMetadata } from './data-proof.ts';
import { mergeManager } from './merged-keys.ts';
import { isOwnedBy, ownerKeys, ownerKeysOf } from './mirror-owner.ts';

export interface MirrorAccess {
  readonly client: ResourceClient<DataObject>;
  /** The metadata of an object, by `namespace/name`; undefined when there is none, or none has been seen yet. */
  readonly find: (key: string) => DataMetadata | undefined;
  /** The metadata of the objects whose controller has this uid. */
  readonly controlledBy: (uid: string) => readonly DataMetadata[];
  /** The metadata of the mirrors of a NacosConfig, those that outlive it among them. */
  readonly ownedBy: (owner: KubeObject) => readonly DataMetadata[];
  /** Calls back with each change of the metadata of one; returns how to stop that. */
  readonly onChange: Store<DataMetadata>['onChange'];
  /** The metadata of the objects that a NacosConfig has merged keys into. */
  readonly mergedBy: (owner: KubeObject) => readonly DataMetadata[];
}

/** What a ConfigMap or a Secret is found by: whose it is, and who has merged keys into it. */
export function objectKeysOf(object: DataMetadata): string[] {
  const { merged = new Map<string, unknown>(), metadata } = object;
  return [...ownerKeysOf(object), ...[...merged.keys()].map((manager) => `${metadata.namespace}/${manager}`)];
}

/** `index` is the one of `metadata` by `objectKeysOf`. */
export function accessTo(
  client: ResourceClient<DataObject>,
  metadata: Store<DataMetadata>,
  index: string,
): MirrorAccess {
  return {
    client,
    find: (key) => metadata.get(key),
    onChange: (listener) => metadata.onChange(listener),
    controlledBy: (uid) => metadata.byIndex(index, uid),
    mergedBy: (owner) => metadata.byIndex(index, `${owner.metadata.namespace}/${mergeManager(owner.metadata.name)}`),
    ownedBy(owner) {
      const found = ownerKeys(owner).flatMap((key) => metadata.byIndex(index, key));
      return [...new Set(found)].filter((object) => isOwnedBy(object, owner));
    },
  };
}
