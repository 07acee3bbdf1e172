/**
 * Brings one item and its dataId into line, as reconcile.ts does with a NacosConfig: by the same decision and the same writes.
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
import type { Clock } from '../../../clock.ts';
import type { ConnectionHandle } from '../../../connections/connection-directory.ts';
import { BridgeError, isBridgeError } from '../../../errors.ts';
import { absentMd5, normaliseNamespaceId } from '../../../nacos/index.ts';
import type { Term } from '../../../runtime/term.ts';
import { applyDecision, type ContentReport, type ItemOwner } from '../../apply.ts';
import type { PlaceNow } from '../../base/nacos-place.ts';
import { decideItem, paused, validateItem, withAddress, type ConfigItem, type Decision } from '../../decide.ts';
import { compileIntent, type DeclaringIntent, type KeepRequest } from '../../intent.ts';
import type { ConfigPlan } from '../../plan.ts';
import { markInTerm, readRemote, termOf } from '../../remote.ts';
import { ConfigSession } from '../../session.ts';
import { digestOf, type EntryBase } from '../inventory/entry.ts';
import type { Inventory } from '../inventory/inventory.ts';
import type { Mapping } from '../mapping.ts';
import { configOf } from './item-config.ts';
import { keepCommand, keptMd5 } from './item-keep.ts';
import { baseOf, isAsRecorded } from './recorded-base.ts';
import type { SyncItem } from './sync-item.ts';
import { ViewPlace } from './view-place.ts';
import type { WatchedObjects } from './watched-objects.ts';

/** What an item needs to be settled. */
export interface ItemScope {
  readonly sync: NacosConfigSync;
  readonly connection: ConnectionHandle;
  /** Where that leads now. */
  readonly place: PlaceNow;
  readonly isPlaceCurrent: () => Promise<boolean>;
  readonly encoding: Mapping['secretEncoding'];
  readonly inventory: Inventory;
  readonly objects: WatchedObjects;
  /** Of the sync, in Nacos. */
  readonly mark: string;
  readonly term: Term;
  readonly rivals?: ConfigItem['rivals'];
  /** Whether an object that was read afresh is one that the sync means. */
  readonly isMeant: (item: SyncItem, object: NonNullable<Awaited<ReturnType<WatchedObjects['fresh']>>>) => boolean;
  readonly metadataAgeMs: number;
  readonly clock: Clock;
  /** The dataId has changed. */
  readonly onNews: (id: string) => void;
  readonly onDeposed: () => void;
}

export type Settled =
  /** Nothing is known yet; it is looked at again by itself. */
  { kind: 'waiting' } | { kind: 'settled'; decision: Decision; report: ContentReport; item: ConfigItem };

/** @throws BridgeError why it is not in line; a lost race where it is to be decided again. */
export async function settleItem(item: SyncItem, scope: ItemScope): Promise<Settled> {
  const { inventory } = scope;
  const session = await openSession(item, scope);
  if (session.served === undefined) {
    if (session.notReadBecause) throw session.notReady(session.notReadBecause);
    return { kind: 'waiting' };
  }
  takeBase(item, session, scope);
  if (!inventory.isDurable(item.id)) {
    inventory.add(item);
    return { kind: 'waiting' };
  }
  await session.recheck();
  const subject = await subjectOf(item, session, scope);
  if (item.isInherited) await proveBase(item, subject, scope);
  await validateItem(subject);
  const decided = await decideOnStored(item, subject, scope);
  await checkTerm(decided, scope);
  await checkPlace(decided, session, scope);
  const decision = withAddress(paused(decided, subject, scope.clock.monotonic()), subject);
  if (needsFreshLook(decision, session)) await lookAfresh(item, subject, scope);
  const report = await apply(decision, item, subject, scope);
  if (subject.checksMetadata === true) session.metadataReadMs = scope.clock.monotonic();
  if (report.synced?.status === 'True') await record(item, decision, session, scope);
  return { kind: 'settled', decision, report, item: subject };
}

