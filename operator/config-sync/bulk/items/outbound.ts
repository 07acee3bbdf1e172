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
import type { Clock } from '../../../clock.ts';
import type { ConnectionHandle } from '../../../connections/connection-directory.ts';
import { BridgeError, isBridgeError, isLostRace } from '../../../errors.ts';
import type { KubeObject } from '../../../kube/resource.ts';
import type { ResourceClient } from '../../../kube/resource-client.ts';
import type { StoreChange } from '../../../kube/store.ts';
import { type ConfigName, nameText } from '../../../nacos/index.ts';
import type { Term } from '../../../runtime/term.ts';
import type { PlaceNow } from '../../base/nacos-place.ts';
import type { NacosPlaces } from '../../base/nacos-places.ts';
import type { DataObject } from '../../mirror/data-object.ts';
import type { MirrorKind } from '../../mirror/mirror-target.ts';
import { ownershipMark } from '../../remote.ts';
import { checkUse } from '../../use.ts';
import { type Finder, namespaceIdOf } from '../finder.ts';
import type { Entry } from '../inventory/entry.ts';
import { Inventory } from '../inventory/inventory.ts';
import { ShardClient } from '../inventory/shard-client.ts';
import { Leaving } from '../leaving.ts';
import type { KeyRef, Mapping } from '../mapping.ts';
import { failed, type Tally } from '../tally.ts';
import { ItemSources, type ItemSourcesOptions } from './item-sources.ts';
import { ItemReports } from './item-reports.ts';
import { outcomeOf } from './outcome.ts';
import { removeItem } from './remove-item.ts';
import { settleItem, type ItemScope } from './settle-item.ts';
import { SyncItem } from './sync-item.ts';

export interface OutboundOptions {
  readonly sync: NacosConfigSync;
  readonly mapping: Mapping;
  readonly connection: ConnectionHandle;
  readonly clusterId: string;
  readonly places: Pick<NacosPlaces, 'at' | 'isCurrent'>;
  readonly term: Term;
  readonly clock: Clock;
  readonly shards: ResourceClient<NacosConfigInventory>;
  readonly objects: Readonly<Record<MirrorKind, ResourceClient<DataObject>>>;
  readonly watch: ItemSourcesOptions['watch'];
  readonly isLogin: ItemSourcesOptions['isLogin'];
  readonly metadataAgeMs: number;
  /** A pass has something to do. */
  readonly onWork: () => void;
  /** An item is to be settled. */
  readonly look: (id: string) => void;
  /** Something was written, for an event. */
  readonly onWritten: (note: string) => void;
}

/** Whether the dataId goes with its item, so that the guard has a say. */
function removesFromNacos({ spec }: NacosConfigSync): boolean {
  return spec.source === 'Kubernetes' && spec.syncDeletion && spec.deletionPolicy === 'Delete';
}

/** Whether the deletion of the sync has to reach Nacos. */
export function deletesItems({ spec }: NacosConfigSync): boolean {
  return spec.source === 'Kubernetes' && spec.deletionPolicy === 'Delete';
}

export class OutboundSync {
  readonly #options: OutboundOptions;
  readonly #items = new Map<string, SyncItem>();
  /** Looked at and not settled. */
  readonly #open = new Set<string>();
  /** To be removed in their next turn. */
  readonly #due = new Set<string>();
  readonly #reports = new ItemReports();
  readonly #sources: ItemSources;
  readonly #leaving: Leaving;
  readonly #mark: string;
  readonly #shards: ShardClient;
  #inventory: Inventory | undefined;
  #lastPlace: PlaceNow | undefined;
  #isDeposed = false;
  #sync: NacosConfigSync;

