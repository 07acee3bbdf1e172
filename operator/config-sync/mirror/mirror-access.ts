/**
 * How the mirrors of one kind are reached: what was last seen of them comes from a watch that holds metadata only, and
 * the data is read when it is needed.
 */
import type { ResourceClient } from '../../kube/resource-client.ts';
import type { Store } from '../../kube/store.ts';
import type { DataObject } from './data-object.ts';
import type { DataMetadata } from './data-proof.ts';

export interface MirrorAccess {
  readonly client: ResourceClient<DataObject>;
  /** The metadata of an object, by `namespace/name`; undefined when there is none, or none has been seen yet. */
  readonly find: (key: string) => DataMetadata | undefined;
  /** The metadata of the objects whose controller has this uid. */
  readonly controlledBy: (uid: string) => readonly DataMetadata[];
}

/** `index` is the one of `metadata` that finds objects by the uid of their controller. */
export function accessTo(
  client: ResourceClient<DataObject>,
  metadata: Store<DataMetadata>,
  index: string,
): MirrorAccess {
  return { client, find: (key) => metadata.get(key), controlledBy: (uid) => metadata.byIndex(index, uid) };
}
