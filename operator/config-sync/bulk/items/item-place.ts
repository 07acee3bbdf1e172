/**
 * The key of an item as a place of content: read from the view of its object, written with other keys of that.
 *
 * Guarantee: while a write is under way, and after one that may have been done, no base is recorded (docs/adr/0012).
 */
import { BridgeError, isBridgeError } from '../../../errors.ts';
import { absent, presentUnread, type ContentPlace } from '../../places/content-place.ts';
import { refTitle } from '../mapping.ts';
import type { Safeguards, SyncItem } from './sync-item.ts';
import type { WatchedObjects } from './watched-objects.ts';

type Scope = Safeguards & { readonly objects: WatchedObjects };

export function itemPlace(item: SyncItem, namespace: string, { inventory, objects, term }: Scope): ContentPlace {
  const { ref } = item;
  const { key, kind, name } = ref;
  return {
    title: refTitle(ref),
    isSecret: kind === 'Secret',
    namespace,
    async read() {
      const object = objects.object(kind, name);
      if (object === undefined) return absent(`${kind} '${name}' does not exist`);
      const { md5, problem } = object.keys.get(key) ?? {};
      if (problem !== undefined) throw new BridgeError('INVALID_CONTENT', problem);
      if (md5 === undefined) return absent(`${kind} '${name}' has no key '${key}'`, object.metadata.resourceVersion);
      const content = () => objects.contentOf(ref, md5);
      return presentUnread(md5, content, () => objects.authorOf(ref));
    },
    async write(content, { md5 }) {
      const before = inventory.get(item.id)?.base;
      try {
        await item.takeOutBase(inventory);
        item.checkMayWrite({ inventory, term });
        await objects.write(ref, content, md5);
      } catch (error) {
        // Certainly not written, so the base is what it was.
        const isUnwritten = isBridgeError(error, 'KUBE_CONFLICT', 'INVALID_CONTENT');
        if (isUnwritten && inventory.get(item.id)?.base === undefined) item.record(before, inventory);
        throw error;
      }
    },
  };
}
