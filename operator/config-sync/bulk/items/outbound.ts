/**
 * `source: Kubernetes` and `source: Both`: which items there are, each settled by itself, and what goes of them.
 *
 * Guarantees
 * - A change costs the keys that changed, however many items there are.
 * - Nothing is removed before all objects, and with `Both` all dataIds, have been seen, nor while the guard holds; and only
 *   what has our mark.
 * - What is equal is not written.
 */
import type { NacosConfigInventory, NacosConfigSync } from '../../../api/resources.ts';
import type { ConnectionDirectory } from '../../../connections/connection-directory.ts';
import { BridgeError, isBridgeError, isLostRace } from '../../../errors.ts';
import { objectKey, type KubeObject } from '../../../kube/resource.ts';
import type { ResourceClient } from '../../../kube/resource-client.ts';
import type { StoreChange } from '../../../kube/store.ts';
import { type ConfigName, nameText } from '../../../nacos/index.ts';
import type { Term } from '../../../runtime/term.ts';
import type { PlaceNow } from '../../base/nacos-place.ts';
import type { NacosPlaces } from '../../base/nacos-places.ts';
import type { Claims } from '../../claims.ts';
import type { DataObject } from '../../mirror/data-object.ts';
import type { MirrorKind } from '../../mirror/mirror-target.ts';
import { ownershipMark, syncMarkName } from '../../remote.ts';
import { holdFinalizer, removeOwn } from '../../finalize.ts';
import { checkUse } from '../../use.ts';
import { type Finder, namespaceIdOf } from '../finder.ts';
import type { Entry } from '../inventory/entry.ts';
import { Inventory, type InventoryOptions } from '../inventory/inventory.ts';
import { ShardClient } from '../inventory/shard-client.ts';
import { Leaving } from '../leaving.ts';
import type { KeyRef } from '../mapping.ts';
import { failed, type Outcome, type Tally } from '../tally.ts';
import { rivalsOf, takenBy, type Claimants, type ItemHolder } from './item-claims.ts';
import { ItemSources, type ItemSourcesOptions } from './item-sources.ts';
import type { RunningSync, RunningSyncOptions } from '../running-sync.ts';
import { deletesItems, removesFromNacos } from './ending.ts';
import { FormerItems } from './former-items.ts';
import { ItemReports } from './item-reports.ts';
import { outcomeOf } from './outcome.ts';
import { settleItem, type ItemScope } from './settle-item.ts';
import { SyncItem } from './sync-item.ts';

export interface OutboundOptions extends RunningSyncOptions, Claimants {
  readonly clusterId: string;
  readonly places: Pick<NacosPlaces, 'at' | 'isCurrent'>;
  readonly term: Term;
  readonly syncs: ResourceClient<NacosConfigSync>;
  readonly shards: ResourceClient<NacosConfigInventory>;
  readonly objects: Readonly<Record<MirrorKind, ResourceClient<DataObject>>>;
  readonly watch: ItemSourcesOptions['watch'];
  readonly isLogin: ItemSourcesOptions['isLogin'];
  readonly metadataAgeMs: number;
  readonly onInventory: InventoryOptions['onWrite'];
  /** For what was published by another one before. */
  readonly connections: ConnectionDirectory;
  /** An item is to be settled. */
  readonly look: (id: string) => void;
}

export class OutboundSync implements RunningSync {
  readonly #options: OutboundOptions;
  readonly #items = new Map<string, SyncItem>();
  /** Looked at and not settled. */
  readonly #open = new Set<string>();
  readonly #due = new Set<string>();
  readonly #reports: ItemReports;
  readonly #sources: ItemSources;
  readonly #leaving: Leaving;
  readonly #mark: string;
  readonly #shards: ShardClient;
  readonly #holder: ItemHolder;
  #inventory: Inventory | undefined;
  #former: FormerItems | undefined;
  #lastPlace: PlaceNow | undefined;
  #isDeposed = false;
  #isStopped = false;
  /** When all items were looked at last although nothing had happened, on the monotonic clock. */
  #lookedMs: number | undefined;
  #sync: NacosConfigSync;

