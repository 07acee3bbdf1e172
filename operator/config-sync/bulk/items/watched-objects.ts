/**
 * The objects of one NacosConfigSync in Kubernetes, as their watch shows them: which keys there are, with which content.
 *
 * Guarantees: a content that the watch has brought is not read again while it is kept; a write of a key ends when the watch
 * shows it (object-writer.ts).
 */
import type { Clock } from '../../../clock.ts';
import { KEEP_ANNOTATION } from '../../../api/names.ts';
import { BridgeError, isBridgeError } from '../../../errors.ts';
import type { ResourceClient } from '../../../kube/resource-client.ts';
import { Store } from '../../../kube/store.ts';
import { authorOf, unknownAuthor, type FieldAuthor } from '../../places/field-author.ts';
import { SharedReads } from '../../places/shared-reads.ts';
import type { DataObject } from '../../mirror/data-object.ts';
import type { MirrorKind } from '../../mirror/mirror-target.ts';
import { md5Of } from '../../../nacos/index.ts';
import { objectText, refText, type KeyRef, type Mapping } from '../mapping.ts';
import { withoutKey } from './item-keep.ts';
import { ObjectWriter, type ObjectWriterOptions } from './object-writer.ts';
import { PassingContents } from './passing-contents.ts';
import { textOf, viewOf, type KeyView, type ObjectView } from './object-view.ts';

export interface WatchedObjectsOptions {
  readonly namespace: string;
  readonly clients: Readonly<Record<MirrorKind, ResourceClient<DataObject>>>;
  readonly encoding: Mapping['secretEncoding'];
  readonly clock: Clock;
  readonly annotationsOf: ObjectWriterOptions['annotationsOf'];
  /** Whether a content that has come in may have to be published. */
  readonly isNews: (ref: KeyRef, md5: string, uid: string) => boolean;
}

export class WatchedObjects {
  readonly stores: Readonly<Record<MirrorKind, Store<ObjectView>>> = { ConfigMap: new Store(), Secret: new Store() };
  readonly #options: WatchedObjectsOptions;
  readonly #contents = new PassingContents();
  readonly #writers = new Map<string, ObjectWriter>();
  readonly #reads: Readonly<Record<MirrorKind, SharedReads<DataObject>>>;

  constructor(options: WatchedObjectsOptions) {
    const { clients, clock } = options;
    this.#options = options;
    const readsOf = (kind: MirrorKind) => {
      const metadata = this.stores[kind];
      return new SharedReads({
        client: clients[kind],
        metadata,
        readersOf: (key) => metadata.get(key)?.keys.size ?? 0,
        clock,
      });
    };
    this.#reads = { ConfigMap: readsOf('ConfigMap'), Secret: readsOf('Secret') };
    // Before anybody decides on it.
    this.stores.ConfigMap.onChange(({ current, previous }) => {
      this.#writers.get((current ?? previous)?.metadata.name ?? '')?.seen();
    });
  }

  /** What is kept of an object that the watch has brought; changes it. */
  trim(kind: MirrorKind, object: DataObject): ObjectView {
    const { encoding, isNews } = this.#options;
    const { name, uid = '' } = object.metadata;
    return viewOf(kind, object, encoding, (key, md5, content) => {
      const ref = { kind, name, key };
      if (isNews(ref, md5, uid)) this.#contents.put(refText(ref), md5, content);
      else this.#contents.drop(refText(ref));
    });
  }

  object(kind: MirrorKind, name: string): ObjectView | undefined {
    return this.stores[kind].get(`${this.#options.namespace}/${name}`);
  }

  key({ kind, name, key }: KeyRef): KeyView | undefined {
    return this.object(kind, name)?.keys.get(key);
  }

  /** @throws BridgeError KUBE_CONFLICT when it is another by now. */
  async contentOf(ref: KeyRef, md5: string): Promise<string> {
    const kept = this.#contents.get(refText(ref), md5);
    if (kept !== undefined) return kept;
    const object = await this.#reads[ref.kind].get(ref.name, this.#options.namespace);
    const { content } = object ? textOf(ref.kind, object, ref.key, this.#options.encoding) : {};
    if (content === undefined || md5Of(content) !== md5) throw changed(ref);
    return content;
  }

  /** It is dealt with. */
  release(ref: KeyRef): void {
    this.#contents.drop(refText(ref));
  }

  /** Whom the key is by, of a ConfigMap. */
  async authorOf({ kind, name, key }: KeyRef): Promise<FieldAuthor> {
    if (kind === 'Secret') return unknownAuthor;
    const object = await this.#reads[kind].get(name, this.#options.namespace);
    const field = Object.hasOwn(object?.binaryData ?? {}, key) ? 'binaryData' : 'data';
    return authorOf(object?.metadata.managedFields, [field, key]);
  }

  /** As the API server has it now; undefined when there is none. */
  async fresh(kind: MirrorKind, name: string): Promise<ObjectView | undefined> {
    const object = await this.#options.clients[kind].get(name, this.#options.namespace);
    return object && viewOf(kind, object, this.#options.encoding, () => {});
  }

  /** @throws BridgeError as object-writer.ts does. */
  write({ name, key }: KeyRef, content: string, expectedMd5: string | undefined): Promise<void> {
    const { namespace } = this.#options;
    return this.#writerOf(name)
      .write(key, content, expectedMd5)
      .finally(() => this.#reads.ConfigMap.forget(name, namespace));
  }

  /** What the annotation says of the key is used up. @throws BridgeError KUBE_CONFLICT when it is another by now. */
  async dropKeep(ref: KeyRef): Promise<void> {
    const { clients, namespace } = this.#options;
    const object = this.object(ref.kind, ref.name);
    const value = object?.metadata.annotations?.[KEEP_ANNOTATION];
    if (object === undefined || value === undefined) throw changed(ref);
    const path = `/metadata/annotations/${KEEP_ANNOTATION.replace('/', '~1')}`;
    const rest = withoutKey(object, ref.key);
    const change =
      rest === undefined ? ({ op: 'remove', path } as const) : ({ op: 'replace', path, value: rest } as const);
    try {
      await clients[ref.kind].jsonPatch(ref.name, namespace, [{ op: 'test', path, value }, change]);
    } catch (error) {
      throw isBridgeError(error, 'KUBE_INVALID') ? changed(ref) : error;
    }
  }

  stop(): void {
    for (const writer of this.#writers.values()) writer.stop();
  }

  #writerOf(name: string): ObjectWriter {
    const { annotationsOf, clients, clock, namespace } = this.#options;
    const known = this.#writers.get(name);
    if (known) return known;
    const view = () => this.object('ConfigMap', name);
    const onIdle = () => this.#writers.delete(name);
    const options = { client: clients.ConfigMap, namespace, name, view, clock, annotationsOf, onIdle };
    const writer = new ObjectWriter(options);
    this.#writers.set(name, writer);
    return writer;
  }
}

function changed(ref: KeyRef): BridgeError {
  return new BridgeError('KUBE_CONFLICT', `Key '${ref.key}' of ${objectText(ref)} was changed meanwhile`);
}
