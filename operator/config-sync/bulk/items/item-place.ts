/**
 * The key of an item as a place of content: read from the view of its object, written with other keys of that.
 *
 * Guarantee: while a write is under way, and after one that may have been done, no base is recorded (docs/adr/0012).
 */
import { BridgeError, isBridgeError } from '../../../errors.ts';
import { absent, presentUnread, type ContentPlace, type DeclaredContent } from '../../places/content-place.ts';
import { refTitle } from '../mapping.ts';
import type { SyncItem, Safeguards } from './sync-item.ts';
import type { WatchedObjects } from './watched-objects.ts';

export class ItemPlace implements ContentPlace {
  readonly isSecret: boolean;
  readonly namespace: string;
  readonly title: string;
  readonly #item: SyncItem;
  readonly #scope: Safeguards & { readonly objects: WatchedObjects };

  constructor(item: SyncItem, namespace: string, scope: Safeguards & { readonly objects: WatchedObjects }) {
    this.#item = item;
    this.#scope = scope;
    this.namespace = namespace;
    this.isSecret = item.ref.kind === 'Secret';
    this.title = refTitle(item.ref);
  }

  async read(): Promise<DeclaredContent> {
    const { objects } = this.#scope;
    const { ref } = this.#item;
    const { key, kind, name } = ref;
    const object = objects.object(kind, name);
    if (object === undefined) return absent(`${kind} '${name}' does not exist`);
    const { md5, problem } = object.keys.get(key) ?? {};
    if (problem !== undefined) throw new BridgeError('INVALID_CONTENT', problem);
    if (md5 === undefined) return absent(`${kind} '${name}' has no key '${key}'`, object.metadata.resourceVersion);
    return presentUnread(
      md5,
      () => objects.contentOf(ref, md5),
      () => objects.authorOf(ref),
    );
  }

  async write(content: string, { md5 }: DeclaredContent): Promise<void> {
    const item = this.#item;
    const { inventory, objects } = this.#scope;
    const before = inventory.get(item.id)?.base;
    try {
      await item.takeOutBase(inventory);
      item.checkMayWrite(this.#scope);
      await objects.write(item.ref, content, md5);
    } catch (error) {
      // Certainly not written, so the base is what it was.
      const isUnwritten = isBridgeError(error, 'KUBE_CONFLICT', 'INVALID_CONTENT');
      if (isUnwritten && inventory.get(item.id)?.base === undefined) item.record(before, inventory);
      throw error;
    }
  }
}
