/**
 * Writes keys of one ConfigMap that belongs to users: those that are to be written in the same moment are one write, and
 * one follows the other.
 *
 * Guarantees: a key is written only while it is as it was decided on, and only on the resourceVersion that the watch has
 * shown; a write ends when the watch shows it, so that nobody decides on an older view; a key that is not to be written is
 * not touched, and an object that does not exist is created without an owner.
 */
import { FIELD_MANAGER } from '../../../api/names.ts';
import type { Clock } from '../../../clock.ts';
import { BridgeError, isBridgeError } from '../../../errors.ts';
import { MAX_DATA_BYTES } from '../../../kube/limits.ts';
import type { ObjectMeta } from '../../../kube/resource.ts';
import type { ResourceClient } from '../../../kube/resource-client.ts';
import type { ConfigMap } from '../../mirror/data-object.ts';
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
  /** What goes with a write of these contents, by their keys. */
  readonly annotationsOf: (view: ObjectView | undefined, contents: Record<string, string>) => ObjectMeta['annotations'];
  /** Nothing waits any more. */
  readonly onIdle: () => void;
}

/** Others of the same burst come in this time. */
const GATHER_MS = 10;

export class ObjectWriter {
  readonly #options: ObjectWriterOptions;
  #waiting: Write[] = [];
  #isRunning = false;
  /** What was written, on which version, and is not shown yet. */
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
    for (const { done } of this.#waiting.splice(0)) done.reject(moved(this.#options.name));
    this.#unseen?.shown();
  }

  async #run(): Promise<void> {
    while (this.#waiting.length > 0) {
      const view = this.#options.view();
      const all = this.#waiting.splice(0);
      const writes = all.filter(({ key, expectedMd5, done }) => {
        const isSame = view?.keys.get(key)?.md5 === expectedMd5;
        if (!isSame) done.reject(moved(this.#options.name));
        return isSame;
      });
      const fitting = this.#fitting(writes, view);
      if (fitting.length > 0) await this.#send(fitting, view);
    }
    this.#isRunning = false;
    this.#options.onIdle();
  }

  /** One that does not fit keeps no other from being written. */
  #fitting(writes: readonly Write[], view: ObjectView | undefined): Write[] {
    const sizes = new Map([...(view?.keys ?? [])].map(([key, { bytes }]) => [key, bytes]));
    return writes.filter(({ key, content, done }) => {
      const before = sizes.get(key) ?? 0;
      const all = [...sizes.values()].reduce((sum, bytes) => sum + bytes, 0) - before + Buffer.byteLength(content);
      if (all <= MAX_DATA_BYTES) {
        sizes.set(key, Buffer.byteLength(content));
        return true;
      }
      const what = `ConfigMap '${this.#options.name}' would have ${all} bytes and must have at most ${MAX_DATA_BYTES}`;
      done.reject(new BridgeError('INVALID_CONTENT', what));
      return false;
    });
  }

  async #send(writes: readonly Write[], view: ObjectView | undefined): Promise<void> {
    const version = versionOf(view);
    try {
      await this.#patch(writes, view);
      const shown = Promise.withResolvers<void>();
      this.#unseen = { version, shown: shown.resolve };
      this.seen();
      await shown.promise;
      for (const { done } of writes) done.resolve();
    } catch (error) {
      for (const { done } of writes) done.reject(error);
    } finally {
      this.#unseen = undefined;
    }
  }

  async #patch(writes: readonly Write[], view: ObjectView | undefined): Promise<void> {
    const { annotationsOf, client, name, namespace } = this.#options;
    const data = Object.fromEntries(writes.map(({ key, content }) => [key, content]));
    const annotations = annotationsOf(view, data);
    const options = { fieldManager: FIELD_MANAGER };
    if (view === undefined) {
      const metadata = { name, namespace, annotations };
      await client.create({ apiVersion: 'v1', kind: 'ConfigMap', metadata, data }, options);
      return;
    }
    const binary = writes.filter(({ key }) => view.keys.get(key)?.isBinary).map(({ key }) => [key, null]);
    const { resourceVersion } = view.metadata;
    const patch = {
      metadata: { resourceVersion, annotations },
      data,
      // The API server takes a key in one of the two only.
      ...(binary.length > 0 && { binaryData: Object.fromEntries(binary) }),
    };
    try {
      await client.mergePatch(name, namespace, patch, options);
    } catch (error) {
      throw isBridgeError(error, 'KUBE_NOT_FOUND') ? moved(name, error) : error;
    }
  }
}

function versionOf(view: ObjectView | undefined): string | undefined {
  return view && `${view.metadata.uid} ${view.metadata.resourceVersion}`;
}

function moved(name: string, cause?: unknown): BridgeError {
  return new BridgeError('KUBE_CONFLICT', `ConfigMap '${name}' was changed meanwhile`, { cause });
}
