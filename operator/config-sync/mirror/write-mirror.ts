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
import { MAX_DATA_BYTES } from '../../kube/limits.ts';
import { isControlledBy } from '../../kube/owner.ts';
import type { ResourceClient } from '../../kube/resource-client.ts';
import type { KubeObject } from '../../kube/resource.ts';
import { managersOf } from './applied-keys.ts';
import type { DataObject } from './data-object.ts';
import { becamePresentMs } from './generations.ts';
import type { MirrorKind } from './mirror-target.ts';
import { bytesWith, holdsEntries, isAsDesired, mirrorObject, type MirrorState } from './mirror-object.ts';

/** `Restored`: it held something else than what was last mirrored, because somebody edited or deleted it. */
export type Written = 'Created' | 'Updated' | 'Restored';

export interface WrittenMirror {
  /** As the API server has it now. */
  readonly object: DataObject;
  /** Undefined when nothing had to be written. */
  readonly written: Written | undefined;
}

export interface WriteMirrorOptions {
  readonly client: ResourceClient<DataObject>;
  /** Now, in milliseconds since the epoch. */
  readonly nowMs: number;
  /** The object that held the content before, where each content has an object of its own. */
  readonly predecessor?: KubeObject;
  /** The metadata of the object, when it is known to be as we have left it and to hold nothing of others. */
  readonly asLeft?: KubeObject;
}

/** @throws BridgeError NOT_OWNED, or INVALID_CONTENT for more than fits, before anything is written. */
export async function writeMirror(state: MirrorState, options: WriteMirrorOptions): Promise<WrittenMirror> {
  return (await replaceUnread(state, options)) ?? readAndWrite(state, options);
}

/** Puts new content into an object that need not be read; undefined when it must be, or has changed since. */
async function replaceUnread(state: MirrorState, options: WriteMirrorOptions): Promise<WrittenMirror | undefined> {
  const { asLeft, client } = options;
  if (asLeft === undefined || !isReplaceable(asLeft, state)) return undefined;
  const desired = mirrorObject(state, changedNow(asLeft, options));
  checkSize(undefined, desired, state);
  const { uid, resourceVersion } = asLeft.metadata;
  try {
    const object = await apply(desired, { uid, resourceVersion }, client);
    return { object, written: 'Updated' };
  } catch (error) {
    if (isBridgeError(error, 'KUBE_CONFLICT')) return undefined;
    throw error;
  }
}

/** Whether the object is ours, and holds content that is to be replaced by other content. */
function isReplaceable(asLeft: KubeObject, { owner, immutable, md5 }: MirrorState): boolean {
  if (immutable || !isControlledBy(asLeft, owner.metadata.uid ?? '')) return false;
  return asLeft.metadata.annotations?.[CONTENT_MD5_ANNOTATION] !== md5;
}

async function readAndWrite(state: MirrorState, options: WriteMirrorOptions): Promise<WrittenMirror> {
  const { owner, kind, name } = state;
  const { client } = options;
  const existing = await client.get(name, owner.metadata.namespace);
  if (existing && !isControlledBy(existing, owner.metadata.uid ?? '')) throw notOwned(kind, name, owner.kind ?? '');
  const isReplaced =
    follows(existing, options.predecessor) || (existing !== undefined && hasOtherContent(existing, state));
  const desired = mirrorObject(state, isReplaced ? changedNow(existing, options) : changedAtOf(existing));
  checkSize(existing, desired, state);
  if (existing === undefined) return { object: await create(state, desired, client), written: 'Created' };
  if (isAsDesired(existing, desired, state)) return { object: existing, written: undefined };
  const object = await change(existing, desired, state, client);
  return { object, written: isReplaced ? 'Updated' : 'Restored' };
}

/** When the content of a mirror was last replaced by other content, in RFC 3339. */
export function changedAtOf(object: KubeObject | undefined): string | undefined {
  return object?.metadata.annotations?.[CHANGED_AT_ANNOTATION];
}

