/**
 * Removes what a NacosConfig mirrored before and no longer does: objects of another name or kind, and contents of an
 * immutable mirror that are older than the last but one.
 *
 * Only objects that it controls and that carry our label are ever removed; what others have put into one stays.
 */
import { MIRROR_LABEL } from '../../api/names.ts';
import type { NacosConfig } from '../../api/resources.ts';
import { isBridgeError } from '../../errors.ts';
import { isControlledBy } from '../../kube/owner.ts';
import type { KubeObject } from '../../kube/resource.ts';
import { trimData, type DataMetadata } from './data-proof.ts';
import { generationsOf } from './generations.ts';
import type { MirrorKeeper, MirrorKeeperOptions } from './mirror-keeper.ts';
import type { MirrorKind, MirrorTarget } from './mirror-target.ts';

const kinds: readonly MirrorKind[] = ['ConfigMap', 'Secret'];

export class StaleMirrors {
  readonly #access: MirrorKeeperOptions['access'];
  readonly #keeper: MirrorKeeper;
  /** NacosConfigs that may have left a Secret, which nobody watches when none is wanted any more. */
  readonly #mayHaveLeftSecret = new Set<string>();

  constructor(access: MirrorKeeperOptions['access'], keeper: MirrorKeeper) {
    this.#access = access;
    this.#keeper = keeper;
  }

  /** To be told of each NacosConfig before its status is written, which forgets that its spec has changed. */
  look(key: string, { metadata, status }: NacosConfig, target: MirrorTarget | undefined): void {
    const hasChanged = status?.mirrorName !== undefined && status.observedGeneration !== metadata.generation;
    if (hasChanged && target?.kind !== 'Secret') this.#mayHaveLeftSecret.add(key);
  }

  /** `present` is the name of the object that holds the mirror now. */
  async remove(
    key: string,
    resource: NacosConfig,
    target: MirrorTarget | undefined,
    present: string | undefined,
  ): Promise<void> {
    for (const kind of kinds) {
      const mirrors = (await this.#controlled(key, resource, kind)).filter(
        ({ metadata }) => metadata.labels?.[MIRROR_LABEL] !== undefined && metadata.deletionTimestamp === undefined,
      );
      const kept = kind === target?.kind ? namesToKeep(target, present, mirrors) : [];
      for (const mirror of mirrors) {
        if (!kept.includes(mirror.metadata.name)) await this.#keeper.remove(kind, mirror, resource);
      }
    }
    this.#mayHaveLeftSecret.delete(key);
  }

  forget(key: string): void {
    this.#mayHaveLeftSecret.delete(key);
  }

  async #controlled(key: string, { metadata }: NacosConfig, kind: MirrorKind): Promise<readonly DataMetadata[]> {
    const uid = metadata.uid ?? '';
    const { client, controlledBy } = this.#access[kind];
    if (kind !== 'Secret' || !this.#mayHaveLeftSecret.has(key)) return controlledBy(uid);
    const selection = { namespace: metadata.namespace, labelSelector: MIRROR_LABEL, metadataOnly: true };
    try {
      return (await client.list(selection)).items.filter((object) => isControlledBy(object, uid)).map(trimData);
    } catch (error) {
      // Whoever may not list Secrets has not written any.
      if (isBridgeError(error, 'KUBE_FORBIDDEN')) return [];
      throw error;
    }
  }
}

/** The present object, and of an immutable mirror the one before. */
function namesToKeep(target: MirrorTarget, present: string | undefined, mirrors: readonly KubeObject[]): string[] {
  if (present === undefined) return [];
  if (!target.immutable) return [present];
  const others = generationsOf(target.name, mirrors).filter(({ metadata }) => metadata.name !== present);
  return [present, ...others.slice(0, 1).map(({ metadata }) => metadata.name)];
}
