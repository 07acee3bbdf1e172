/**
 * Brings one item and its dataId into line, as reconcile.ts does with a NacosConfig: by the same decision and the same
 * writes (settle.ts).
 *
 * What a NacosConfig has in its status an item has in the inventory, which is written after the fact and in batches, so it
 * takes more to believe it. Guarantees
 * - Nothing is published before its entry is durable, nor when this process may lead no more.
 * - A base that was read counts for an edit in Kubernetes only when Nacos says that what it holds is what was recorded.
 * - Where not the base but the mark alone says that Nacos may be overwritten, the object is read afresh first: our view may be
 *   older than that of the leader who wrote there.
 * - Before a conflict is told, the shard is read again.
 */
import type { NacosConfigSync } from '../../../api/resources.ts';
import type { ConnectionHandle } from '../../../connections/connection-directory.ts';
import { BridgeError } from '../../../errors.ts';
import { absentMd5, normaliseNamespaceId } from '../../../nacos/index.ts';
import { deposed } from '../../../runtime/term.ts';
import type { ItemOwner } from '../../apply.ts';
import { UNTOLD_MD5, type Base, type PlaceNow } from '../../base/nacos-place.ts';
import type { ConfigItem, Decision } from '../../decide.ts';
import { compileIntent, type DeclaringIntent } from '../../intent.ts';
import { markInTerm, readRemote, termOf } from '../../remote.ts';
import type { ConfigSession, ConfigSessions } from '../../session.ts';
import { observe, settle, type Settled, type SettleOptions } from '../../settle.ts';
import type { EntryBase } from '../inventory/entry.ts';
import type { Mapping } from '../mapping.ts';
import { configOf } from './item-config.ts';
import { keepCommand, keptMd5 } from './item-keep.ts';
import { itemPlace } from './item-place.ts';
import { isAsRecorded, isByOther, recordedMd5, type Safeguards, type SyncItem } from './sync-item.ts';
import type { WatchedObjects } from './watched-objects.ts';

/** What the items of one NacosConfigSync are settled with. */
export interface ItemScope extends SettleOptions, Safeguards {
  readonly sync: NacosConfigSync;
  readonly connection: ConnectionHandle;
  readonly mapping: Mapping;
  readonly objects: WatchedObjects;
  /** Of the sync, in Nacos. */
  readonly mark: string;
  readonly rivals: ConfigItem['rivals'];
  readonly sessions: ConfigSessions;
  readonly onDeposed: () => void;
}

/** One item on its way; `place` is where the connection leads. */
interface Subject extends ItemScope {
  readonly item: SyncItem;
  readonly place: PlaceNow;
  readonly session: ConfigSession;
}

/**
 * Undefined where nothing is known yet: it is looked at again by itself.
 *
 * @throws BridgeError why it is not in line; a lost race where it is to be decided again.
 */
export async function settleItem(item: SyncItem, place: PlaceNow, scope: ItemScope): Promise<Settled | undefined> {
  const { inventory } = scope;
  const session = await openSession({ ...scope, item, place });
  if (observe(session) === undefined) return undefined;
  const subject = { ...scope, item, place, session };
  takeBase(subject);
  if (!inventory.isDurable(item.id)) {
    inventory.add(item);
    return undefined;
  }
  await session.recheck();
  const read = await readItem(subject);
  if (item.isInherited) await proveBase(subject, read.declared.md5);
  const settled = await settle(read, ownerOf(subject, read.declared.md5), place, scope);
  if (settled.report.synced?.status === 'True') await record(subject, settled.decision);
  return settled;
}

function openSession(subject: Omit<Subject, 'session'>): Promise<ConfigSession> {
  const { connection, inventory, item, place, sessions, sync } = subject;
  const address = { namespaceId: normaliseNamespaceId(place.namespaceId), ...item.config };
  return sessions.open(item.id, connection, address, place, () => {
    const recorded = inventory.get(item.id)?.base;
    const base = recorded && baseOf(recorded, subject);
    const expectedMd5 = base?.md5 ?? (item.isInNacos ? undefined : absentMd5);
    const isTold = expectedMd5 !== UNTOLD_MD5;
    return { base, metadataGeneration: sync.metadata.generation, expectedMd5: isTold ? expectedMd5 : undefined };
  });
}

/** The base that is recorded, where this process did not record it itself. Returns whether there was another one. */
function takeBase(subject: Subject): boolean {
  const { inventory, item, session } = subject;
  const recorded = inventory.get(item.id)?.base;
  if (recorded === item.recorded) return false;
  session.rebase(recorded && baseOf(recorded, subject, session.held.md5));
  item.recorded = recorded;
  item.isInherited = recorded !== undefined;
  return true;
}

