/**
 * Makes one object in Kubernetes hold what it should, with one write or none.
 *
 * Guarantees
 * - An object that another owner controls, or that nobody controls, is never changed.
 * - What is equal is not written. Labels, annotations and keys of others stay.
 * - Nothing is written that the API server would refuse for its size.
 * - The object is read first, unless its metadata proves what it holds; then the write has that very version as its
 *   precondition.
 * Assumptions: server-side apply with our field manager is the only way that we change mirrors.
 * Caveats: between "there is none" and our apply somebody may create the object. A value of theirs is never overwritten,
 * and what we have put beside it is withdrawn again. (A POST would not have that gap, but the API server keeps account of
 * what was created so as of another manager's: keys that a later apply leaves out would stay.)
 */
import { CHANGED_AT_ANNOTATION, CONTENT_MD5_ANNOTATION, FIELD_MANAGER } from '../../api/names.ts';
import { BridgeError, isBridgeError } from '../../errors.ts';
import { readManagedFields } from '../../kube/managed-fields.ts';
import type { ResourceClient } from '../../kube/resource-client.ts';
import type { KubeObject, ObjectMeta } from '../../kube/resource.ts';
import type { DataObject } from './data-object.ts';
import { becamePresentMs } from './generations.ts';
import {
  checkSize,
  holdsData,
  isAsDesired,
  mirrorObject,
  ownTexts,
  presentOf,
  unwantedNames,
  withChangedAt,
  type MirrorContent,
  type Present,
  type WantedMirror,
} from './mirror-object.ts';
import { isOwnedAs, isOwnedBy, ownershipPatch } from './mirror-owner.ts';
import type { MirrorKind } from './mirror-target.ts';

/** `Restored`: it held something else than what was last mirrored, because somebody edited or deleted it. */
export type Written = 'Created' | 'Updated' | 'Restored';

export interface WrittenMirror {
  /** As the API server has it now. */
  readonly object: DataObject;
  /** Undefined when nothing had to be written. */
  readonly written: Written | undefined;
}

/** The type of a Secret for which none is given. */
const OPAQUE = 'Opaque';

export class MirrorWrite {
  readonly #wanted: WantedMirror;
  readonly #client: ResourceClient<DataObject>;
  readonly #nowMs: number;

  /** `nowMs` is in milliseconds since the epoch. */
  constructor(wanted: WantedMirror, client: ResourceClient<DataObject>, nowMs: number) {
    this.#wanted = wanted;
    this.#client = client;
    this.#nowMs = nowMs;
  }