/** One for this connection and address; its base is taken afterwards. */
async function openSession(item: SyncItem, { connection, inventory, objects, onNews, place, sync }: ItemScope) {
  const { session } = item;
  if (session) {
    await session.movedTo(place);
    return session;
  }
  const { namespaceId } = place;
  const recorded = inventory.get(item.id)?.base;
  const expectedMd5 = expectedOf(item, recorded, objects);
  const start = { base: undefined, metadataGeneration: undefined, expectedMd5 };
  const address = { namespaceId: normaliseNamespaceId(namespaceId), ...item.config };
  const opened = new ConfigSession(connection, address, place, start, () => onNews(item.id));
  if (recorded) opened.metadataGeneration = sync.metadata.generation;
  item.session = opened;
  item.recorded = undefined;
  return opened;
}

/** What Nacos is asked to confirm; a read tells where nothing is expected. */
function expectedOf({ isInNacos, ref }: SyncItem, recorded: EntryBase | undefined, objects: WatchedObjects) {
  if (recorded === undefined) return isInNacos ? undefined : absentMd5;
  if (ref.kind === 'ConfigMap') return recorded.md5;
  const { md5 } = objects.key(ref) ?? {};
  const { uid = '' } = objects.object(ref.kind, ref.name)?.metadata ?? {};
  return md5 !== undefined && digestOf(md5, uid) === recorded.md5 ? md5 : undefined;
}

/** The base that is recorded, where this process did not record it itself. */
function takeBase(item: SyncItem, session: ConfigSession, { inventory, objects, place }: ItemScope): boolean {
  const recorded = inventory.get(item.id)?.base;
  if (recorded === item.recorded) return false;
  const { ref } = item;
  const uid = objects.object(ref.kind, ref.name)?.metadata.uid;
  const secret = ref.kind === 'Secret' ? { uid, md5s: [objects.key(ref)?.md5, session.held.md5] } : undefined;
  session.rebase(recorded && baseOf(recorded, place, secret));
  item.recorded = recorded;
  item.isInherited = recorded !== undefined;
  return true;
}

async function subjectOf(item: SyncItem, session: ConfigSession, scope: ItemScope): Promise<ConfigItem> {
  const { clock, connection, encoding, mark, metadataAgeMs, objects, rivals, sync, term } = scope;
  const place = new ViewPlace(objects, sync.metadata.namespace ?? '', item.ref);
  const nowMs = clock.monotonic();
  session.metadataReadMs ??= nowMs;
  const declared = await place.read();
  return {
    intent: compileIntent(configOf(sync, item, encoding), connection.namespaceId) as DeclaringIntent,
    generation: sync.metadata.generation,
    place,
    declared,
    session,
    mark: markInTerm(mark, term.number),
    rivals,
    keep: keepOf(item, [declared.md5, session.held.md5], scope),
    checksMetadata: nowMs - session.metadataReadMs >= metadataAgeMs,
  };
}

function keepOf({ ref }: SyncItem, md5s: readonly (string | undefined)[], { objects, sync }: ItemScope): KeepRequest {
  const object = objects.object(ref.kind, ref.name);
  const command = keepCommand(sync.metadata.namespace ?? '', ref);
  return { md5: object && keptMd5(object, ref.key, md5s), command };
}

/** An edit in Kubernetes is published over the base only when that is certainly what was recorded. */
async function proveBase(item: SyncItem, { declared, session }: ConfigItem, scope: ItemScope): Promise<void> {
  const { baseMd5, held } = session;
  const { recorded } = item;
  if (recorded === undefined || baseMd5 === undefined || held.md5 !== baseMd5 || declared.md5 === baseMd5) return;
  const remote = await readRemote(scope.connection.client, session.address);
  if (isAsRecorded(recorded, baseMd5, remote, scope.mark)) {
    item.isInherited = false;
    return;
  }
  scope.inventory.record(item.id, undefined);
  item.recorded = undefined;
  session.rebase(undefined);
}

async function decideOnStored(item: SyncItem, subject: ConfigItem, scope: ItemScope): Promise<Decision> {
  const decision = await decideItem(subject);
  if (decision.plan.kind !== 'conflict') return decision;
  await scope.inventory.reread(item.id);
  return takeBase(item, subject.session, scope) ? decideItem(subject) : decision;
}

/** Who wrote there last may be the leader by now. @throws BridgeError ABORTED if so. */
async function checkTerm({ observed }: Decision, { onDeposed, term }: ItemScope): Promise<void> {
  const seen = termOf(observed.metadata?.srcUser ?? '');
  // A Lease that somebody has removed counts from 0 again.
  if (seen === undefined || seen <= term.number || (await term.confirm())) return;
  onDeposed();
  throw deposed();
}

