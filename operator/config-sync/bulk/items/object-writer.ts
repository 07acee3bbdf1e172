/**
 * Writes keys of one ConfigMap that belongs to users: those that are to be written in the same moment are one write, and
 * one follows the other.
 *
 * Guarantees, besides those of write-keys.ts: a key is written only while it is as it was decided on, and only on the
 * resourceVersion that the watch has shown; a write ends when the watch shows it, so that nobody decides on an older view.
 */
import type { Clock } from '../../../clock.ts';
import type { ResourceClient } from '../../../kube/resource-client.ts';
import type { ConfigMap } from '../../mirror/data-object.ts';
import { changed, tooManyBytes, writeKeys } from '../../places/write-keys.ts';
import type { ObjectView } from './object-view.ts';

interface Write {
  readonly key: string;
  readonly content: string;
  /** What the key holds, as it was decided on. */
  readonly expectedMd5: string | undefined;
  readonly done: PromiseWithResolvers<void>;
}

export interface ObjectWriterOptions {
  readonly client: ResourceClient<ConfigMap>;
  readonly namespace: string;
  readonly name: string;
  /** As the watch has shown it last. */
  readonly view: () => ObjectView | undefined;
  readonly clock: Clock;
  /** Nothing waits any more. */
  readonly onIdle: () => void;
}

/** Others of the same burst come in this time. */
const GATHER_MS = 10;

export class ObjectWriter {
  readonly #options: ObjectWriterOptions;
  readonly #waiting: Write[] = [];
  #isRunning = false;
  /** On which version it was written, while that is not shown yet. */
  #unseen: { version: string | undefined; shown: () => void } | undefined;

  constructor(options: ObjectWriterOptions) {
    this.#options = options;
  }

  /** @throws BridgeError KUBE_CONFLICT when the key or the object has changed since; INVALID_CONTENT when it does not fit. */
  write(key: string, content: string, expectedMd5: string | undefined): Promise<void> {
    const done = Promise.withResolvers<void>();
    this.#waiting.push({ key, content, expectedMd5, done });
    if (!this.#isRunning) {
      this.#isRunning = true;
      this.#options.clock.after(GATHER_MS, () => void this.#run());
    }
    return done.promise;
  }

  /** The watch has shown another version of the object. */
  seen(): void {
    if (this.#unseen && versionOf(this.#options.view()) !== this.#unseen.version) this.#unseen.shown();
  }

  /** No watch will show anything any more. */
  stop(): void {
    for (const { done } of this.#waiting.splice(0)) done.reject(changed(this.#options.name));
    this.#unseen?.shown();
  }

  async #run(): Promise<void> {
    const { name } = this.#options;
    while (this.#waiting.length > 0) {
      const view = this.#options.view();
      let bytes = [...(view?.keys.values() ?? [])].reduce((sum, key) => sum + key.bytes, 0);
      // One that is refused keeps no other from being written.
      const writes = this.#waiting.splice(0).filter(({ key, content, expectedMd5, done }) => {
        const before = view?.keys.get(key);
        const after = bytes - (before?.bytes ?? 0) + Buffer.byteLength(content);
        const refusal = before?.md5 === expectedMd5 ? tooManyBytes(name, after) : changed(name);
        if (refusal) done.reject(refusal);
        else bytes = after;
        return refusal === undefined;
      });
      if (writes.length === 0) continue;
      const sent = this.#send(writes, view);
      for (const { done } of writes) sent.then(done.resolve, done.reject);
      await sent.catch(() => {});
    }
    this.#isRunning = false;
    this.#options.onIdle();
  }

  async #send(writes: readonly Write[], view: ObjectView | undefined): Promise<void> {
    const { client, name, namespace } = this.#options;
    const isBinary = (key: string) => view?.keys.get(key)?.isBinary ?? false;
    const keyWrites = writes.map(({ key, content }) => ({ key, content, isBinary: isBinary(key) }));
    const shown = Promise.withResolvers<void>();
    try {
      await writeKeys(client, { name, namespace, resourceVersion: view?.metadata.resourceVersion }, keyWrites);
      this.#unseen = { version: versionOf(view), shown: shown.resolve };
      this.seen();
      await shown.promise;
    } finally {
      this.#unseen = undefined;
    }
  }
}

function versionOf(view: ObjectView | undefined): string | undefined {
  return view && `${view.metadata.uid} ${view.metadata.resourceVersion}`;
}
