/**
 * What this process knows of the object of each mirror: in which version it was last seen, or made, to be right.
 *
 * Guarantees: an object that the watch shows in that version holds what it held then, so that it need not be read, and a
 * change that leads to that version is the echo of our own write and no news. Whatever else the watch tells is news.
 * Caveat: the watch may be faster than the answer to a write. What it tells of an object that is being written is judged
 * once the answer is there; if that never comes it is news.
 */
import type { KubeObject } from '../../kube/resource.ts';
import type { StoreChange } from '../../kube/store.ts';
import type { MirrorKind } from './mirror-target.ts';

export interface SeenMirror {
  /** Stands for all that decides what the object should hold. */
  readonly what: string;
  readonly uid: string | undefined;
  readonly resourceVersion: string | undefined;
  /** Whether nobody else had a key in it. */
  readonly isOursAlone: boolean;
  /** Keys of ours. Nobody else adds any, so that later versions have no others until we write again. */
  readonly keys: readonly string[];
}

/** An object that is read, and perhaps written, just now. */
interface UnderWay {
  readonly kind: MirrorKind;
  /** `namespace/name` of the object. */
  readonly objectKey: string;
  /** The watch has told a change of it. */
  isTold: boolean;
}

export class SeenMirrors {
  /** By the key of the mirror, as all here. */
  readonly #seen = new Map<string, SeenMirror>();
  readonly #underWay = new Map<string, UnderWay>();
  readonly #onNews: (key: string) => void;

  /** `onNews` is told the key of a mirror whose object turned out to have been changed during its own write. */
  constructor(onNews: (key: string) => void) {
    this.#onNews = onNews;
  }

  /** What is known of `found`, the metadata that the watch shows; undefined when it has changed since it was seen. */
  of(key: string, found: KubeObject | undefined): SeenMirror | undefined {
    const seen = this.#seen.get(key);
    return seen !== undefined && found !== undefined && isVersion(found, seen) ? seen : undefined;
  }

  /** Undefined when this process has not seen the object of it, in whatever version. */
  keysOf(key: string): readonly string[] | undefined {
    return this.#seen.get(key)?.keys;
  }

  /** Whether a change of an object asks for a look at the mirror. */
  isNews(key: string, { key: objectKey, previous, current }: StoreChange<KubeObject>): boolean {
    const underWay = this.#underWay.get(key);
    const isUnderWay = underWay?.objectKey === objectKey && underWay.kind === (current ?? previous)?.kind;
    if (isUnderWay) underWay.isTold = true;
    return !isUnderWay && this.of(key, current) === undefined;
  }

  /** The object is about to be read and perhaps written; `end` must follow. */
  begin(key: string, kind: MirrorKind, objectKey: string): void {
    this.#underWay.set(key, { kind, objectKey, isTold: false });
  }

  /** The object was found, or left, to be right. */
  set(key: string, seen: SeenMirror): void {
    this.#seen.set(key, seen);
  }

  /** What `begin` began is over, well or not; `found` is what the watch shows of the object by now. */
  end(key: string, found: KubeObject | undefined): void {
    const isTold = this.#underWay.get(key)?.isTold ?? false;
    this.#underWay.delete(key);
    if (isTold && this.of(key, found) === undefined) this.#onNews(key);
  }

  forget(key: string): void {
    this.#seen.delete(key);
  }
}

function isVersion({ metadata }: KubeObject, { uid, resourceVersion }: SeenMirror): boolean {
  return metadata.uid === uid && metadata.resourceVersion === resourceVersion;
}
