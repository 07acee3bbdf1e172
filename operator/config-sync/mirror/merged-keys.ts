/**
 * Whose the keys of an object are that several merge into, by the API server's account of its fields, and whether ours may
 * be among them.
 *
 * Pure.
 */
import { createHash } from 'node:crypto';
import { ALLOW_MERGE_ANNOTATION, FIELD_MANAGER } from '../../api/names.ts';
import { fieldNames, hasField, readManagedFields, type ManagedFields } from '../../kube/managed-fields.ts';
import type { KubeObject } from '../../kube/resource.ts';
import type { DataObject } from './data-object.ts';
import { isOwnedBy } from './mirror-owner.ts';
import type { MirrorKind } from './mirror-target.ts';

const PREFIX = `${FIELD_MANAGER}/`;
/** The API server's limit. */
const MAX_MANAGER_LENGTH = 128;
const HASH_DIGITS = 10;

/** The field manager of a NacosConfig; an object has only those of its own namespace. */
export function mergeManager(name: string): string {
  if (PREFIX.length + name.length <= MAX_MANAGER_LENGTH) return `${PREFIX}${name}`;
  const hash = createHash('sha256').update(name).digest('hex').slice(0, HASH_DIGITS);
  return `${PREFIX}${name.slice(0, MAX_MANAGER_LENGTH - PREFIX.length - HASH_DIGITS - 1)}-${hash}`;
}

/** The keys that our field managers have applied, by manager. */
export function mergedKeysOf(object: KubeObject): ReadonlyMap<string, readonly string[]> {
  const managers = readManagedFields(object.metadata.managedFields).map(({ manager = '' }) => manager);
  const ours = managers.filter((manager) => manager.startsWith(PREFIX));
  return new Map(ours.map((manager) => [manager, keysOf(object, manager)]));
}

/** The keys that the manager has applied. */
export function keysOf(object: KubeObject, manager: string): string[] {
  return appliedBy(object, manager).flatMap((fields) => fieldNames(fields, ['data']));
}

/** When what the manager has applied last changed, in RFC 3339. */
export function mergeTimeOf(object: KubeObject, manager: string): string | undefined {
  return appliedBy(object, manager)[0]?.time;
}

export interface MergeRequest {
  readonly kind: MirrorKind;
  readonly owner: KubeObject;
  readonly manager: string;
  readonly keys: readonly string[];
}

/** Why the keys may not be merged into the object, in words that follow its name; undefined when they may. */
export function refusalOf(object: DataObject, { kind, owner, manager, keys }: MergeRequest): string | undefined {
  if (isOwnedBy(object, owner))
    return "is this NacosConfig's own mirror; `mirror.mode: Merge` is for objects of others";
  if (object.metadata.annotations?.[ALLOW_MERGE_ANNOTATION] !== 'true') {
    return `may not be merged into: its owner must agree by the annotation ${ALLOW_MERGE_ANNOTATION}: "true"`;
  }
  if (object.immutable) return 'is immutable, and nothing can be merged into it';
  for (const key of keys) {
    const holder = holderOf(object, key, manager);
    if (holder === undefined) continue;
    const next = `name another \`key\`, or take it out of the ${kind}`;
    return `has the key '${key}' already, which belongs to ${holder}; ${next}`;
  }
  return undefined;
}

/** Who else has the key, in words. */
function holderOf({ data, binaryData, metadata }: DataObject, key: string, manager: string): string | undefined {
  const isThere = Object.hasOwn(data ?? {}, key) || Object.hasOwn(binaryData ?? {}, key);
  if (!isThere) return undefined;
  const holders = readManagedFields(metadata.managedFields).filter(
    (fields) => hasField(fields, ['data', key]) || hasField(fields, ['binaryData', key]),
  );
  const other = holders.find((fields) => fields.manager !== manager || fields.operation !== 'Apply');
  if (other !== undefined) return `the field manager '${other.manager ?? ''}'`;
  return holders.length === 0 ? 'a field manager that is not known' : undefined;
}

function appliedBy({ metadata }: KubeObject, manager: string): ManagedFields[] {
  return readManagedFields(metadata.managedFields).filter(
    (fields) => fields.manager === manager && fields.operation === 'Apply',
  );
}
