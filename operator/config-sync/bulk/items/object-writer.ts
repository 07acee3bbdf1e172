/**
 * Writes keys of ConfigMaps that belong to users: those of one object that are to be written in the same moment are one write,
 * and one follows the other.
 *
 * Guarantees, besides those of write-keys.ts: a key is written only while it is as it was decided on, and only on the
 * resourceVersion that the watch has shown; a write ends when the watch shows it, so that nobody decides on an older view.
 */
import type { Clock } from '../../../clock.ts';
import type { ObjectMeta } from '../../../kube/resource.ts';
import type { ResourceClient } from '../../../kube/resource-client.ts';
import type { ConfigMap } from '../../mirror/data-object.ts';
import { changed, tooManyBytes, writeKeys } from '../../places/write-keys.ts';
import type { KeyRef } from '../mapping.ts';
import type { ObjectView } from './object-view.ts';

interface Write {
  readonly key: string;
  readonly content: string;
  /** What the key holds, as it was decided on. */
  readonly expectedMd5: string | undefined;
  readonly done: PromiseWithResolvers<void>;
}

/** The writes of one object. */
interface Line {
  readonly waiting: Write[];
  /** On which version it was written, while that is not shown yet. */
  unseen?: { readonly version: string | undefined; readonly shown: () => void };
}

export interface ObjectWriterOptions {
  readonly client: ResourceClient<ConfigMap>;
  readonly namespace: string;
  /** As the watch has shown it last. */
  readonly viewOf: (name: string) => ObjectView | undefined;
  readonly clock: Clock;
  /** What goes with a write of these contents, by their keys. */
  readonly annotationsOf: (view: ObjectView | undefined, contents: Record<string, string>) => ObjectMeta['annotations'];
}

/** Others of the same burst come in this time. */
const GATHER_MS = 10;

export class ObjectWriter {
  readonly #options: ObjectWriterOptions;
  /** By the name of the object, while there are any. */
  readonly #lines = new Map<string, Line>();

  constructor(options: ObjectWriterOptions) {
    this.#options = options;
  }

  /** @throws BridgeError KUBE_CONFLICT when the key or the object has changed since; INVALID_CONTENT when it does not fit. */
  write({ name, key }: KeyRef, content: string, expectedMd5: string | undefined): Promise<void> {
    const done = Promise.withResolvers<void>();
    const line = this.#lines.get(name) ?? { waiting: [] };
    line.waiting.push({ key, content, expectedMd5, done });
    if (!this.#lines.has(name)) this.#options.clock.after(GATHER_MS, () => void this.#run(name, line));
    this.#lines.set(name, line);
    return done.promise;
  }

  /** The watch has shown another version of the object. */
  seen(name: string): void {
    const { unseen } = this.#lines.get(name) ?? {};
    if (unseen && versionOf(this.#options.viewOf(name)) !== unseen.version) unseen.shown();
  }

  /** No watch will show anything any more. */
  stop(): void {
    for (const [name, { unseen, waiting }] of this.#lines) {
      for (const { done } of waiting.splice(0)) done.reject(changed(name));
      unseen?.shown();
    }
  }

  async #run(name: string, line: Line): Promise<void> {
    while (line.waiting.length > 0) {
      const view = this.#options.viewOf(name);
      let bytes = [...(view?.keys.values() ?? [])].reduce((sum, key) => sum + key.bytes, 0);
      // One that is refused keeps no other from being written.
      const writes = line.waiting.splice(0).filter(({ key, content, expectedMd5, done }) => {
        const before = view?.keys.get(key);
        const after = bytes - (before?.bytes ?? 0) + Buffer.byteLength(content);
        const refusal = before?.md5 === expectedMd5 ? tooManyBytes(name, after) : changed(name);
        if (refusal) done.reject(refusal);
        else bytes = after;
        return refusal === undefined;
      });
      if (writes.length === 0) continue;
      const sent = this.#send(name, line, writes, view);
      for (const { done } of writes) sent.then(done.resolve, done.reject);
      await sent.catch(() => {});
    }
    this.#lines.delete(name);
  }

  async #send(name: string, line: Line, writes: readonly Write[], view: ObjectView | undefined): Promise<void> {
    const { annotationsOf, client, namespace } = this.#options;
    const isBinary = (key: string) => view?.keys.get(key)?.isBinary ?? false;
    const keyWrites = writes.map(({ key, content }) => ({ key, content, isBinary: isBinary(key) }));
    const shown = Promise.withResolvers<void>();
    try {
      const annotations = annotationsOf(view, Object.fromEntries(writes.map(({ key, content }) => [key, content])));
      const { resourceVersion } = view?.metadata ?? {};
      await writeKeys(client, { name, namespace, resourceVersion, annotations }, keyWrites);
      line.unseen = { version: versionOf(view), shown: shown.resolve };
      this.seen(name);
      await shown.promise;
    } finally {
      line.unseen = undefined;
    }
  }
}

function versionOf(view: ObjectView | undefined): string | undefined {
  return view && `${view.metadata.uid} ${view.metadata.resourceVersion}`;
}
