/**
 * `mirror.mode: Merge`: keys of NacosConfigs in ConfigMaps and Secrets of others.
 *
 * Guarantees
 * - Only an object whose owner agrees, by the annotation `bridge.nacos.io/allow-merge`, is written, and of it only our keys.
 * - A key that another field manager has, or that nobody is known to have, is never taken: the manager is told.
 * - Each NacosConfig is a field manager of its own, so that several may merge into one object.
 * - An object that is not there is told, and not made. When the mirror goes, its keys go, and the object stays; a finalizer
 *   on the NacosConfig sees to that.
 * - What others write costs no read: the API server takes a key from us when somebody changes it, so as long as our keys are
 *   ours they hold what we have applied.
 */
import { ALLOW_MERGE_ANNOTATION, FORCE_FINALIZE_ANNOTATION, MERGE_FINALIZER } from '../../api/names.ts';
import type { NacosConfig } from '../../api/resources.ts';
import { BridgeError, isBridgeError } from '../../errors.ts';
import { addFinalizer, hasFinalizer, removeFinalizer } from '../../kube/finalizer.ts';
import type { ResourceClient } from '../../kube/resource-client.ts';
import { dataObjectRefs, encodeData, type DataObject } from './data-object.ts';
import type { DataMetadata } from './data-proof.ts';
import { keysOf, mergeManager, mergeTimeOf, refusalOf } from './merged-keys.ts';
import type { MirrorAccess } from './mirror-access.ts';
import { withRight, type RightMirror } from './mirror-keeper.ts';
import { checkSize, presentOf, type WantedMirror } from './mirror-object.ts';
import type { MirrorKind, MirrorTarget } from './mirror-target.ts';
import type { SeenMirrors } from './seen-mirrors.ts';
import { mayHaveLeftSecret, type RemovedMirror } from './stale-mirrors.ts';
import type { Written } from './write-mirror.ts';

export interface MergesOptions {
  readonly access: Readonly<Record<MirrorKind, MirrorAccess>>;
  readonly seen: SeenMirrors;
  readonly configClient: ResourceClient<NacosConfig>;
}

/** What an object was seen, or left, to hold of ours. */
interface Merged {
  /** Stands for all that decides what it should hold. */
  readonly what: string;
  readonly uid: string | undefined;
  readonly keys: readonly string[];
  /** When that last changed, in RFC 3339. */
  readonly changedAt: string | undefined;
}

type Place = Pick<MirrorTarget, 'kind' | 'name'>;

const kinds: readonly MirrorKind[] = ['ConfigMap', 'Secret'];

export class Merges {
  readonly #options: MergesOptions;
  /** What was last seen to be right, by the key of the NacosConfig. */
  readonly #merged = new Map<string, Merged>();
  /** Objects that a former spec may have named, which nobody may watch any more. */
  readonly #former = new Map<string, string>();

  constructor(options: MergesOptions) {
    this.#options = options;
  }

  look(key: string, resource: NacosConfig): void {
    const { mirrorName, observedGeneration } = resource.status ?? {};
    if (mirrorName === undefined || !hasFinalizer(resource, MERGE_FINALIZER)) return;
    const hasChanged = observedGeneration !== resource.metadata.generation;
    if (hasChanged || mayHaveLeftSecret(resource)) this.#former.set(key, mirrorName);
  }

  /** @throws BridgeError REFERENCE_MISSING without the object, NOT_OWNED where it may not be written; what `content` throws. */
  async bringUp(key: string, resource: NacosConfig, wanted: WantedMirror): Promise<RightMirror> {
    const { kind, name, what } = wanted;
    const { access, seen } = this.#options;
    const objectKey = `${resource.metadata.namespace}/${name}`;
    const manager = mergeManager(resource.metadata.name);
    const found = access[kind].find(objectKey);
    const known = this.#merged.get(key);
    if (known?.what === what && found && isUntouched(found, known, manager)) {
      const { uid, resourceVersion } = found.metadata;
      seen.set(key, { what, uid, resourceVersion, isOursAlone: false, keys: known.keys });
      return { uid, changedAt: known.changedAt, keys: known.keys };
    }
    seen.begin(key, kind, objectKey);
    try {
      const { object, written } = await this.#write(resource, wanted);
      const { uid, resourceVersion } = object.metadata;
      const changedAt = mergeTimeOf(object, manager);
      const keys = keysOf(object, manager);
      this.#merged.set(key, { what, uid, keys, changedAt });
      seen.set(key, { what, uid, resourceVersion, isOursAlone: false, keys });
      return { uid, changedAt, keys, written };
    } catch (error) {
      throw withRight(error, kind);
    } finally {
      seen.end(key, access[kind].find(objectKey));
    }
  }

  /** Takes our keys out of every object but `present`, the one that has them now; undefined for none. */
  async clear(key: string, resource: NacosConfig, present: Place | undefined): Promise<RemovedMirror[]> {
    const former = this.#former.get(key);
    const removed = await this.#withdraw(resource, former === undefined ? [] : [former], present);
    this.#former.delete(key);
    if (present === undefined) await this.#release(resource);
    return removed;
  }

