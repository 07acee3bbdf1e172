/**
 * What a NacosConfigSync has published by another connection or in another Nacos namespace, which its spec named before: it has
 * disappeared in the sense of `syncDeletion`, and goes when everything is in its new place.
 *
 * Guarantees: the guard has a say (leaving.ts); where a connection is gone for good nothing waits for it, and what stays in
 * Nacos is told.
 */
import { isBridgeError, messageOf } from '../../../errors.ts';
import type { FormerShard } from '../inventory/inventory.ts';
import type { ShardClient } from '../inventory/shard-client.ts';
import type { Leaving } from '../leaving.ts';
import { removeShard, type ShardRemoval } from './remove-shard.ts';

export interface FormerItemsOptions extends Omit<ShardRemoval, 'onDone'> {
  readonly shards: ShardClient;
  readonly leaving: Leaving;
  /** Whether their dataIds go from Nacos. */
  readonly removes: boolean;
  /** What is left in Nacos, and why. */
  readonly onLeft: (note: string) => void;
}

export class FormerItems {
  readonly #options: FormerItemsOptions;
  #shards: readonly FormerShard[];

  constructor(shards: readonly FormerShard[], options: FormerItemsOptions) {
    this.#options = options;
    this.#shards = shards;
  }

  /** Of those that the guard counts. */
  get count(): number {
    return this.#options.removes ? this.#shards.reduce((sum, { stored }) => sum + stored.lines.length, 0) : 0;
  }

  /** They are to go: the guard is asked next. */
  announce(): void {
    if (!this.#options.removes) return;
    for (const { stored } of this.#shards)
      for (const line of stored.lines) this.#options.leaving.add(idOf(stored.name, line));
  }

  /** Takes away what may go. @throws BridgeError why it could not be; it is tried again. */
  async remove(signal: AbortSignal): Promise<void> {
    const { leaving, removes, shards } = this.#options;
    for (const one of this.#shards) {
      const ids = one.stored.lines.map((line) => idOf(one.stored.name, line));
      if (removes && !ids.every((id) => leaving.mayGo(id))) continue;
      if (removes) await this.#removeShard(one, signal);
      else await shards.letGo(one.stored);
      this.#shards = this.#shards.filter((other) => other !== one);
      for (const id of ids) leaving.gone(id);
    }
  }

  async #removeShard({ header, stored }: FormerShard, signal: AbortSignal): Promise<void> {
    const { onLeft } = this.#options;
    const left: string[] = [];
    const onDone = (_: boolean, why: string | undefined): void => void (why !== undefined && left.push(why));
    try {
      await removeShard(stored, header, { ...this.#options, onDone }, signal);
    } catch (error) {
      if (!isBridgeError(error, 'REFERENCE_MISSING', 'NOT_ALLOWED')) throw error;
      left.push(messageOf(error));
      await this.#options.shards.letGo(stored);
    }
    if (left.length > 0) onLeft(`Left in Nacos, where it was published before: ${left[0]}`);
  }
}

/** No item is called so. */
function idOf(shard: string, line: string): string {
  return `${shard}: ${line}`;
}
