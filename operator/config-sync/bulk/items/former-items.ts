/**
 * What a NacosConfigSync has published by another connection or in another Nacos namespace, which its spec named before: it has
 * disappeared in the sense of `syncDeletion`, and goes when everything is in its new place.
 *
 * Guarantees: the guard has a say (leaving.ts); where a connection is gone for good nothing waits for it, and what stays in
 * Nacos is told.
 */
import type { NacosConfigInventory } from '../../../api/resources.ts';
import { isBridgeError, messageOf } from '../../../errors.ts';
import type { Leaving } from '../leaving.ts';
import { removeShard, type Removed, type ShardRemoval } from './remove-shard.ts';

export interface FormerItemsOptions extends ShardRemoval {
  readonly leaving: Leaving;
  /** Whether their dataIds go from Nacos. */
  readonly removes: boolean;
  /** What is left in Nacos, and why. */
  readonly onLeft: (note: string) => void;
}

export class FormerItems {
  readonly #options: FormerItemsOptions;
  #shards: readonly NacosConfigInventory[];

  constructor(shards: readonly NacosConfigInventory[], options: FormerItemsOptions) {
    this.#options = options;
    this.#shards = shards;
  }

  /** What is to go from Nacos, as the guard knows it; no item is called so. */
  get ids(): string[] {
    return this.#options.removes ? this.#shards.flatMap(idsOf) : [];
  }

  /** Takes away what may go. @throws BridgeError why it could not be; it is tried again. */
  async remove(signal: AbortSignal): Promise<void> {
    const { leaving, removes, shards } = this.#options;
    for (const stored of this.#shards) {
      const ids = idsOf(stored);
      if (removes && !ids.every((id) => leaving.mayGo(id))) continue;
      if (removes) await this.#removeShard(stored, signal);
      else await shards.letGo(stored);
      this.#shards = this.#shards.filter((other) => other !== stored);
      for (const id of ids) leaving.gone(id);
    }
  }

  async #removeShard(stored: NacosConfigInventory, signal: AbortSignal): Promise<void> {
    const told: Removed = { removed: 0, left: [] };
    try {
      await removeShard(stored, this.#options, told, signal);
    } catch (error) {
      if (!isBridgeError(error, 'REFERENCE_MISSING', 'NOT_ALLOWED')) throw error;
      told.left.push(messageOf(error));
      await this.#options.shards.letGo(stored);
    }
    const [why] = told.left;
    if (why !== undefined) this.#options.onLeft(`Left in Nacos, where it was published before: ${why}`);
  }
}

function idsOf({ metadata, status }: NacosConfigInventory): string[] {
  return (status?.entries ?? []).map((line) => `${metadata.name}: ${line}`);
}