/** A decision on what another Nacos held is not done. */
async function checkPlace({ observed, plan }: Decision, session: ConfigSession, scope: ItemScope): Promise<void> {
  if (plan.kind === 'in-sync' && observed.md5 === session.baseMd5) return;
  if (await scope.isPlaceCurrent()) return;
  if (session.notReadBecause) throw session.notReady(session.notReadBecause);
  throw new BridgeError('NACOS_CAS_FAILED', 'The connection was away meanwhile; it is decided again');
}

/** Whether our own view is all that says that Nacos may be overwritten. */
function needsFreshLook({ observed, plan }: Decision, { baseMd5 }: ConfigSession): boolean {
  return plan.kind === 'publish' && observed.md5 !== baseMd5;
}

/** @throws BridgeError KUBE_CONFLICT when the view is old. */
async function lookAfresh(item: SyncItem, { declared }: ConfigItem, { isMeant, objects }: ItemScope): Promise<void> {
  const { key, kind, name } = item.ref;
  const object = await objects.fresh(kind, name);
  const md5 = object && isMeant(item, object) ? object.keys.get(key)?.md5 : undefined;
  if (md5 === declared.md5) return;
  throw new BridgeError('KUBE_CONFLICT', `${kind} '${name}' has changed; it is decided again when the watch shows it`);
}

async function apply(decision: Decision, item: SyncItem, subject: ConfigItem, scope: ItemScope) {
  const { inventory } = scope;
  const before = inventory.get(item.id)?.base;
  try {
    return await applyDecision(decision, subject, ownerOf(item, scope));
  } catch (error) {
    // Certainly not written, so the base is what it was.
    const isUnwritten = decision.plan.kind === 'write-back' && isBridgeError(error, 'KUBE_CONFLICT', 'INVALID_CONTENT');
    if (isUnwritten && inventory.get(item.id)?.base === undefined) {
      inventory.record(item.id, before);
      item.recorded = inventory.get(item.id)?.base;
    }
    throw error;
  }
}

function ownerOf(item: SyncItem, { inventory, objects, term }: ItemScope): ItemOwner {
  return {
    async hold({ kind }: ConfigPlan) {
      if (kind === 'write-back') {
        const stored = inventory.takeOutBase(item.id);
        item.recorded = undefined;
        await stored;
      }
      if (!term.isCurrent()) throw deposed();
      if (!inventory.isDurable(item.id)) {
        throw new BridgeError('KUBE_CONFLICT', 'The entry of the item was lost, and is written again first');
      }
    },
    dropKeep: () => objects.dropKeep(item.ref),
  };
}

/** What both sides have now, and who wrote it to Nacos. */
async function record(item: SyncItem, { observed, plan }: Decision, session: ConfigSession, scope: ItemScope) {
  const { connection, inventory, mark, objects } = scope;
  const { base, address } = session;
  if (base === undefined) return;
  const { ref } = item;
  const uid = objects.object(ref.kind, ref.name)?.metadata.uid ?? '';
  const md5 = ref.kind === 'Secret' ? digestOf(base.md5, uid) : base.md5;
  const isOurs = base.isOurs === true;
  item.isInherited = false;
  const known = inventory.get(item.id)?.base;
  const isTold = observed.metadata !== undefined;
  if (plan.kind === 'in-sync' && known?.md5 === md5 && !(isTold && known.isOurs !== isOurs)) return;
  const writtenMs = plan.kind === 'publish' ? undefined : await whenWritten();
  inventory.record(item.id, { md5, isOurs, ...(writtenMs !== undefined && { writtenMs }) });
  item.recorded = inventory.get(item.id)?.base;

  /** Undefined where we wrote it, or nobody tells. */
  async function whenWritten(): Promise<number | undefined> {
    const isRead = observed.metadata !== undefined && observed.md5 === base?.md5;
    const remote = isRead ? observed : await readRemote(connection.client, address);
    if (remote.md5 !== base?.md5 || remote.metadata === undefined) return undefined;
    return remote.metadata.srcUser.startsWith(mark) ? undefined : remote.modifiedMs;
  }
}

function deposed(): BridgeError {
  return new BridgeError('ABORTED', 'Another replica may lead by now');
}
