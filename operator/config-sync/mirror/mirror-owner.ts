/**
 * Whose a mirror is. One that goes with its owner has it as its controller, so that the garbage collector removes it. One that
 * outlives its owner must have no such reference, not for a moment: it names its NacosConfig in an annotation.
 *
 * Pure. A NacosConfig of the same name, in the same namespace, takes up again what a deleted one has left.
 */
import { MIRROR_LABEL, MIRRORED_BY_ANNOTATION } from '../../api/names.ts';
import { controllerOf, isControlledBy, ownerReference } from '../../kube/owner.ts';
import type { KubeObject, ObjectMeta } from '../../kube/resource.ts';

/** How a mirror is to be owned. */
export interface Ownership {
  readonly owner: KubeObject;
  /** Whether it stays when its owner is deleted; only the mirror of a NacosConfig can. */
  readonly outlivesOwner?: boolean;
}

/** What `owner` finds its mirrors by, in an index of objects by `ownerKeysOf`. */
export function ownerKeys({ metadata: { name, namespace, uid } }: KubeObject): [controller: string, keeper: string] {
  return [uid ?? '', `${namespace}/${name}`];
}

export function ownerKeysOf(object: KubeObject): string[] {
  const { namespace, ownerReferences = [] } = object.metadata;
  const keeper = keeperOf(object);
  const controllers = ownerReferences.filter(({ controller }) => controller).map(({ uid }) => uid);
  return keeper === undefined ? controllers : [...controllers, `${namespace}/${keeper}`];
}

/** The name of the NacosConfig that the object is a mirror of. */
export function mirroringConfigOf(object: KubeObject): string | undefined {
  const controller = controllerOf(object);
  return controller?.kind === 'NacosConfig' ? controller.name : keeperOf(object);
}

export function isOwnedBy(object: KubeObject, owner: KubeObject): boolean {
  return isControlledBy(object, owner.metadata.uid ?? '') || isKeptFor(object, owner);
}

/** Whether it is a mirror that outlives its owner. */
export function outlives(object: KubeObject): boolean {
  return keeperOf(object) !== undefined;
}

/** Whether it is owned in just this way. */
export function isOwnedAs(object: KubeObject, { owner, outlivesOwner = false }: Ownership): boolean {
  const isControlled = isControlledBy(object, owner.metadata.uid ?? '');
  return outlivesOwner ? !isControlled && isKeptFor(object, owner) : isControlled && !outlives(object);
}

/** The metadata of a mirror that is owned in this way. */
export function ownedMetadata({
  owner,
  outlivesOwner = false,
}: Ownership): Pick<ObjectMeta, 'annotations' | 'ownerReferences'> {
  if (outlivesOwner) return { annotations: { [MIRRORED_BY_ANNOTATION]: owner.metadata.name } };
  return { ownerReferences: [ownerReference(owner, { controller: true })] };
}

/**
 * A merge patch that has `object` owned in this way, and without labels and annotations that are `unwanted`, paths in the
 * metadata; it is refused when the object has changed meanwhile.
 */
export function ownershipPatch(
  { metadata }: KubeObject,
  ownership: Ownership,
  unwanted: readonly (readonly string[])[] = [],
): object {
  const { uid, resourceVersion, ownerReferences = [] } = metadata;
  const others = ownerReferences.filter((reference) => reference.uid !== ownership.owner.metadata.uid);
  const owned = ownedMetadata(ownership);
  const without = (wanted: string) =>
    Object.fromEntries(unwanted.filter(([field]) => field === wanted).map(([, name = '']) => [name, null]));
  const labels = without('labels');
  const annotations = { ...without('annotations'), [MIRRORED_BY_ANNOTATION]: null, ...owned.annotations };
  const references = [...others, ...(owned.ownerReferences ?? [])];
  return { metadata: { uid, resourceVersion, labels, annotations, ownerReferences: references } };
}

function isKeptFor(object: KubeObject, owner: KubeObject): boolean {
  return owner.kind === 'NacosConfig' && keeperOf(object) === owner.metadata.name;
}

function keeperOf(object: KubeObject): string | undefined {
  const { annotations, labels } = object.metadata;
  const isMirror = labels?.[MIRROR_LABEL] !== undefined && controllerOf(object) === undefined;
  return isMirror ? annotations?.[MIRRORED_BY_ANNOTATION] : undefined;
}