/** Of a Secret whose content none of the sides has any more it is only known that there is one. */
function baseOf(recorded: EntryBase, { item, objects, place }: Omit<Subject, 'session'>, heldMd5?: string): Base {
  const { ref } = item;
  const isOf = (md5?: string) => md5 !== undefined && recordedMd5(md5, ref, objects.uid(ref)) === recorded.md5;
  const known = ref.kind === 'ConfigMap' ? recorded.md5 : [objects.key(ref)?.md5, heldMd5].find(isOf);
  return { md5: known ?? UNTOLD_MD5, place, isOurs: recorded.isOurs };
}

async function readItem(subject: Subject): Promise<ConfigItem> {
  const { connection, inventory, item, mapping, mark, objects, rivals, session, sync, term } = subject;
  const { namespace = '', generation } = sync.metadata;
  const { key, kind, name } = item.ref;
  const place = itemPlace(item, namespace, subject);
  const declared = await place.read();
  const object = objects.object(kind, name);
  return {
    intent: compileIntent(configOf(sync, item, mapping.secretEncoding), connection.namespaceId) as DeclaringIntent,
    generation,
    place,
    declared,
    session,
    mark: markInTerm(mark, term.number),
    rivals,
    keep: {
      md5: object && keptMd5(object, key, [declared.md5, session.held.md5]),
      command: keepCommand(namespace, item.ref),
    },
    async refreshBase() {
      await inventory.reread(item.id);
      return takeBase(subject);
    },
  };
}

/**
 * An edit in Kubernetes is published over the base only when that is certainly what was recorded, and what Nacos holds is
 * taken for an edit there only when somebody else certainly wrote it: it may be ours, and the key was put back since.
 */
async function proveBase({ connection, inventory, item, mark, session }: Subject, declaredMd5?: string): Promise<void> {
  const { baseMd5, held } = session;
  const { recorded } = item;
  if (recorded === undefined || baseMd5 === undefined) return;
  const [isEdited, isEditedInNacos] = [declaredMd5 !== baseMd5, held.md5 !== baseMd5];
  if (isEdited === isEditedInNacos) return;
  const remote = await readRemote(connection.client, session.address);
  if (isEditedInNacos && isByOther(remote, mark)) return;
  item.isInherited = isEditedInNacos || !isAsRecorded(recorded, baseMd5, remote, mark);
  if (!item.isInherited) return;
  item.record(undefined, inventory);
  session.rebase(undefined);
}

function ownerOf(subject: Subject, declaredMd5?: string): ItemOwner {
  const { item, objects, session } = subject;
  return {
    async hold({ observed, plan }) {
      await checkTerm(observed.metadata?.srcUser ?? '', subject);
      // Our own view is all that says that Nacos may be overwritten.
      if (plan.kind === 'publish' && observed.md5 !== session.baseMd5) await lookAfresh(subject, declaredMd5);
      item.checkMayWrite(subject);
    },
    dropKeep: () => objects.dropKeep(item.ref),
  };
}

/** Who wrote there last may be the leader by now. @throws BridgeError ABORTED if so. */
async function checkTerm(srcUser: string, { onDeposed, term }: Subject): Promise<void> {
  const seen = termOf(srcUser);
  // A Lease that somebody has removed counts from 0 again.
  if (seen === undefined || seen <= term.number || (await term.confirm())) return;
  onDeposed();
  throw deposed();
}

/** @throws BridgeError KUBE_CONFLICT when the view is old. */
async function lookAfresh({ item, objects }: Subject, declaredMd5?: string): Promise<void> {
  if ((await objects.fresh(item))?.md5 === declaredMd5) return;
  const { kind, name } = item.ref;
  throw new BridgeError('KUBE_CONFLICT', `${kind} '${name}' has changed; it is decided again when the watch shows it`);
}

/** What both sides have now, and who wrote it to Nacos. */
async function record(subject: Subject, { observed, plan }: Decision): Promise<void> {
  const { inventory, item, objects, session } = subject;
  const { base } = session;
  if (base === undefined) return;
  const md5 = recordedMd5(base.md5, item.ref, objects.uid(item.ref));
  const isOurs = base.isOurs === true;
  item.isInherited = false;
  const known = inventory.get(item.id)?.base;
  const isTold = observed.metadata !== undefined;
  if (plan.kind === 'in-sync' && known?.md5 === md5 && !(isTold && known.isOurs !== isOurs)) return;
  const writtenMs = plan.kind === 'publish' ? undefined : await whenWritten(subject, observed, base.md5);
  item.record({ md5, isOurs, writtenMs }, inventory);
}

/** Undefined where we wrote it, or nobody tells. */
async function whenWritten({ connection, mark, session }: Subject, observed: Decision['observed'], md5: string) {
  const isRead = observed.metadata !== undefined && observed.md5 === md5;
  const remote = isRead ? observed : await readRemote(connection.client, session.address);
  if (remote.md5 !== md5 || remote.metadata === undefined) return undefined;
  return remote.metadata.srcUser.startsWith(mark) ? undefined : remote.modifiedMs;
}
