/**
 * The objects of one NacosConfigSync in Kubernetes, as a watch shows them: which there are, no more of them than it may
 * mean, and which keys they have, with which content.
 *
 * Guarantees: a content that the watch has brought is not read again while it is kept; a write of a key ends when the watch
 * shows it (object-writer.ts).
 */
import { KEEP_ANNOTATION } from '../../../api/names.ts';
import type { NacosConfigSync } from '../../../api/resources.ts';
import type { Clock } from '../../../clock.ts';
import { BridgeError } from '../../../errors.ts';
import { changeAnnotation } from '../../../kube/annotation.ts';
import { selectorText } from '../../../kube/label-selector.ts';
import type { Reflector } from '../../../kube/reflector.ts';
import type { ReflectorFactory } from '../../../kube/reflector-factory.ts';
import type { ResourceClient } from '../../../kube/resource-client.ts';
import { Store } from '../../../kube/store.ts';
import { trim } from '../../../kube/trim.ts';
import { nameText } from '../../../nacos/index.ts';
import { dataObjectRefs, type DataObject } from '../../mirror/data-object.ts';
import type { MirrorKind } from '../../mirror/mirror-target.ts';
import { ConfigMapPlace } from '../../places/config-map-place.ts';
import type { ContentPlace } from '../../places/content-place.ts';
import { unknownAuthor, type FieldAuthor } from '../../places/field-author.ts';
import { HeldContents } from '../../places/held-contents.ts';
import { SecretPlace } from '../../places/secret-place.ts';
import { SharedReads } from '../../places/shared-reads.ts';
import { writeAnnotations } from '../../rollout/written-object.ts';
import type { EntryBase, Item } from '../inventory/entry.ts';
import { refText, refTitle, type KeyRef, type Mapping } from '../mapping.ts';
import { withoutKey } from './item-keep.ts';
import { ObjectWriter, type ObjectWriterOptions } from './object-writer.ts';
import { keysOf, type ContentListener, type KeyView, type ObjectView } from './object-view.ts';
import { isSelected } from './selection.ts';
import { recordedMd5 } from './sync-item.ts';

export interface WatchedObjectsOptions {
  readonly sync: NacosConfigSync;
  readonly mapping: Mapping;
  readonly clients: Readonly<Record<MirrorKind, ResourceClient<DataObject>>>;
  readonly reflectors: Pick<ReflectorFactory, 'create'>;
  /** Whether a NacosConnection names this Secret, by `namespace/name`. */
  readonly isLogin: (key: string) => boolean;
  readonly clock: Clock;
}

export class WatchedObjects {
  readonly stores: Readonly<Record<MirrorKind, Store<ObjectView>>> = { ConfigMap: new Store(), Secret: new Store() };
  readonly #options: WatchedObjectsOptions;
  readonly #namespace: string;
  readonly #baseOf: (id: string) => EntryBase | undefined;
  #reflectors: readonly Reflector<ObjectView>[] | undefined;
  /** Those that may have to be published, by the text of their key. */
  readonly #contents = new HeldContents<string>();
  readonly #writer: ObjectWriter;
  readonly #reads: Readonly<Record<MirrorKind, SharedReads<DataObject>>>;

  /** `baseOf` tells what is recorded of an item: such a content need not be published. */
  constructor(options: WatchedObjectsOptions, baseOf: (id: string) => EntryBase | undefined) {
    const { clients, clock, sync } = options;
    const { namespace = '' } = sync.metadata;
    this.#options = options;
    this.#namespace = namespace;
    this.#baseOf = baseOf;
    const readsOf = (kind: MirrorKind) => {
      const metadata = this.stores[kind];
      const readersOf = (key: string) => metadata.get(key)?.keys.size ?? 0;
      return new SharedReads({ client: clients[kind], metadata, readersOf, clock });
    };
    this.#reads = { ConfigMap: readsOf('ConfigMap'), Secret: readsOf('Secret') };
    const viewOf = (name: string) => this.object('ConfigMap', name);
    const annotationsOf: ObjectWriterOptions['annotationsOf'] = (view, contents) =>
      writeAnnotations(sync, view, contents, clock.now());
    this.#writer = new ObjectWriter({ client: clients.ConfigMap, namespace, viewOf, clock, annotationsOf });
    // Before anybody decides on it.
    this.stores.ConfigMap.onChange(({ current, previous }) => {
      this.#writer.seen((current ?? previous)?.metadata.name ?? '');
    });
  }

  /** Begins to look; `onSynced` is called when all of a kind are known. */
  begin(onSynced: () => void): void {
    const { kinds = ['ConfigMap' as const] } = this.#options.sync.spec.kubernetes ?? {};
    this.#reflectors = kinds.map((kind) => this.#watch(kind));
    for (const reflector of this.#reflectors) {
      reflector.start();
      reflector.synced().then(onSynced, () => {});
    }
  }

  /** All are known. */
  get isListed(): boolean {
    return this.#reflectors?.every(({ hasSynced }) => hasSynced) ?? false;
  }

  /** Why they are not. */
  get error(): BridgeError | undefined {
    return this.#reflectors?.find(({ hasSynced, lastError }) => !hasSynced && lastError)?.lastError;
  }