  constructor(options: OutboundOptions) {
    const { clock, clusterId, connection, goneMs, objects: clients, shards, sync } = options;
    const { name, namespace = '' } = sync.metadata;
    this.#options = options;
    this.#sync = sync;
    this.#mark = ownershipMark(clusterId, namespace, syncMarkName(name));
    options.claims.marks.add(this.#mark);
    this.#holder = {
      key: objectKey(sync),
      createdAt: sync.metadata.creationTimestamp ?? '',
      where: { connection, namespaceId: namespaceIdOf(sync, connection) },
      hasEntry: (id) => this.#inventory?.isDurable(id) ?? false,
      wants: (id) => this.#sources.book.isWanted(id),
      look: (id) => this.#look(id),
    };
    this.#leaving = new Leaving(clock, goneMs);
    this.#shards = new ShardClient(shards, sync, deletesItems(sync));
    this.#reports = new ItemReports((item, outcome) => {
      const object = this.#sources.objects.object(item.ref.kind, item.ref.name);
      if (object) options.onProblem(object, outcome);
    });
    this.#sources = new ItemSources({
      ...options,
      clients,
      holderOf: (config) => this.#inventory?.get(nameText(config))?.ref,
      recordedOf: (id) => this.#inventory?.get(id)?.base,
      onSkipped: (id, skipped) => this.#reports.skipped(id, skipped),
      onChange: (config, isInNacos) => this.#changed(config, isInNacos),
      onSynced: () => {
        for (const id of this.#items.keys()) this.#look(id);
        this.#sourcesChanged();
      },
      onState: () => this.#sourcesChanged(),
    });
  }

  get finder(): Finder | undefined {
    return this.#sources.finder;
  }

  /** Why the inventory cannot be written, so that nothing that is new is published. */
  get trouble(): BridgeError | undefined {
    return this.#inventory?.error;
  }

  get tally(): Tally {
    return this.#reports.tally;
  }

  get hasWritten(): boolean {
    return this.#reports.hasWritten;
  }

  get isComplete(): boolean {
    return this.#sources.isSeen && this.#open.size === 0 && this.tally.counts.pending === 0;
  }

  get held(): number {
    return removesFromNacos(this.#sync) ? this.#leaving.held : 0;
  }

  /** The metadata of a shard of this sync. */
  shardChanged(change: StoreChange<KubeObject>): void {
    this.#inventory?.seen(change);
  }

  /** What belongs to all items. @throws BridgeError why they cannot be looked at. */
  async pass(sync: NacosConfigSync, _: unknown, signal: AbortSignal): Promise<{ nextMs: number | undefined }> {
    this.#sync = sync;
    if (sync.spec.suspend) return { nextMs: undefined };
    if (this.#inventory === undefined) await this.#begin(signal);
    if (this.#sources.error) throw this.#sources.error;
    const nowMs = this.#options.clock.monotonic();
    this.#lookedMs ??= nowMs;
    if (nowMs - this.#lookedMs >= this.#options.metadataAgeMs) {
      this.#lookedMs = nowMs;
      for (const id of this.#items.keys()) this.#look(id);
    }
    await this.#remove(sync, signal);
    const done = this.isComplete ? this.#reports.done() : undefined;
    if (done !== undefined) this.#options.onWritten(`Items: ${done}`);
    return { nextMs: this.#leaving.nextMs };
  }

  /** One item. @throws BridgeError as it is told of it. */
  async settle(id: string): Promise<{ requeueAfterMs: number } | undefined> {
    const item = this.#items.get(id);
    if (item === undefined || !this.#sources.isListed || this.#sync.spec.suspend || this.#isDeposed) return undefined;
    try {
      const again = await this.#settle(item);
      if (again !== 'open') this.#open.delete(id);
      return typeof again === 'object' ? again : undefined;
    } catch (error) {
      if (!isBridgeError(error) || isLostRace(error)) throw error;
      this.#reports.count(item, failed(error));
      this.#open.delete(id);
      throw error;
    } finally {
      this.#options.onWork();
    }
  }

  /** What is known is written down. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#options.claims.setRead(this.#holder.key, false);
    this.#sources.stop();
    for (const item of this.#items.values()) item.close();
    for (const id of this.#items.keys()) this.#options.claims.release(id, this.#holder);
    if (!this.#isDeposed && this.#options.term.isCurrent()) await this.#inventory?.flush().catch(() => {});
    this.#inventory?.stop();
  }

  async #begin(signal: AbortSignal): Promise<void> {
    const { clock, connection, places, sync, syncs, term } = this.#options;
    await holdFinalizer(syncs, sync, deletesItems(sync));
    const stored = await this.#shards.list(signal);
    const place = await places.at(connection, namespaceIdOf(sync, connection));
    const inventory = new Inventory({
      client: this.#shards,
      clock,
      connection: sync.spec.connectionRef?.name,
      place,
      isLeader: () => term.confirm(),
      onChanged: (ids) => ids.forEach((id) => this.#entryChanged(id)),
      onDeposed: () => this.#deposed(),
      onWrite: (result) => {
        this.#options.onInventory(result);
        this.#options.onWork();
      },
    });
    this.#inventory = inventory;
    this.#former = this.#formerOf(inventory.load(stored));
    this.#lastPlace = place;
    for (const entry of inventory.entries()) this.#itemOf(entry);
    this.#sources.begin();
  }

  async #settle(item: SyncItem): Promise<{ requeueAfterMs: number } | 'open' | undefined> {
    const wanted = this.#sources.book.wanted(item.config);
    this.#reports.losers(item.config, this.#sources.book);
    if (wanted === undefined) return this.#leave(item);
    this.#leaving.delete(item.id);
    this.#due.delete(item.id);
    const { connection } = this.#options;
    const { namespace } = this.#sync.metadata;
    const namespaceId = namespaceIdOf(this.#sync, connection);
    checkUse(connection, namespace, { namespaceId, ...item.config });
    const scope = await this.#scope(namespaceId);
    const taken = takenBy(item, this.#holder, this.#options);
    if (taken) return this.#give(item, taken);
    this.#refer(item, wanted.ref, scope.inventory);
    const settled = await settleItem(item, scope);
    if (settled.kind === 'waiting') return 'open';
    const { decision, report, item: subject } = settled;
    this.#reports.count(item, outcomeOf(report, subject.place.isSecret));
    const isNew = decision.plan.kind === 'publish' && decision.plan.reason === 'Published';
    if (report.wrote) this.#reports.wrote(isNew ? 'created' : 'changed');
    const { session } = subject;
    if (session.served) session.release(session.served);
    this.#sources.objects.release(item.ref);
    // Changed back while it was written: the view may never have shown what was written.
    const isInLine = report.synced?.status !== 'True' || this.#sources.objects.key(item.ref)?.md5 === session.baseMd5;
    if (!isInLine) {
      this.#options.look(item.id);
      return 'open';
    }
    const pauseMs = session.reverts.waitMs(this.#options.clock.monotonic());
    const recheckMs = session.held.isServed ? Infinity : 2000;
    const requeueAfterMs = Math.min(pauseMs || Infinity, recheckMs);
    return requeueAfterMs === Infinity ? undefined : { requeueAfterMs };
  }

  async #scope(namespaceId: string): Promise<ItemScope> {
    const { clock, connection, mapping, metadataAgeMs, places, term } = this.#options;
    const inventory = this.#inventory;
    if (inventory === undefined) throw new TypeError('the inventory is not loaded');
    const place = await places.at(connection, namespaceId);
    if (place !== this.#lastPlace) inventory.movedTo(place);
    this.#lastPlace = place;
    return {
      sync: this.#sync,
      connection,
      place,
      isPlaceCurrent: () => places.isCurrent(connection, place),
      encoding: mapping.secretEncoding,
      inventory,
      objects: this.#sources.objects,
      mark: this.#mark,
      term: { ...term, isCurrent: () => !this.#isStopped && term.isCurrent() },
      rivals: rivalsOf(this.#options),
      isMeant: (one, object) => this.#sources.isMeant(one, object),
      metadataAgeMs,
      clock,
      onNews: (id) => this.#look(id),
      onDeposed: () => this.#deposed(),
    };
  }

  /** What both sides had in common is no more ours to know. Nothing is removed. */
  #give(item: SyncItem, taken: Outcome): undefined {
    item.close();
    if (taken.state === 'taken') this.#inventory?.record(item.id, undefined);
    else this.#inventory?.drop(item.id);
    this.#reports.count(item, taken);
  }

  /** Nothing wants the item any more. */
  async #leave(item: SyncItem): Promise<'open' | undefined> {
    const { id } = item;
    if (this.#inventory?.get(id) === undefined) return this.#forget(item);
    if (!this.#due.delete(id)) {
      this.#leaving.add(id);
      this.#options.onWork();
      return undefined;
    }
    const isTaken = takenBy(item, this.#holder, this.#options) !== undefined;
    if (removesFromNacos(this.#sync) && !isTaken) {
      const { namespaceId } = this.#holder.where;
      const base = this.#inventory.get(id)?.base;
      const confirm = () => this.#checkUnwanted(item);
      const { connection } = this.#options;
      await removeOwn(connection, { namespaceId, ...item.config }, { base, mark: this.#mark, confirm });
    }
    this.#leaving.gone(id);
    this.#reports.wrote('removed');
    return this.#forget(item);
  }

  /** Our view may be old. @throws BridgeError KUBE_CONFLICT when it is wanted after all. */
  async #checkUnwanted(item: SyncItem): Promise<void> {
    const { kind, name } = item.ref;
    const isBack = this.#sources.hasKey(item, await this.#sources.objects.fresh(kind, name));
    const isWanted = isBack || this.#sources.book.wanted(item.config) !== undefined;
    if (!isWanted && this.#options.term.isCurrent()) return;
    const { dataId, group } = item.config;
    throw new BridgeError('KUBE_CONFLICT', `dataId '${dataId}' of group '${group}' is wanted again`);
  }

  #forget(item: SyncItem): undefined {
    item.close();
    this.#inventory?.drop(item.id);
    this.#items.delete(item.id);
    this.#options.claims.release(item.id, this.#holder);
    this.#leaving.delete(item.id);
    this.#reports.gone(item.id);
    this.#sources.objects.release(item.ref);
    this.#options.onWork();
  }

  /** What is to go and may: each in its own turn. */
  async #remove(sync: NacosConfigSync, signal: AbortSignal): Promise<void> {
    if (!this.#sources.isSeen) return;
    const former = this.#former?.ids ?? [];
    if (this.isComplete) for (const id of former) this.#leaving.add(id);
    this.#leaving.guard(sync, () => this.#items.size + former.length);
    for (const id of this.#leaving.ids().filter((one) => this.#items.has(one))) {
      if (removesFromNacos(sync) ? !this.#leaving.mayGo(id) : !this.#leaving.isSettled(id)) continue;
      this.#due.add(id);
      this.#look(id);
    }
    if (this.isComplete) await this.#former?.remove(signal);
  }

  #formerOf(former: readonly NacosConfigInventory[]): FormerItems {
    const { configs, connections, onLeft, places, sync, term } = this.#options;
    const namespace = sync.metadata.namespace ?? '';
    const isClaimed: Claims['isClaimed'] = (...where) => configs.isClaimed(...where);
    const common = { isClaimed, shards: this.#shards, namespace, connections, places, mark: this.#mark, term };
    return new FormerItems(former, { ...common, leaving: this.#leaving, removes: removesFromNacos(sync), onLeft });
  }

  #itemOf(item: Pick<Entry, 'config' | 'ref'>): SyncItem {
    const id = nameText(item.config);
    const known = this.#items.get(id);
    if (known) return known;
    const made = new SyncItem(item);
    this.#items.set(id, made);
    this.#options.claims.claim(id, this.#holder);
    this.#reports.found(item);
    return made;
  }

  /** Another key may have the dataId by now. */
  #refer(item: SyncItem, ref: KeyRef, inventory: Inventory): void {
    const entry = inventory.get(item.id);
    const isSame = ref.kind === item.ref.kind && ref.name === item.ref.name && ref.key === item.ref.key;
    item.ref = ref;
    if (entry && !isSame) inventory.add(item);
  }

  #entryChanged(id: string): void {
    const entry = this.#inventory?.get(id);
    if (entry) this.#itemOf(entry);
    this.#look(id);
  }

  #changed(config: ConfigName, isInNacos: boolean | undefined): void {
    const id = nameText(config);
    const wanted = this.#sources.book.wanted(config);
    const item = wanted ? this.#itemOf(wanted) : this.#items.get(id);
    if (item && isInNacos !== undefined) item.isInNacos = isInNacos;
    this.#look(id);
  }

  #look(id: string): void {
    if (!this.#items.has(id)) return;
    this.#open.add(id);
    if (this.#sources.isListed) this.#options.look(id);
  }

  #sourcesChanged(): void {
    if (!this.#isStopped) this.#options.claims.setRead(this.#holder.key, this.#sources.isSeen);
    this.#options.onWork();
  }

  #deposed(): void {
    this.#isDeposed = true;
    this.#inventory?.stop();
  }
}