  /** Of a NacosConfig that is being deleted: takes all its keys back, and lets it go then. */
  async finalize(resource: NacosConfig): Promise<RemovedMirror[]> {
    if (!hasFinalizer(resource, MERGE_FINALIZER)) return [];
    const { configMap, secret } = resource.spec.mirror ?? {};
    const names = [configMap?.name, secret?.name, resource.status?.mirrorName].filter((name) => name !== undefined);
    const removed = await this.#withdraw(resource, [...new Set(names)], undefined).catch((error: unknown) => {
      const isForced = resource.metadata.annotations?.[FORCE_FINALIZE_ANNOTATION] === 'true';
      if (!isForced || !isBridgeError(error)) throw error;
      return [];
    });
    await this.#release(resource);
    return removed;
  }

  forget(key: string): void {
    this.#merged.delete(key);
    this.#former.delete(key);
  }

  async #write(resource: NacosConfig, wanted: WantedMirror): Promise<{ object: DataObject; written?: Written }> {
    const { kind, name } = wanted;
    const { client } = this.#options.access[kind];
    const { namespace } = resource.metadata;
    const manager = mergeManager(resource.metadata.name);
    const object = await client.get(name, namespace);
    if (object === undefined) {
      const next = "create it with the annotation that allows merging, or set `mirror.mode` to 'Own'";
      throw new BridgeError('REFERENCE_MISSING', `${kind} '${name}' does not exist; ${next}`);
    }
    const { entries } = await wanted.content({});
    const refusal = refusalOf(object, { kind, owner: resource, manager, keys: Object.keys(entries) });
    if (refusal !== undefined) throw new BridgeError('NOT_OWNED', `${kind} '${name}' ${refusal}`);
    const data = encodeData(kind, entries);
    const ours = keysOf(object, manager);
    checkSize(kind, name, { ...presentOf(object), ownKeys: ours }, { ...object, data });
    await this.#hold(resource, wanted);
    const isRight =
      ours.length === Object.keys(data).length &&
      Object.entries(data).every(([key, value]) => ours.includes(key) && object.data?.[key] === value);
    if (isRight) return { object };
    const metadata = { name, namespace, uid: object.metadata.uid };
    // Unforced: a key that became another's meanwhile is a conflict, and is told at the next look.
    const applied = await client.apply({ ...typeOf(kind), metadata, data }, { fieldManager: manager, force: false });
    return { object: applied, written: ours.length === 0 ? 'Created' : 'Updated' };
  }

  /** What is written now, nobody would take back. @throws BridgeError KUBE_CONFLICT when the NacosConfig is being deleted. */
  async #hold(resource: NacosConfig, { outlivesOwner = false }: WantedMirror): Promise<void> {
    if (outlivesOwner) return this.#release(resource);
    if (hasFinalizer(resource, MERGE_FINALIZER)) return;
    if (await addFinalizer(this.#options.configClient, resource, MERGE_FINALIZER)) return;
    throw new BridgeError('KUBE_CONFLICT', `NacosConfig '${resource.metadata.name}' was deleted meanwhile`);
  }

  async #release(resource: NacosConfig): Promise<void> {
    if (!hasFinalizer(resource, MERGE_FINALIZER)) return;
    await removeFinalizer(this.#options.configClient, resource, MERGE_FINALIZER);
  }

  /** From the objects that the watches show our keys in, and from those with one of `names`, but not from `present`. */
  async #withdraw(
    resource: NacosConfig,
    names: readonly string[],
    present: Place | undefined,
  ): Promise<RemovedMirror[]> {
    const removed: RemovedMirror[] = [];
    for (const kind of kinds) {
      const { client, mergedBy } = this.#options.access[kind];
      const seen = mergedBy(resource).map(({ metadata }) => metadata.name);
      for (const name of new Set([...names, ...seen])) {
        if (kind === present?.kind && name === present.name) continue;
        if (await withdraw(client, kind, name, resource)) removed.push({ kind, name, how: 'LetGo' });
      }
    }
    return removed;
  }
}

/** Whether our keys are ours still, and its owner agrees to that. */
function isUntouched({ merged, metadata }: DataMetadata, { uid, keys }: Merged, manager: string): boolean {
  const ours = merged?.get(manager) ?? [];
  const isAllowed = metadata.annotations?.[ALLOW_MERGE_ANNOTATION] === 'true';
  return isAllowed && metadata.uid === uid && ours.length === keys.length && keys.every((key) => ours.includes(key));
}

/** Returns whether there was anything of ours. */
async function withdraw(
  client: ResourceClient<DataObject>,
  kind: MirrorKind,
  name: string,
  { metadata: { name: owner, namespace } }: NacosConfig,
): Promise<boolean> {
  const object = await readable(client, name, namespace);
  const manager = mergeManager(owner);
  if (object === undefined || keysOf(object, manager).length === 0) return false;
  const metadata = { name, namespace, uid: object.metadata.uid };
  await client.apply({ ...typeOf(kind), metadata }, { fieldManager: manager, force: false });
  return true;
}

/** Whoever may not read Secrets has not written any. */
async function readable(
  client: ResourceClient<DataObject>,
  name: string,
  namespace: string | undefined,
): Promise<DataObject | undefined> {
  try {
    return await client.get(name, namespace);
  } catch (error) {
    if (client.ref.kind === 'Secret' && isBridgeError(error, 'KUBE_FORBIDDEN')) return undefined;
    throw error;
  }
}

function typeOf(kind: MirrorKind): { apiVersion: string; kind: MirrorKind } {
  return { apiVersion: dataObjectRefs[kind].version, kind };
}