  object(kind: MirrorKind, name: string): ObjectView | undefined {
    return this.stores[kind].get(`${this.#namespace}/${name}`);
  }

  uid({ kind, name }: KeyRef): string {
    return this.object(kind, name)?.metadata.uid ?? '';
  }

  key({ kind, name, key }: KeyRef): KeyView | undefined {
    return this.object(kind, name)?.keys.get(key);
  }

  /** The key of an item, as the API server has it now; undefined where it is none or not of that item any more. */
  async fresh({ config, ref: { kind, name, key } }: Item): Promise<KeyView | undefined> {
    const { clients, mapping, sync } = this.#options;
    const object = await clients[kind].get(name, this.#namespace);
    const now = mapping.toNacos({ kind, name, key });
    if (object === undefined || now === undefined || nameText(now) !== nameText(config)) return undefined;
    const view = this.#viewOf(kind, object);
    return sync.spec.source === 'Both' || view.isMeant ? view.keys.get(key) : undefined;
  }

  /** @throws BridgeError KUBE_CONFLICT when it is another by now. */
  async contentOf(ref: KeyRef, md5: string): Promise<string> {
    const held = this.#contents.get(refText(ref), md5);
    if (held !== undefined) return held;
    const read = await this.#storedPlace(ref).read();
    if (read.kind === 'present' && read.md5 === md5) return read.content();
    throw changed(ref);
  }

  /** It is dealt with. */
  release(ref: KeyRef): void {
    this.#contents.drop(refText(ref));
  }

  async authorOf(ref: KeyRef): Promise<FieldAuthor> {
    const read = await this.#storedPlace(ref).read();
    return read.kind === 'present' ? read.author() : unknownAuthor;
  }

  /** @throws BridgeError as object-writer.ts does. */
  write(ref: KeyRef, content: string, expectedMd5: string | undefined): Promise<void> {
    const written = this.#writer.write(ref, content, expectedMd5);
    return written.finally(() => this.#reads.ConfigMap.forget(ref.name, this.#namespace));
  }

  /** What the annotation says of the key is used up. @throws BridgeError KUBE_CONFLICT when it is another by now. */
  async dropKeep(ref: KeyRef): Promise<void> {
    const object = this.object(ref.kind, ref.name);
    if (object === undefined) throw changed(ref);
    await changeAnnotation(this.#options.clients[ref.kind], object, KEEP_ANNOTATION, withoutKey(object, ref.key));
  }

  stop(): void {
    for (const reflector of this.#reflectors ?? []) void reflector.stop();
    this.#writer.stop();
  }

  #watch(kind: MirrorKind): Reflector<ObjectView> {
    const { reflectors, sync } = this.#options;
    const { kubernetes, mapping, source } = sync.spec;
    // With `Both` an object that was made for a dataId from Nacos counts, whatever its labels are.
    const selector = source === 'Kubernetes' ? kubernetes?.selector : undefined;
    const [name, ...others] = mapping.preset === 'SingleObject' ? [mapping.objectName] : (kubernetes?.names ?? []);
    const isOne = others.length === 0 && (source === 'Kubernetes' || mapping.preset === 'SingleObject');
    return reflectors.create<ObjectView>(dataObjectRefs[kind], this.stores[kind], {
      namespaces: [this.#namespace],
      labelSelector: selector && selectorText(selector),
      fieldSelector: isOne && name !== undefined ? `metadata.name=${name}` : undefined,
      trim: (object) => this.#viewOf(kind, object, (...read) => this.#hold(...read)),
    });
  }

  #hold(ref: KeyRef, uid: string, md5: string, content: string): void {
    const config = this.#options.mapping.toNacos(ref);
    const isNews = config && this.#baseOf(nameText(config))?.md5 !== recordedMd5(md5, ref, uid);
    if (isNews) this.#contents.put(refText(ref), md5, content);
    else this.release(ref);
  }

  /** What is kept of an object; changes it. `onContent` is told each content. */
  #viewOf(kind: MirrorKind, object: DataObject, onContent?: ContentListener): ObjectView {
    const { isLogin, mapping, sync } = this.#options;
    const key = `${this.#namespace}/${object.metadata.name}`;
    const isMeant = isSelected(sync, { kind, object, isLogin: kind === 'Secret' && isLogin(key) });
    const keys = keysOf(kind, object, mapping.secretEncoding, onContent);
    const { apiVersion, metadata } = trim(object);
    return { apiVersion, kind, metadata, keys, isMeant };
  }

  #storedPlace({ kind, name, key }: KeyRef): ContentPlace {
    const { clients, mapping } = this.#options;
    const { ConfigMap, Secret } = this.#reads;
    if (kind === 'ConfigMap') return new ConfigMapPlace(clients.ConfigMap, this.#namespace, name, key, ConfigMap);
    return new SecretPlace(Secret, this.#namespace, { name, key, encoding: mapping.secretEncoding });
  }
}

function changed(ref: KeyRef): BridgeError {
  return new BridgeError('KUBE_CONFLICT', `The ${refTitle(ref)} was changed meanwhile`);
}
