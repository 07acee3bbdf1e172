/** A key of an object that a NacosConfigSync watches, as a place of content: read from the view, written with others. */
import { BridgeError } from '../../../errors.ts';
import { absent, presentUnread, type ContentPlace, type DeclaredContent } from '../../places/content-place.ts';
import type { KeyRef } from '../mapping.ts';
import { titleOf } from './object-view.ts';
import type { WatchedObjects } from './watched-objects.ts';

export class ViewPlace implements ContentPlace {
  readonly isSecret: boolean;
  readonly namespace: string;
  readonly title: string;
  readonly #objects: WatchedObjects;
  readonly #ref: KeyRef;

  constructor(objects: WatchedObjects, namespace: string, ref: KeyRef) {
    this.#objects = objects;
    this.#ref = ref;
    this.namespace = namespace;
    this.isSecret = ref.kind === 'Secret';
    this.title = titleOf(ref.kind, ref.name, ref.key);
  }

  async read(): Promise<DeclaredContent> {
    const { key, kind, name } = this.#ref;
    const object = this.#objects.object(kind, name);
    if (object === undefined) return absent(`${kind} '${name}' does not exist`);
    const { md5, problem } = object.keys.get(key) ?? {};
    if (problem !== undefined) throw new BridgeError('INVALID_CONTENT', problem);
    if (md5 === undefined) return absent(`${kind} '${name}' has no key '${key}'`, object.metadata.resourceVersion);
    const load = () => this.#objects.contentOf(this.#ref, md5);
    return presentUnread(md5, load, () => this.#objects.authorOf(this.#ref));
  }

  write(content: string, { md5 }: DeclaredContent): Promise<void> {
    return this.#objects.write(this.#ref, content, md5);
  }
}
