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
import type { ConnectionDirectory, ConnectionHandle } from '../../../connections/connection-directory.ts';
import { BridgeError, isBridgeError, isLostRace } from '../../../errors.ts';
import { objectKey, type KubeObject } from '../../../kube/resource.ts';
import type { ResourceClient } from '../../../kube/resource-client.ts';
import type { StoreChange } from '../../../kube/store.ts';
import { type ConfigName, nameText } from '../../../nacos/index.ts';
import type { Term } from '../../../runtime/term.ts';
import type { PlaceNow } from '../../base/nacos-place.ts';
import type { NacosPlaces } from '../../base/nacos-places.ts';
import { ownershipMark, syncMarkName } from '../../remote.ts';
import { holdFinalizer, removeOwn } from '../../finalize.ts';
import { ConfigSessions } from '../../session.ts';
import { againMs } from '../../settle.ts';
import { checkUse } from '../../use.ts';
import { Finder, namespaceIdOf, patternsOf } from '../finder.ts';
import type { Item } from '../inventory/entry.ts';
import { Inventory, type InventoryOptions } from '../inventory/inventory.ts';
import { ShardClient } from '../inventory/shard-client.ts';
import { Leaving } from '../leaving.ts';
import { refText } from '../mapping.ts';
import type { RunningSync, RunningSyncOptions } from '../running-sync.ts';
import { failed, outcomeOf, PENDING, placeOf, Tally, type Outcome } from '../tally.ts';
import { deletesItems, removesFromNacos } from './ending.ts';
import { FormerItems } from './former-items.ts';
import { ItemBook } from './item-book.ts';
import { rivalsOf, takenBy, type Claimants, type ItemHolder } from './item-claims.ts';
import { settleItem, type ItemScope } from './settle-item.ts';
import { SyncItem } from './sync-item.ts';
import { WatchedObjects, type WatchedObjectsOptions } from './watched-objects.ts';

export interface OutboundOptions extends RunningSyncOptions, WatchedObjectsOptions, Claimants {
  readonly clusterId: string;
  readonly places: Pick<NacosPlaces, 'at' | 'isCurrent'>;
  readonly term: Term;
  readonly syncs: ResourceClient<NacosConfigSync>;
  readonly shards: ResourceClient<NacosConfigInventory>;
  readonly metadataAgeMs: number;
  readonly onInventory: InventoryOptions['onWrite'];
  /** For what was published by another one before. */
  readonly connections: ConnectionDirectory;
  /** An item is to be settled. */
  readonly look: (id: string) => void;
}

/** What somebody has to see to, at the object. */
const problems: readonly Outcome['state'][] = ['conflict', 'invalid', 'failing'];

export class OutboundSync implements RunningSync {
  readonly tally = new Tally();
  /** With `Both`. */
  readonly finder: Finder | undefined;
  readonly #options: OutboundOptions;
  readonly #items = new Map<string, SyncItem>();
  /** Looked at and not settled. */
  readonly #open = new Set<string>();
  readonly #due = new Set<string>();
  readonly #sessions = new ConfigSessions((id) => this.#look(id));
  readonly #objects: WatchedObjects;
  readonly #book: ItemBook;
  readonly #leaving: Leaving;
  readonly #mark: string;
  readonly #shards: ShardClient;
  readonly #where: { readonly connection: ConnectionHandle; readonly namespaceId: string };
  readonly #holder: ItemHolder;
  /** Since the inventory was loaded. */
  #scope: ItemScope | undefined;
  #former: FormerItems | undefined;
  #lastPlace: PlaceNow | undefined;
  /** It was stopped, or another process leads. */
  #isOver = false;
  /** Whether the dataId goes with its item. */
  readonly #removes: boolean;