  constructor(options: OutboundOptions) {
    const { clock, clusterId, objects: clients, onWork, shards, sync } = options;
    const { name, namespace = '' } = sync.metadata;
    this.#options = options;
    this.#sync = sync;
    this.#mark = ownershipMark(clusterId, namespace, `sync/${name}`);
    this.#leaving = new Leaving(clock);
    this.#shards = new ShardClient(shards, sync, deletesItems(sync));
    this.#sources = new ItemSources({
      ...options,
      clients,
      holderOf: (config) => this.#inventory?.get(nameText(config))?.ref,
      recordedOf: (id) => this.#inventory?.get(id)?.base,
      onSkipped: (id, skipped) => this.#reports.skipped(id, skipped),
      onChange: (config, isInNacos) => this.#changed(config, isInNacos),
      onSynced: () => this.lookAtAll(),
      onState: onWork,
    });
  }

  get finder(): Finder | undefined {
    return this.#sources.finder;
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

  /** Looks at all again. */
  lookAtAll(): void {
    for (const id of this.#items.keys()) this.#look(id);
  }

  /** What belongs to all items. @throws BridgeError why they cannot be looked at. */
  async pass(sync: NacosConfigSync, signal: AbortSignal): Promise<{ nextMs: number | undefined }> {
    this.#sync = sync;
    if (sync.spec.suspend) return { nextMs: undefined };
    if (this.#inventory === undefined) await this.#begin(signal);
    if (this.#sources.error) throw this.#sources.error;
    this.#remove(sync);
    if (this.isComplete) this.#tell();
    return { nextMs: this.#leaving.nextMs };
  }

  /** One item. @throws BridgeError as it is told of it. */
  async settle(id: string): Promise<{ requeueAfterMs: number } | undefined> {
    const item = this.#items.get(id);
    if (item === undefined || !this.#sources.isListed || this.#sync.spec.suspend || this.#isDeposed) return undefined;
    try {
      const again = await this.#settle(item);
      if (again !== 'open') this.#settled(id);
      return typeof again === 'object' ? again : undefined;
    } catch (error) {
      if (!isBridgeError(error) || isLostRace(error)) throw error;
      this.#reports.count(item, failed(error));
      this.#settled(id);
      throw error;
    }
  }

  /** Ends when nothing is under way any more; what is known is written down. */
  async stop(): Promise<void> {
    this.#sources.stop();
    for (const item of this.#items.values()) item.close();
    if (!this.#isDeposed && this.#options.term.isCurrent()) await this.#inventory?.flush().catch(() => {});
    this.#inventory?.stop();
  }

  async #begin(signal: AbortSignal): Promise<void> {
    const { clock, connection, places, sync, term } = this.#options;
    const stored = await this.#shards.list(signal);
    const place = await places.at(connection, namespaceIdOf(sync, connection));
    const inventory = new Inventory({
      client: this.#shards,
      clock,
      header: { connection: sync.spec.connectionRef?.name, place },
      isLeader: () => term.confirm(),
      onDurable: (ids) => ids.forEach((id) => this.#look(id)),
      onChanged: (ids) => ids.forEach((id) => this.#entryChanged(id)),
      onDeposed: () => this.#deposed(),
      onFailed: () => {},
    });
    this.#inventory = inventory;
    inventory.load(stored, place);
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
    this.#refer(item, wanted.ref, scope.inventory);
    const settled = await settleItem(item, scope);
    if (settled.kind === 'waiting') return 'open';
    const { decision, report, item: subject } = settled;
    this.#reports.count(item, outcomeOf(report, subject.place.isSecret));
    if (report.wrote)
      this.#reports.wrote(
        decision.plan.kind === 'publish' && decision.plan.reason === 'Published' ? 'created' : 'changed',
      );
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
      term,
      keepOf: () => ({ md5: undefined, command: '' }),
      dropKeep: async () => {},
      isMeant: (one, object) => this.#sources.isMeant(one, object),
      metadataAgeMs,
      clock,
      onNews: (id) => this.#look(id),
      onDeposed: () => this.#deposed(),
    };
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
    if (removesFromNacos(this.#sync)) await this.#removeFromNacos(item);
    this.#leaving.gone(id);
    this.#reports.wrote('removed');
    return this.#forget(item);
  }

  async #removeFromNacos(item: SyncItem): Promise<void> {
    const { connection } = this.#options;
    await removeItem(item, {
      connection,
      namespaceId: namespaceIdOf(this.#sync, connection),
      base: this.#inventory?.get(item.id)?.base,
      mark: this.#mark,
      confirm: () => this.#checkUnwanted(item),
    });
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
    this.#leaving.delete(item.id);
    this.#reports.gone(item.id);
    this.#sources.objects.release(item.ref);
    this.#options.onWork();
  }

  /** What is to go and may: each in its own turn. */
  #remove(sync: NacosConfigSync): void {
    if (!this.#sources.isSeen) return;
    this.#leaving.guard(sync, () => this.#items.size);
    for (const id of this.#leaving.ids()) {
      if (removesFromNacos(sync) ? !this.#leaving.mayGo(id) : !this.#leaving.isSettled(id)) continue;
      this.#due.add(id);
      this.#look(id);
    }
  }

  #itemOf(item: Pick<Entry, 'config' | 'ref'>): SyncItem {
    const id = nameText(item.config);
    const known = this.#items.get(id);
    if (known) return known;
    const made = new SyncItem(item);
    this.#items.set(id, made);
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

  #settled(id: string): void {
    this.#open.delete(id);
    this.#options.onWork();
  }

  #tell(): void {
    const text = this.#reports.done();
    if (text !== undefined) this.#options.onWritten(`Items: ${text}`);
  }

  #deposed(): void {
    this.#isDeposed = true;
    this.#inventory?.stop();
  }
}