/** Whether `predecessor` held the content until now, rather than `existing`, if there is one. */
function follows(existing: DataObject | undefined, predecessor: KubeObject | undefined): boolean {
  if (predecessor === undefined || existing === undefined) return predecessor !== undefined;
  return becamePresentMs(predecessor) > becamePresentMs(existing);
}

/** Of a mirror whose annotation somebody has removed the data itself tells. */
function hasOtherContent(existing: DataObject, state: MirrorState): boolean {
  const md5 = existing.metadata.annotations?.[CONTENT_MD5_ANNOTATION];
  return md5 === undefined ? !holdsEntries(existing, state) : md5 !== state.md5;
}

/** Later than every change before, whatever the clock of the replica that made it. */
function changedNow(existing: KubeObject | undefined, { nowMs, predecessor }: WriteMirrorOptions): string {
  const before = [existing, predecessor].filter((object) => object !== undefined).map(becamePresentMs);
  return new Date(Math.max(nowMs, ...before.map((ms) => ms + 1))).toISOString();
}

/** Nothing changes the data of an immutable object: one that holds the wrong data is made anew. */
async function change(
  existing: DataObject,
  desired: DataObject,
  state: MirrorState,
  client: ResourceClient<DataObject>,
): Promise<DataObject> {
  const { name, namespace, uid } = existing.metadata;
  if (existing.immutable && !holdsEntries(existing, state)) {
    await client.delete(name, namespace, { uid });
    return create(state, desired, client);
  }
  return apply(desired, { uid }, client);
}

/** The precondition keeps us from changing an object that has replaced, or changed, the one that was looked at. */
function apply(
  desired: DataObject,
  precondition: Pick<DataObject['metadata'], 'uid' | 'resourceVersion'>,
  client: ResourceClient<DataObject>,
): Promise<DataObject> {
  const metadata = { ...desired.metadata, ...precondition };
  return client.apply({ ...desired, metadata }, { fieldManager: FIELD_MANAGER, force: true });
}

async function create(
  state: MirrorState,
  desired: DataObject,
  client: ResourceClient<DataObject>,
): Promise<DataObject> {
  // What was applied to an immutable object cannot be withdrawn again, and nobody applies to it later.
  if (state.immutable) return client.create(desired, { fieldManager: FIELD_MANAGER });
  // Without force: there is nothing to take over from anybody.
  const applied = await client.apply(desired, { fieldManager: FIELD_MANAGER, force: false });
  if (!isShared(applied)) return applied;
  const { apiVersion, kind } = desired;
  const { name, namespace, uid } = applied.metadata;
  await apply({ apiVersion, kind, metadata: { name, namespace } }, { uid }, client);
  throw new BridgeError(
    'NOT_OWNED',
    `${kind} '${name}' was created by somebody else at the same time; left it as it is`,
  );
}

/** Whether the object that was to be ours alone has an owner besides, or a field of anybody else. */
function isShared(applied: DataObject): boolean {
  const { ownerReferences = [] } = applied.metadata;
  return ownerReferences.length > 1 || managersOf(applied).some((manager) => manager !== FIELD_MANAGER);
}

/** `owner` is the kind of whoever wanted to mirror into it. */
export function notOwned(kind: MirrorKind, name: string, owner: string): BridgeError {
  const next = 'delete it, or name another one in `spec.mirror`';
  return new BridgeError('NOT_OWNED', `${kind} '${name}' exists and is not controlled by this ${owner}; ${next}`);
}

function checkSize(existing: DataObject | undefined, desired: DataObject, { kind, name }: MirrorState): void {
  const bytes = bytesWith(existing, desired, kind);
  if (bytes <= MAX_DATA_BYTES) return;
  const rule = `all data of a ${kind} must have at most ${MAX_DATA_BYTES} bytes`;
  throw new BridgeError(
    'INVALID_CONTENT',
    `${kind} '${name}' would have ${bytes} bytes and ${rule}; it was not written`,
  );
}
