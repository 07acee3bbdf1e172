/**
 * Where the items of one NacosConfigSync come from: the objects that it means, and with `Both` the dataIds that are found,
 * seen through the mapping.
 *
 * Guarantee: a change costs the keys that changed, and an object whose keys are the same ones no more than a comparison.
 */
import type { NacosConfigSync } from '../../../api/resources.ts';
import type { Clock } from '../../../clock.ts';
import type { ConnectionHandle } from '../../../connections/connection-directory.ts';
import type { BridgeError } from '../../../errors.ts';
import type { ResourceClient } from '../../../kube/resource-client.ts';
import type { StoreChange } from '../../../kube/store.ts';
import { type ConfigName, nameText } from '../../../nacos/index.ts';
import type { DataObject } from '../../mirror/data-object.ts';
import type { MirrorKind } from '../../mirror/mirror-target.ts';
import { writeAnnotations } from '../../rollout/written-object.ts';
import { Finder, namespaceIdOf, patternsOf } from '../finder.ts';
import { digestOf, type EntryBase, type Item } from '../inventory/entry.ts';
import type { KeyRef, Mapping } from '../mapping.ts';
import { keptKeys } from './item-keep.ts';
import { ItemBook, type ItemBookOptions } from './item-book.ts';
import type { ObjectView } from './object-view.ts';
import { isExportableType, isSelected } from './selection.ts';
import { WatchedObjects } from './watched-objects.ts';

/** A watch of the objects of one kind, with their contents. */
export interface ObjectWatch {
  readonly hasSynced: boolean;
  readonly lastError: BridgeError | undefined;
  stop(): void;
}

export interface ItemSourcesOptions extends Pick<ItemBookOptions, 'holderOf' | 'onSkipped'> {
  readonly sync: NacosConfigSync;
  readonly mapping: Mapping;
  readonly connection: ConnectionHandle;
  readonly clients: Readonly<Record<MirrorKind, ResourceClient<DataObject>>>;
  /** Begins a watch that feeds the store of that kind; `onSynced` is called once. */
  readonly watch: (kind: MirrorKind, objects: WatchedObjects, onSynced: () => void) => ObjectWatch;
  /** Whether a NacosConnection names this Secret, by `namespace/name`. */
  readonly isLogin: (key: string) => boolean;
  readonly recordedOf: (id: string) => EntryBase | undefined;
  readonly clock: Clock;
  /** Of these names a key or the dataId has come, changed or gone; undefined where only Kubernetes has changed. */
  readonly onChange: (config: ConfigName, isInNacos?: boolean) => void;
  readonly onSynced: () => void;
  /** What is known as a whole. */
  readonly onState: () => void;
}

export class ItemSources {
  readonly objects: WatchedObjects;
  readonly finder: Finder | undefined;
  readonly book: ItemBook;
  readonly #options: ItemSourcesOptions;
  #watches: readonly ObjectWatch[] | undefined;

