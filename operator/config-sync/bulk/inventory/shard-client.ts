/**
 * The shards of one NacosConfigSync as objects: NacosConfigInventories that it owns, called `<sync>-<8 hex of its uid>-<n>`.
 *
 * Guarantee: one is written only as it was written or read last (`metadata.resourceVersion`), and only if it is this sync's.
 */
import { FIELD_MANAGER, FINALIZER, MANAGED_BY, MANAGED_BY_LABEL, SYNC_LABEL } from '../../../api/names.ts';
import type { NacosConfigInventory, NacosConfigSync } from '../../../api/resources.ts';
import { BridgeError } from '../../../errors.ts';
import { ApiError } from '../../../kube/api-errors.ts';
import { addFinalizer, removeFinalizer } from '../../../kube/finalizer.ts';
import { isControlledBy, ownerReference } from '../../../kube/owner.ts';
import type { KubeObject } from '../../../kube/resource.ts';
import type { ResourceClient } from '../../../kube/resource-client.ts';
import type { Header } from './header.ts';
import type { Shard } from './shard.ts';

type Client = ResourceClient<NacosConfigInventory>;

/** 20 shards are ten thousand entries, about 1.2 MB. */
const LIST_PAGE = 20;

/** All there are, as they are now. */
export async function listShards(client: Client, sync: NacosConfigSync, signal?: AbortSignal) {
  const { name, namespace, uid = '' } = sync.metadata;
  const found: NacosConfigInventory[] = [];
  const asked = { namespace, labelSelector: `${SYNC_LABEL}=${name}`, limit: LIST_PAGE, signal };
  for (let next: string | undefined = ''; next !== undefined;) {
    const page = await client.list({ ...asked, continue: next || undefined });
    found.push(...page.items.filter((one) => isControlledBy(one, uid)));
    next = page.continue;
  }
  return found;
}

export class ShardClient {
  readonly #client: Client;
  readonly #sync: NacosConfigSync;
  /** Whether a shard must not go before its entries are dealt with. */
  readonly #isHeld: boolean;

  constructor(client: Client, sync: NacosConfigSync, isHeld: boolean) {
    this.#client = client;
    this.#sync = sync;
    this.#isHeld = isHeld;
  }

  nameOf(index: number): string {
    const { name, uid = '' } = this.#sync.metadata;
    return `${name}-${uid.replaceAll('-', '').slice(0, 8)}-${index}`;
  }

  isOurs(shard: KubeObject): boolean {
    return isControlledBy(shard, this.#sync.metadata.uid ?? '');
  }

  /** All there are, as they are now. Those that must not go get a finalizer, and others lose it. */
  async list(signal?: AbortSignal): Promise<NacosConfigInventory[]> {
    const found = await listShards(this.#client, this.#sync, signal);
    const hold = this.#isHeld ? addFinalizer : removeFinalizer;
    return Promise.all(found.map(async (one) => (await hold(this.#client, one, FINALIZER)) ?? one));
  }

  /** Undefined when it is gone. */
  async read(name: string): Promise<NacosConfigInventory | undefined> {
    const found = await this.#client.get(name, this.#sync.metadata.namespace);
    return found && this.isOurs(found) ? found : undefined;
  }

  /** @throws BridgeError KUBE_CONFLICT when somebody else has written it, made it, or removed it. */
  async write({ name, version }: Shard, header: Header, entries: readonly string[]) {
    const { namespace } = this.#sync.metadata;
    try {
      const { resourceVersion } = version ?? (await this.#create(name)).metadata;
      const options = { fieldManager: FIELD_MANAGER, subresource: 'status' } as const;
      const patch = { metadata: { resourceVersion }, status: { header, entries } };
      return (await this.#client.mergePatch(name, namespace, patch, options)).metadata;
    } catch (error) {
      const isGone = error instanceof ApiError && error.objectMissing;
      throw isGone ? this.changed(name, error) : error;
    }
  }

  changed(name: string, cause?: unknown): BridgeError {
    return new BridgeError('KUBE_CONFLICT', `NacosConfigInventory '${name}' was changed meanwhile`, { cause });
  }

  /** Removes one, with what it holds. */
  async letGo({ metadata: { name, uid } }: NacosConfigInventory): Promise<void> {
    const found = await this.read(name);
    if (found === undefined || found.metadata.uid !== uid) return;
    await this.#client.delete(name, found.metadata.namespace, { uid });
    await removeFinalizer(this.#client, found, FINALIZER);
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
}
