/**
 * Keeps objects as they should be: the one way in which mirrors are written and removed, those of a NacosConfig and those
 * of a NacosConfigSync.
 *
 * Guarantees, besides those of each write (write-mirror.ts)
 * - An object that has not changed since it was last seen to be right is not read again, not even before new content is
 *   written into it. One that an earlier process has left is not read where its metadata proves what it holds.
 * - The content is asked for only when an object has to be read or written.
 * - An object that is removed stays if others have data in it, without owner then, so that nothing removes it later.
 * - The echo of a write of ours is told from news.
 */
import { FIELD_MANAGER } from '../../api/names.ts';
import type { Clock } from '../../clock.ts';
import { BridgeError, isBridgeError } from '../../errors.ts';
import type { KubeObject } from '../../kube/resource.ts';
import type { DataObject } from './data-object.ts';
import { accountOf, type DataMetadata } from './data-proof.ts';
import type { MirrorAccess } from './mirror-access.ts';
import { hasForeignData, isProven, presentOf, type WantedMirror } from './mirror-object.ts';
import { isOwnedAs, isOwnedBy, ownershipPatch, type Ownership } from './mirror-owner.ts';
import type { MirrorKind } from './mirror-target.ts';
import { SeenMirrors, type SeenMirror } from './seen-mirrors.ts';
import { changedAtOf, MirrorWrite, withdrawFields, type Written } from './write-mirror.ts';

export interface MirrorKeeperOptions {
  readonly access: Readonly<Record<MirrorKind, MirrorAccess>>;
  readonly clock: Clock;
  /** Told the key of a mirror whose object somebody else has changed while it was written. */
  readonly onNews: (key: string) => void;
}

/** `LetGo`: the object is there, and nothing of it is ours any more. */
export type Removed = 'Deleted' | 'LetGo';

/** An object that holds what it should. */
export interface RightMirror {
  readonly uid: string | undefined;
  readonly changedAt: string | undefined;
  /** Those that are ours. */
  readonly keys: readonly string[];
  readonly written?: Written;
}

export class MirrorKeeper {
  readonly seen: SeenMirrors;
  readonly #options: MirrorKeeperOptions;

  constructor(options: MirrorKeeperOptions) {
    this.#options = options;
    this.seen = new SeenMirrors(options.onNews);
  }

  /** `key` is the mirror's, whatever its object is called now. @throws what `MirrorWrite` throws. */
  async bringUp(key: string, wanted: WantedMirror): Promise<RightMirror> {
    const { kind, name, owner, predecessor, what } = wanted;
    const found = this.#options.access[kind].find(`${owner.metadata.namespace}/${name}`);
    const seen = this.seen.of(key, found) ?? this.#proven(key, found, wanted);
    const isRight = seen !== undefined && seen.what === what && predecessor === undefined;
    if (isRight) return { uid: seen.uid, changedAt: changedAtOf(found), keys: seen.keys };
    return this.#write(key, wanted, seen?.isOursAlone ? found : undefined);
  }

  /** Of an object of `owner`; `found` is its metadata. Returns undefined when there is none any more. */
  async remove(kind: MirrorKind, found: DataMetadata, owner: KubeObject): Promise<Removed | undefined> {
    const { client } = this.#options.access[kind];
    const { name, namespace } = found.metadata;
    const isAlone = found.isOursAlone === true;
    const object: DataObject | undefined = isAlone ? found : await client.get(name, namespace);
    if (object === undefined || !isOwnedBy(object, owner)) return undefined;
    if (!isAlone && hasForeignData(presentOf(object))) {
      await withdrawFields(object, client);
      return 'LetGo';
    }
    // As it was seen: what others put into it meanwhile is not deleted.
    const { uid, resourceVersion } = object.metadata;
    await client.delete(name, namespace, { uid, resourceVersion });
    return 'Deleted';
  }

  /** Has an object of the owner owned as it should be, whatever it holds. @throws BridgeError KUBE_CONFLICT */
  async settleOwner(kind: MirrorKind, found: DataMetadata, ownership: Ownership): Promise<void> {
    if (isOwnedAs(found, ownership)) return;
    const { name, namespace } = found.metadata;
    const patch = ownershipPatch(found, ownership);
    await this.#options.access[kind].client.mergePatch(name, namespace, patch, { fieldManager: FIELD_MANAGER });
  }

  /** What an earlier process has left. Later on the watch may lag behind our own writes, and show what was before. */
  #proven(key: string, found: DataMetadata | undefined, wanted: WantedMirror): SeenMirror | undefined {
    if (found === undefined || this.seen.keysOf(key) !== undefined || !isProven(found, wanted)) return undefined;
    const { uid, resourceVersion } = found.metadata;
    const { what, proof } = wanted;
    const seen = { what, uid, resourceVersion, isOursAlone: true, keys: proof?.keys ?? [] };
    this.seen.set(key, seen);
    return seen;
  }

  async #write(key: string, wanted: WantedMirror, asLeft: KubeObject | undefined): Promise<RightMirror> {
    const { kind, name, owner } = wanted;
    const { access, clock } = this.#options;
    const { client, find } = access[kind];
    const objectKey = `${owner.metadata.namespace}/${name}`;
    this.seen.begin(key, kind, objectKey);
    try {
      const { object, written } = await new MirrorWrite(wanted, client, clock.now()).run(asLeft);
      const { uid, resourceVersion } = object.metadata;
      const { isOursAlone, ownKeys: keys } = accountOf(object);
      this.seen.set(key, { what: wanted.what, uid, resourceVersion, isOursAlone, keys });
      return { uid, changedAt: changedAtOf(object), keys, written };
    } catch (error) {
      throw withRight(error, kind);
    } finally {
      this.seen.end(key, find(objectKey));
    }
  }
}

/** A webhook and a quota refuse as if a right were missing, and none helps there. */
const NOT_FOR_A_RIGHT = /denied the request|exceeded quota/;

/** What grants the right that is missing. */
export function withRight(error: unknown, kind: MirrorKind): unknown {
  if (!isBridgeError(error, 'KUBE_FORBIDDEN') || NOT_FOR_A_RIGHT.test(error.message)) return error;
  const value = kind === 'Secret' ? 'secrets.mirror' : 'mirror.enabled';
  return new BridgeError(error.code, `${error.message}; \`${value}\` of the chart grants it`, { cause: error });
}