  constructor(options: ItemSourcesOptions) {
    const { clients, clock, connection, mapping, onState, sync } = options;
    const { namespace = '' } = sync.metadata;
    this.#options = options;
    this.book = new ItemBook(options);
    const isNews = (ref: KeyRef, md5: string, uid: string) => this.#isNews(ref, md5, uid);
    this.objects = new WatchedObjects({
      namespace,
      clients,
      encoding: mapping.secretEncoding,
      clock,
      isNews,
      annotationsOf: (view, contents) => writeAnnotations(sync, view, contents, clock.now()),
    });
    for (const kind of ['ConfigMap', 'Secret'] as const) {
      this.objects.stores[kind].onChange((change) => this.#objectChanged(kind, change));
    }
    if (sync.spec.source !== 'Both') return;
    this.finder = new Finder({
      connection,
      namespaceId: namespaceIdOf(sync, connection),
      patterns: patternsOf(sync, mapping.patterns),
      onAdded: (names) => this.#found(names, true),
      onRemoved: (names) => this.#found(names, false),
      onState,
    });
  }

  /** Begins to look at the objects. */
  begin(): void {
    const { onSynced, sync, watch } = this.#options;
    const kinds = sync.spec.kubernetes?.kinds ?? ['ConfigMap'];
    this.#watches = kinds.map((kind) => watch(kind, this.objects, onSynced));
  }

  /** All objects are known. */
  get isListed(): boolean {
    return this.#watches?.every(({ hasSynced }) => hasSynced) ?? false;
  }

  /** So are all dataIds, where they count. */
  get isSeen(): boolean {
    return this.isListed && (this.finder?.isComplete ?? true);
  }

  /** Why the objects are not known. */
  get error(): BridgeError | undefined {
    return this.#watches?.find(({ hasSynced, lastError }) => !hasSynced && lastError)?.lastError;
  }

  /** Whether `object` is one that says what is to be in Nacos. */
  isMeant({ ref }: Item, object: ObjectView): boolean {
    return this.#options.sync.spec.source === 'Both' || this.#isSelected(ref.kind, object);
  }

  /** Whether the key that an item was of is of it still, in `object`. */
  hasKey(item: Item, object: ObjectView | undefined): boolean {
    const config = this.#options.mapping.toNacos(item.ref);
    const isOfItem = config !== undefined && nameText(config) === nameText(item.config);
    return isOfItem && object !== undefined && this.isMeant(item, object) && object.keys.has(item.ref.key);
  }

  stop(): void {
    this.finder?.stop();
    for (const watch of this.#watches ?? []) watch.stop();
    this.objects.stop();
  }

  #objectChanged(kind: MirrorKind, { previous, current }: StoreChange<ObjectView>): void {
    const { mapping, onChange } = this.#options;
    const { name } = (current ?? previous)?.metadata ?? { name: '' };
    const isNow = current !== undefined && this.#isSelected(kind, current);
    const wasBefore = previous !== undefined && this.#isSelected(kind, previous);
    const before = previous?.keys ?? new Map<string, never>();
    const now = current?.keys ?? new Map<string, never>();
    if (isNow !== wasBefore || !hasSameKeys(before, now)) {
      for (const config of this.book.setObject(kind, name, isNow ? [...now.keys()] : [])) onChange(config);
    }
    const decided = keptKeys(current);
    for (const key of new Set([...before.keys(), ...now.keys()])) {
      const [one, other] = [before.get(key), now.get(key)];
      if (one?.md5 === other?.md5 && one?.problem === other?.problem && !decided.includes(key)) continue;
      const config = mapping.toNacos({ kind, name, key });
      if (config) onChange(config);
    }
  }

  #found(names: readonly ConfigName[], isInNacos: boolean): void {
    for (const name of names) {
      const affected = isInNacos ? this.book.addConfig(name) : this.book.removeConfig(name);
      for (const config of affected) this.#options.onChange(config, isInNacos);
    }
  }

  #isSelected(kind: MirrorKind, object: ObjectView): boolean {
    const { isLogin, sync } = this.#options;
    const { name, namespace } = object.metadata;
    const candidate = { kind, object, isLogin: kind === 'Secret' && isLogin(`${namespace}/${name}`) };
    return isSelected(sync, candidate) && isExportableType(sync, kind, object.type);
  }

  /** A content that is recorded need not be published. */
  #isNews(ref: KeyRef, md5: string, uid: string): boolean {
    const config = this.#options.mapping.toNacos(ref);
    if (config === undefined) return false;
    const recorded = this.#options.recordedOf(nameText(config))?.md5;
    return recorded !== (ref.kind === 'Secret' ? digestOf(md5, uid) : md5);
  }
}

function hasSameKeys(a: ReadonlyMap<string, unknown>, b: ReadonlyMap<string, unknown>): boolean {
  return a.size === b.size && [...a.keys()].every((key) => b.has(key));
}