  constructor(options: OutboundOptions) {
    const { claims, clock, clusterId, connection, goneMs, mapping, shards, sync } = options;
    const { name, namespace = '' } = sync.metadata;
    this.#options = options;
    this.#where = { connection, namespaceId: namespaceIdOf(sync, connection) };
    this.#mark = ownershipMark(clusterId, namespace, syncMarkName(name));
    this.#removes = removesFromNacos(sync);
    claims.marks.add(this.#mark);
    this.#holder = {
      key: objectKey(sync),
      createdAt: sync.metadata.creationTimestamp ?? '',
      where: this.#where,
      hasEntry: (id) => this.#inventory?.isDurable(id) ?? false,
      wants: (id) => this.#book.isWanted(id),
      look: (id) => this.#look(id),
    };
    this.#leaving = new Leaving(clock, goneMs);
    this.#shards = new ShardClient(shards, sync, deletesItems(sync));
    const holderOf = (config: ConfigName) => this.#inventory?.get(nameText(config))?.ref;
    this.#book = new ItemBook(mapping, this.tally, holderOf);
    this.#objects = new WatchedObjects(options, (id) => this.#inventory?.get(id)?.base);
    for (const kind of ['ConfigMap', 'Secret'] as const) {
      this.#objects.stores[kind].onChange((change) => this.#changed(this.#book.objectChanged(kind, change)));
    }
    if (sync.spec.source !== 'Both') return;
    const found = (isThere: boolean) => (names: readonly ConfigName[]) =>
      this.#changed(
        names.flatMap((config) => this.#book.setConfig(config, isThere)),
        isThere,
      );
    this.finder = new Finder({
      ...this.#where,
      patterns: patternsOf(sync, mapping.patterns),
      onAdded: found(true),
      onRemoved: found(false),
      onState: () => this.#sourcesChanged(),
    });
  }

  /** Why the inventory cannot be written, so that nothing that is new is published. */
  get trouble(): BridgeError | undefined {
    return this.#inventory?.error;
  }

  get isComplete(): boolean {
    return this.#isSeen && this.#open.size === 0 && this.tally.counts.pending === 0;
  }

  get held(): number {
    return this.#removes ? this.#leaving.held : 0;
  }

  /** The metadata of a shard of this sync. */
  shardChanged(change: StoreChange<KubeObject>): void {
    this.#inventory?.seen(change);
  }