  /**
   * `asLeft` is the metadata of the object, when it is known to be as we have left it and to hold nothing of others.
   *
   * @throws BridgeError NOT_OWNED, or INVALID_CONTENT for more than fits, before anything is written; what `content` throws.
   */
  async run(asLeft: KubeObject | undefined): Promise<WrittenMirror> {
    const content = this.#wanted.needsOurs ? undefined : await this.#wanted.content({});
    return (asLeft && content && (await this.#replaceUnread(asLeft, content))) ?? this.#readAndWrite(content);
  }

  /** Puts new content into an object that need not be read; undefined when it must be, or has changed since. */
  async #replaceUnread(asLeft: KubeObject, content: MirrorContent): Promise<WrittenMirror | undefined> {
    if (this.#wanted.immutable || !this.#isOwned(asLeft) || md5Of(asLeft) === content.md5) return undefined;
    const desired = withChangedAt(mirrorObject(this.#wanted, content), this.#laterThan(asLeft));
    checkSize(this.#wanted.kind, this.#wanted.name, undefined, desired);
    const { uid, resourceVersion } = asLeft.metadata;
    try {
      return { object: await this.#apply(desired, { uid, resourceVersion }), written: 'Updated' };
    } catch (error) {
      // It has changed, or something of it cannot change; what that is, is told when it was read.
      if (isBridgeError(error, 'KUBE_CONFLICT', 'KUBE_INVALID')) return undefined;
      throw error;
    }
  }

  async #readAndWrite(known: MirrorContent | undefined): Promise<WrittenMirror> {
    const { kind, name, owner, predecessor } = this.#wanted;
    const existing = await this.#client.get(name, owner.metadata.namespace);
    if (existing && !this.#isOwned(existing)) throw notOwned(kind, name, owner.kind ?? '');
    if (existing) checkType(existing, this.#wanted);
    const present = existing && presentOf(existing);
    const content = known ?? (await this.#wanted.content(present ? ownTexts(present, kind) : {}));
    const plain = mirrorObject(this.#wanted, content);
    const isSuccessor = becamePresentMs(predecessor) > becamePresentMs(existing);
    const isReplaced = isSuccessor || (present !== undefined && hasOtherContent(present, plain));
    const desired = withChangedAt(plain, isReplaced ? this.#laterThan(existing) : changedAtOf(existing));
    checkSize(kind, name, present, desired);
    if (present === undefined) return { object: await this.#create(desired), written: 'Created' };
    if (isAsDesired(present, desired, this.#wanted)) return { object: present.object, written: undefined };
    const object = await this.#change(present, desired);
    return { object, written: isReplaced ? 'Updated' : 'Restored' };
  }

  /** Nothing changes the data of an immutable object: one that holds the wrong data is made anew. */
  async #change(present: Present, desired: DataObject): Promise<DataObject> {
    const { immutable, metadata } = present.object;
    const { name, namespace, uid } = metadata;
    if (!immutable || holdsData(present, desired)) return this.#settle(await this.#apply(desired, { uid }), desired);
    await this.#client.delete(name, namespace, { uid });
    return this.#create(desired);
  }

  /** An apply takes back only what was applied, and an immutable object was created. */
  async #settle(object: DataObject, desired: DataObject): Promise<DataObject> {
    const unwanted = unwantedNames(object, desired);
    if (isOwnedAs(object, this.#wanted) && unwanted.length === 0) return object;
    const { name, namespace } = object.metadata;
    const patch = ownershipPatch(object, this.#wanted, unwanted);
    return this.#client.mergePatch(name, namespace, patch, { fieldManager: FIELD_MANAGER });
  }

  /** The precondition keeps us from changing an object that has replaced, or changed, the one that was looked at. */
  #apply(desired: DataObject, precondition: Pick<ObjectMeta, 'uid' | 'resourceVersion'>): Promise<DataObject> {
    const metadata = { ...desired.metadata, ...precondition };
    return this.#client.apply({ ...desired, metadata }, { fieldManager: FIELD_MANAGER, force: true });
  }

  async #create(desired: DataObject): Promise<DataObject> {
    const { immutable, kind, name } = this.#wanted;
    // What was applied to an immutable object cannot be withdrawn again, and nobody applies to it later.
    if (immutable) return this.#client.create(desired, { fieldManager: FIELD_MANAGER });
    // Without force: there is nothing to take over from anybody.
    const applied = await this.#client.apply(desired, { fieldManager: FIELD_MANAGER, force: false });
    if (!isShared(applied, this.#wanted.owner)) return applied;
    await withdrawFields(applied, this.#client);
    const words = 'was created by somebody else at the same time; left it as it is';
    throw new BridgeError('NOT_OWNED', `${kind} '${name}' ${words}`);
  }

  #isOwned(object: KubeObject): boolean {
    return isOwnedBy(object, this.#wanted.owner);
  }

  /** Later than every change before, whatever the clock of the replica that made it. */
  #laterThan(existing: KubeObject | undefined): string {
    const before = Math.max(becamePresentMs(existing), becamePresentMs(this.#wanted.predecessor));
    return new Date(Math.max(this.#nowMs, before + 1)).toISOString();
  }
}

/** Takes all fields back that we have applied to the object; what others have put into it stays. */
export async function withdrawFields(
  { apiVersion, kind, metadata: { name, namespace, uid } }: DataObject,
  client: ResourceClient<DataObject>,
): Promise<void> {
  const nothing = { apiVersion, kind, metadata: { name, namespace, uid } };
  await client.apply(nothing, { fieldManager: FIELD_MANAGER, force: true });
}

/** @throws BridgeError INVALID_SPEC where another type is wanted than the Secret has. */
function checkType({ type }: DataObject, { kind, name, type: wanted = OPAQUE }: WantedMirror): void {
  if (kind !== 'Secret' || type === undefined || type === wanted) return;
  const rule = `is not the type of Secret '${name}', '${type}', which cannot change`;
  const message = `\`spec.mirror.secret.type\` '${wanted}' ${rule}; delete that Secret, or name another one`;
  throw new BridgeError('INVALID_SPEC', message);
}

/** When the content of a mirror was last replaced by other content, in RFC 3339. */
export function changedAtOf(object: KubeObject | undefined): string | undefined {
  return object?.metadata.annotations?.[CHANGED_AT_ANNOTATION];
}

/** `owner` is the kind of whoever wanted to mirror into it. */
export function notOwned(kind: MirrorKind, name: string, owner: string): BridgeError {
  const next =
    owner === 'NacosConfigSync'
      ? 'let `spec.mapping` make another name'
      : "name another one in `spec.mirror`, or set `spec.mirror.mode` to 'Merge' where the owner of that one agrees";
  return new BridgeError('NOT_OWNED', `${kind} '${name}' exists and is not controlled by this ${owner}; ${next}`);
}

function md5Of({ metadata }: KubeObject): string | undefined {
  return metadata.annotations?.[CONTENT_MD5_ANNOTATION];
}

/**
 * Whether other content is wanted, or the same under other keys. Of a mirror whose annotation somebody has removed the data
 * itself tells; a key of ours is not wanted any more only where the spec has changed.
 */
function hasOtherContent(present: Present, desired: DataObject): boolean {
  const md5 = md5Of(present.object);
  if (md5 === undefined) return !holdsData(present, desired);
  return md5 !== md5Of(desired) || present.ownKeys.some((key) => !Object.hasOwn(desired.data ?? {}, key));
}

/** Whether the object that was to be ours alone has an owner besides, or a field of anybody else. */
function isShared({ metadata: { ownerReferences = [], managedFields } }: DataObject, owner: KubeObject): boolean {
  const managers = readManagedFields(managedFields).map(({ manager }) => manager);
  const isOwned = ownerReferences.some(({ uid }) => uid !== owner.metadata.uid);
  return isOwned || managers.some((manager) => manager !== FIELD_MANAGER);
}
