/**
 * The shards of one NacosConfigSync as objects: NacosConfigInventories that it owns, called `<sync>-<8 hex of its uid>-<n>`.
 *
 * Guarantee: one is written only as it was written or read last (`metadata.resourceVersion`), and only if it is this sync's.
 */
import { FIELD_MANAGER, FINALIZER, MANAGED_BY, MANAGED_BY_LABEL, SYNC_LABEL } from '../../../api/names.ts';
import type { NacosConfigInventory, NacosConfigSync } from '../../../api/resources.ts';
import { BridgeError } from '../../../errors.ts';
import { ApiError } from '../../../kube/api-errors.ts';
import { addFinalizer, hasFinalizer, removeFinalizer } from '../../../kube/finalizer.ts';
import { isControlledBy, ownerReference } from '../../../kube/owner.ts';
import type { ResourceClient } from '../../../kube/resource-client.ts';
import type { Batch, Shard } from './shard.ts';

export interface StoredShard {
  readonly name: string;
  readonly uid: string | undefined;
  readonly resourceVersion: string | undefined;
  /** The text of its header, comparable. */
  readonly header: string;
  readonly lines: readonly string[];
}

/** 20 shards are ten thousand entries, about 1.2 MB. */
const LIST_PAGE = 20;

export class ShardClient {
  readonly #client: ResourceClient<NacosConfigInventory>;
  readonly #sync: NacosConfigSync;
  /** Whether a shard must not go before its entries are dealt with. */
  readonly #isHeld: boolean;

  constructor(client: ResourceClient<NacosConfigInventory>, sync: NacosConfigSync, isHeld: boolean) {
    this.#client = client;
    this.#sync = sync;
    this.#isHeld = isHeld;
  }

  nameOf(index: number): string {
    return `${this.#prefix}${index}`;
  }

  /** The number of a shard; undefined for another object. */
  indexOf(name: string): number | undefined {
    const digits = name.startsWith(this.#prefix) ? name.slice(this.#prefix.length) : '';
    return /^\d{1,6}$/.test(digits) ? Number(digits) : undefined;
  }

  /** All there are, as they are now. Those that must not go get a finalizer, and others lose it. */
  async list(signal?: AbortSignal): Promise<StoredShard[]> {
    const { name, namespace, uid = '' } = this.#sync.metadata;
    const found: NacosConfigInventory[] = [];
    const labelSelector = `${SYNC_LABEL}=${name}`;
    for (let next: string | undefined = ''; next !== undefined;) {
      const page = await this.#client.list({
        namespace,
        labelSelector,
        limit: LIST_PAGE,
        continue: next || undefined,
        signal,
      });
      found.push(
        ...page.items.filter((one) => isControlledBy(one, uid) && this.indexOf(one.metadata.name) !== undefined),
      );
      next = page.continue;
    }
    return Promise.all(found.map(async (one) => storedShard(await this.#held(one))));
  }

  /** Undefined when it is gone. */
  async read(name: string): Promise<StoredShard | undefined> {
    const found = await this.#client.get(name, this.#sync.metadata.namespace);
    return found && isControlledBy(found, this.#sync.metadata.uid ?? '') ? storedShard(found) : undefined;
  }

  /** @throws BridgeError KUBE_CONFLICT when somebody else has written it, made it, or removed it. */
  async write(shard: Shard, { header, lines }: Batch): Promise<{ uid?: string; resourceVersion?: string }> {
    const { namespace } = this.#sync.metadata;
    const status = { header: JSON.parse(header) as unknown, entries: lines };
    try {
      const resourceVersion = shard.resourceVersion ?? (await this.#create(shard.name)).metadata.resourceVersion;
      const patch = { metadata: { resourceVersion }, status };
      const options = { fieldManager: FIELD_MANAGER, subresource: 'status' } as const;
      return (await this.#client.mergePatch(shard.name, namespace, patch, options)).metadata;
    } catch (error) {
      const isGone = error instanceof ApiError && error.objectMissing;
      throw isGone ? this.changed(shard.name, error) : error;
    }
  }

  changed(name: string, cause?: unknown): BridgeError {
    return new BridgeError('KUBE_CONFLICT', `NacosConfigInventory '${name}' was changed meanwhile`, { cause });
  }

  /** Removes one, with what it holds. */
  async letGo({ name, uid }: StoredShard): Promise<void> {
    const { namespace } = this.#sync.metadata;
    const found = await this.#client.get(name, namespace);
    if (found === undefined || found.metadata.uid !== uid) return;
    await this.#client.delete(name, namespace, { uid });
    await removeFinalizer(this.#client, found, FINALIZER);
  }

  get #prefix(): string {
    const { name, uid = '' } = this.#sync.metadata;
    return `${name}-${uid.replaceAll('-', '').slice(0, 8)}-`;
  }

  #create(name: string): Promise<NacosConfigInventory> {
    const { metadata } = this.#sync;
    const object: NacosConfigInventory = {
      metadata: {
        name,
        namespace: metadata.namespace,
        labels: { [MANAGED_BY_LABEL]: MANAGED_BY, [SYNC_LABEL]: metadata.name },
        ownerReferences: [ownerReference(this.#sync, { controller: true })],
        ...(this.#isHeld && { finalizers: [FINALIZER] }),
      },
    };
    return this.#client.create(object, { fieldManager: FIELD_MANAGER });
  }

  async #held(found: NacosConfigInventory): Promise<NacosConfigInventory> {
    if (hasFinalizer(found, FINALIZER) === this.#isHeld || found.metadata.deletionTimestamp !== undefined) return found;
    const change = this.#isHeld ? addFinalizer : removeFinalizer;
    return (await change(this.#client, found, FINALIZER)) ?? found;
  }
}

function storedShard({ metadata, status }: NacosConfigInventory): StoredShard {
  const { name, resourceVersion, uid } = metadata;
  return { name, uid, resourceVersion, header: JSON.stringify(status?.header ?? null), lines: status?.entries ?? [] };
}