  /** What belongs to all items. @throws BridgeError why they cannot be looked at. */
  async pass(sync: NacosConfigSync, _: unknown, signal: AbortSignal): Promise<{ nextMs: number | undefined }> {
    if (sync.spec.suspend) return { nextMs: undefined };
    if (this.#scope === undefined) await this.#begin(signal);
    if (this.#objects.error) throw this.#objects.error;
    await this.#remove(sync, signal);
    const done = this.isComplete ? this.tally.takeDone() : undefined;
    if (done !== undefined) this.#options.onWritten(`Items: ${done}`);
    return { nextMs: this.#leaving.nextMs };
  }

  /** One item. @throws BridgeError as it is told of it. */
  async settle(id: string): Promise<{ requeueAfterMs: number } | undefined> {
    const item = this.#items.get(id);
    const scope = this.#scope;
    if (item === undefined || scope === undefined || !this.#objects.isListed || this.#isOver) return undefined;
    try {
      const again = await this.#settle(item, scope);
      if (again !== 'open') this.#open.delete(id);
      return typeof again === 'number' ? { requeueAfterMs: again } : undefined;
    } catch (error) {
      if (!isBridgeError(error) || isLostRace(error)) throw error;
      this.#count(item, failed(error));
      this.#open.delete(id);
      throw error;
    } finally {
      this.#options.onWork();
    }
  }

  /** What is known is written down. */
  async stop(): Promise<void> {
    const mayWrite = !this.#isOver && this.#options.term.isCurrent();
    this.#isOver = true;
    this.#options.claims.setRead(this.#holder.key, false);
    this.finder?.stop();
    this.#objects.stop();
    this.#sessions.closeAll();
    for (const id of this.#items.keys()) this.#options.claims.release(id, this.#holder);
    if (mayWrite) await this.#inventory?.flush().catch(() => {});
    this.#inventory?.stop();
  }

  get #inventory(): Inventory | undefined {
    return this.#scope?.inventory;
  }

  /** All objects are known, and all dataIds, where they count. */
  get #isSeen(): boolean {
    return this.#objects.isListed && (this.finder?.isComplete ?? true);
  }

  async #begin(signal: AbortSignal): Promise<void> {
    const { clock, configs, onInventory, onWork, places, sync, syncs, term } = this.#options;
    const { connection, namespaceId } = this.#where;
    await holdFinalizer(syncs, sync, deletesItems(sync));
    const stored = await this.#shards.list(signal);
    const place = await places.at(connection, namespaceId);
    const heard = (id: string): void => {
      const entry = inventory.get(id);
      if (entry) this.#itemOf(entry);
      this.#look(id);
    };
    const onDeposed = (): void => {
      this.#isOver = true;
      inventory.stop();
    };
    const inventory = new Inventory({
      client: this.#shards,
      clock,
      connection: sync.spec.connectionRef?.name,
      place,
      isLeader: () => term.confirm(),
      onChanged: (ids) => ids.forEach(heard),
      onDeposed,
      onWrite: (result) => {
        onInventory(result);
        onWork();
      },
    });
    this.#scope = {
      ...this.#options,
      inventory,
      sessions: this.#sessions,
      objects: this.#objects,
      mark: this.#mark,
      term: { ...term, isCurrent: () => !this.#isOver && term.isCurrent() },
      rivals: rivalsOf(this.#options),
      onDeposed,
    };
    this.#former = new FormerItems(inventory.load(stored), {
      ...this.#options,
      shards: this.#shards,
      namespace: sync.metadata.namespace ?? '',
      mark: this.#mark,
      isClaimed: (...where) => configs.isClaimed(...where),
      leaving: this.#leaving,
      removes: this.#removes,
    });
    this.#lastPlace = place;
    this.#objects.begin(() => {
      for (const id of this.#items.keys()) this.#look(id);
      this.#sourcesChanged();
    });
  }

  /** Returns after how many milliseconds it is to be looked at again, if it is; `open` while it is not settled. */
  async #settle(item: SyncItem, scope: ItemScope): Promise<number | 'open' | undefined> {
    const { clock, look, metadataAgeMs, places, sync } = this.#options;
    const { connection, namespaceId } = this.#where;
    const { inventory } = scope;
    const wanted = this.#book.wanted(item.config);
    this.#book.countLosers(item.config);
    if (wanted === undefined) return this.#leave(item, inventory);
    this.#leaving.delete(item.id);
    this.#due.delete(item.id);
    checkUse(connection, sync.metadata.namespace, { namespaceId, ...item.config });
    const place = await places.at(connection, namespaceId);
    if (place !== this.#lastPlace) inventory.movedTo(place);
    this.#lastPlace = place;
    const taken = takenBy(item, this.#holder, this.#options);
    if (taken) return this.#give(item, taken, inventory);
    // Another key may have the dataId by now.
    const isOther = refText(wanted.ref) !== refText(item.ref);
    item.ref = wanted.ref;
    if (isOther && inventory.get(item.id)) inventory.add(item);
    const settled = await settleItem(item, place, scope);
    if (settled === undefined) return 'open';
    const { decision, report } = settled;
    const { place: at, session } = settled.item;
    this.#count(item, outcomeOf(report, at.isSecret));
    const isNew = decision.plan.kind === 'publish' && decision.plan.reason === 'Published';
    if (report.wrote) this.tally.wrote(isNew ? 'created' : 'changed');
    if (session.served) session.release(session.served);
    this.#objects.release(item.ref);
    if (report.synced?.status === 'True' && this.#objects.key(item.ref)?.md5 !== session.baseMd5) {
      // Changed back while it was written: the view may never have shown what was written.
      look(item.id);
      return 'open';
    }
    return Math.min(againMs(session, clock), metadataAgeMs);
  }

  /** What both sides had in common is no more ours to know. Nothing is removed. */
  #give(item: SyncItem, taken: Outcome, inventory: Inventory): undefined {
    this.#sessions.close(item.id);
    if (taken.state === 'taken') inventory.record(item.id, undefined);
    else inventory.drop(item.id);
    this.#count(item, taken);
  }

