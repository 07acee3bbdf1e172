/**
 * Removes what a NacosConfig mirrored before and no longer does: objects of another name or kind, and contents of an
 * immutable mirror that are older than its history.
 *
 * Guarantees
 * - Only objects that it controls and that carry our label are ever removed; what others have put into one stays.
 * - While a mirror has a successor, what a pod or a pod template still names stays, and so does what may be named: nothing
 *   is removed on missing evidence. It is looked at again at every reconcile.
 */
import { MIRROR_LABEL } from '../../api/names.ts';
import type { NacosConfig } from '../../api/resources.ts';
import { isBridgeError, type BridgeError } from '../../errors.ts';
import type { KubeObject } from '../../kube/resource.ts';
import { trimData, type DataMetadata } from './data-proof.ts';
import { generationsOf } from './generations.ts';
import type { MirrorKeeper, MirrorKeeperOptions, Removed } from './mirror-keeper.ts';
import { isOwnedBy, outlives } from './mirror-owner.ts';
import type { MirrorKind, MirrorTarget } from './mirror-target.ts';
import type { ObjectUsers } from './object-users.ts';

const kinds: readonly MirrorKind[] = ['ConfigMap', 'Secret'];

/** A former mirror that went, and how. */
export interface RemovedMirror {
  readonly kind: MirrorKind;
  readonly name: string;
  readonly how: Removed;
}

/** What became of former mirrors. */
export interface Cleared {
  readonly removed: readonly RemovedMirror[];
  /** The names of those that stay for the sake of pods. */
  readonly kept: readonly string[];
  /** Why it is not known whether these are named; undefined when it is. */
  readonly unknown?: BridgeError;
}

export class StaleMirrors {
  readonly #access: MirrorKeeperOptions['access'];
  readonly #keeper: MirrorKeeper;
  readonly #users: ObjectUsers;
  /** NacosConfigs that may have left a Secret, which nobody watches when none is wanted any more. */
  readonly #mayHaveLeftSecret = new Set<string>();

  constructor(access: MirrorKeeperOptions['access'], keeper: MirrorKeeper, users: ObjectUsers) {
    this.#access = access;
    this.#keeper = keeper;
    this.#users = users;
  }

  look(key: string, resource: NacosConfig): void {
    if (mayHaveLeftSecret(resource)) this.#mayHaveLeftSecret.add(key);
  }

  /** Whether there may be Secrets of it still, although its mirror is in none. */
  mayHaveLeftSecret(key: string): boolean {
    return this.#mayHaveLeftSecret.has(key);
  }

  /** `present` is the name of the object that holds the mirror now; undefined when none is wanted any more. */
  async remove(
    key: string,
    resource: NacosConfig,
    target: MirrorTarget | undefined,
    present: string | undefined,
  ): Promise<Cleared> {
    const removed: RemovedMirror[] = [];
    const kept: string[] = [];
    let isSecretKept = false;
    let unknown: BridgeError | undefined;
    for (const kind of kinds) {
      const mirrors = (await this.#owned(key, resource, kind)).filter(isMirror);
      const wanted = kind === target?.kind ? namesToKeep(target, present, mirrors) : [];
      // One that outlives the NacosConfig outlives the mirroring, too.
      const mayStay = (mirror: DataMetadata) => target === undefined && outlives(mirror);
      const stale = mirrors.filter((mirror) => !wanted.includes(mirror.metadata.name) && !mayStay(mirror));
      const used = present === undefined ? NONE : await this.#named(stale, resource);
      unknown ??= used.unknown;
      for (const mirror of mirrors) {
        const { name } = mirror.metadata;
        const isStale = stale.includes(mirror);
        if (isStale && !used.names.has(name)) {
          const how = await this.#keeper.remove(kind, mirror, resource);
          if (how) removed.push({ kind, name, how });
        } else if (target && !(kind === target.kind && name === present)) {
          if (isStale) kept.push(name);
          isSecretKept ||= isStale && kind === 'Secret' && kind !== target.kind;
          const ownership = { owner: resource, outlivesOwner: target.outlivesOwner };
          await this.#keeper.settleOwner(kind, mirror, ownership);
        }
      }
    }
    if (!isSecretKept) this.#mayHaveLeftSecret.delete(key);
    return { removed, kept, unknown };
  }

  forget(key: string): void {
    this.#mayHaveLeftSecret.delete(key);
  }

  /** Those that are named, or may be. */
  async #named(
    stale: readonly KubeObject[],
    { metadata }: NacosConfig,
  ): Promise<{ names: ReadonlySet<string>; unknown?: BridgeError }> {
    const names = stale.map((object) => object.metadata.name);
    if (names.length === 0) return NONE;
    try {
      return { names: await this.#users.named(names, metadata.namespace ?? '') };
    } catch (error) {
      if (!isBridgeError(error, 'KUBE_FORBIDDEN')) throw error;
      return { names: new Set(names), unknown: error };
    }
  }

  async #owned(key: string, resource: NacosConfig, kind: MirrorKind): Promise<readonly DataMetadata[]> {
    const { metadata } = resource;
    const { client, ownedBy } = this.#access[kind];
    if (kind !== 'Secret' || !this.#mayHaveLeftSecret.has(key)) return ownedBy(resource);
    const selection = { namespace: metadata.namespace, labelSelector: MIRROR_LABEL, metadataOnly: true };
    try {
      return (await client.list(selection)).items.filter((object) => isOwnedBy(object, resource)).map(trimData);
    } catch (error) {
      // Whoever may not list Secrets has not written any.
      if (isBridgeError(error, 'KUBE_FORBIDDEN')) return [];
      throw error;
    }
  }
}

/**
 * Whether its mirror was in a Secret and is to be in none. The status says so until that is gone, whatever fails meanwhile
 * and whoever leads by then.
 */
export function mayHaveLeftSecret({ metadata, spec, status }: NacosConfig): boolean {
  if (spec.mirror?.secret !== undefined || status === undefined) return false;
  const { mirrorKinds, mirrorName, observedGeneration } = status;
  if (mirrorKinds !== undefined) return mirrorKinds.includes('Secret');
  // The status of former versions tells only until the present spec was looked at.
  return mirrorName !== undefined && observedGeneration !== metadata.generation;
}

const NONE = { names: new Set<string>(), unknown: undefined };

function isMirror({ metadata }: DataMetadata): boolean {
  return metadata.labels?.[MIRROR_LABEL] !== undefined && metadata.deletionTimestamp === undefined;
}

/** The present one, and of an immutable mirror its history. */
function namesToKeep(target: MirrorTarget, present: string | undefined, mirrors: readonly KubeObject[]): string[] {
  if (present === undefined) return [];
  if (!target.immutable) return [present];
  const others = generationsOf(target.name, mirrors).filter(({ metadata }) => metadata.name !== present);
  return [present, ...others.slice(0, target.historyLimit).map(({ metadata }) => metadata.name)];
}