  /** Nothing wants the item any more. */
  async #leave(item: SyncItem, inventory: Inventory): Promise<undefined> {
    const { id } = item;
    const entry = inventory.get(id);
    if (entry === undefined) return this.#forget(item, inventory);
    if (!this.#due.delete(id)) {
      this.#leaving.add(id);
      return;
    }
    if (this.#removes && takenBy(item, this.#holder, this.#options) === undefined) {
      const confirm = () => this.#checkUnwanted(item);
      const where = { namespaceId: this.#where.namespaceId, ...item.config };
      await removeOwn(this.#where.connection, where, { base: entry.base, mark: this.#mark, confirm });
    }
    this.#leaving.gone(id);
    this.tally.wrote('removed');
    this.#forget(item, inventory);
  }

  /** Our view may be old. @throws BridgeError KUBE_CONFLICT when it is wanted after all. */
  async #checkUnwanted(item: SyncItem): Promise<void> {
    const isBack = (await this.#objects.fresh(item)) !== undefined;
    const isWanted = isBack || this.#book.isWanted(item.id);
    if (!isWanted && this.#options.term.isCurrent()) return;
    const { dataId, group } = item.config;
    throw new BridgeError('KUBE_CONFLICT', `dataId '${dataId}' of group '${group}' is wanted again`);
  }

  #forget(item: SyncItem, inventory: Inventory): undefined {
    this.#sessions.close(item.id);
    inventory.drop(item.id);
    this.#items.delete(item.id);
    this.#options.claims.release(item.id, this.#holder);
    this.#leaving.delete(item.id);
    this.tally.delete(item.id);
    this.#objects.release(item.ref);
  }

  /** What is to go and may: each in its own turn. */
  async #remove(sync: NacosConfigSync, signal: AbortSignal): Promise<void> {
    if (!this.#isSeen) return;
    const former = this.#former?.ids ?? [];
    if (this.isComplete) for (const id of former) this.#leaving.add(id);
    this.#leaving.guard(sync, () => this.#items.size + former.length);
    for (const id of this.#leaving.ids().filter((one) => this.#items.has(one))) {
      if (this.#removes ? !this.#leaving.mayGo(id) : !this.#leaving.isSettled(id)) continue;
      this.#due.add(id);
      this.#look(id);
    }
    if (this.isComplete) await this.#former?.remove(signal);
  }

  #itemOf({ config, ref }: Item): SyncItem {
    const id = nameText(config);
    const known = this.#items.get(id);
    if (known) return known;
    const item = new SyncItem({ config, ref });
    this.#items.set(id, item);
    this.#options.claims.claim(id, this.#holder);
    this.#count(item, PENDING);
    return item;
  }

  #count(item: Item, outcome: Outcome): void {
    const isNews = this.tally.set(nameText(item.config), { outcome, place: placeOf(item) });
    const object = this.#objects.object(item.ref.kind, item.ref.name);
    if (isNews && object && problems.includes(outcome.state)) this.#options.onProblem(object, outcome);
  }

  /** `isInNacos` is undefined where only Kubernetes has changed. */
  #changed(configs: readonly ConfigName[], isInNacos?: boolean): void {
    for (const config of configs) {
      const id = nameText(config);
      const wanted = this.#book.wanted(config);
      const item = wanted ? this.#itemOf(wanted) : this.#items.get(id);
      if (item && isInNacos !== undefined) item.isInNacos = isInNacos;
      this.#look(id);
    }
  }

  #look(id: string): void {
    if (!this.#items.has(id)) return;
    this.#open.add(id);
    if (this.#objects.isListed) this.#options.look(id);
  }

  #sourcesChanged(): void {
    if (!this.#isOver) this.#options.claims.setRead(this.#holder.key, this.#isSeen);
    this.#options.onWork();
  }
}
