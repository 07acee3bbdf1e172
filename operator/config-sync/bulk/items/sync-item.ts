/** One item in memory: its names, and how far what is recorded of it is to be believed. */
import { BridgeError } from '../../../errors.ts';
import { deposed, type Term } from '../../../runtime/term.ts';
import { idOf, type EntryBase, type Item } from '../inventory/entry.ts';
import type { Inventory } from '../inventory/inventory.ts';

/** What keeps a write from being forgotten, or done by two. */
export interface Safeguards {
  readonly inventory: Inventory;
  readonly term: Term;
}

export class SyncItem implements Item {
  readonly id: string;
  readonly config: Item['config'];
  ref: Item['ref'];
  /** Whether Nacos was found to have it, with `source: Both`. */
  isInNacos = false;
  /** What the base of its session was made of. */
  recorded: EntryBase | undefined;
  /** Whether the base was read, and not confirmed since: what was done after it was recorded is not known. */
  isInherited = false;

  constructor(item: Item) {
    this.id = idOf(item);
    this.config = item.config;
    this.ref = item.ref;
  }

  /** The session knows it, or need not. */
  record(base: EntryBase | undefined, inventory: Inventory): void {
    inventory.record(this.id, base);
    this.recorded = inventory.get(this.id)?.base;
  }

  /** Resolves when it is durable that none is recorded; the session knows it still. */
  takeOutBase(inventory: Inventory): Promise<void> {
    const stored = inventory.takeOutBase(this.id);
    this.recorded = undefined;
    return stored;
  }

  /** @throws BridgeError ABORTED when another process may lead; KUBE_CONFLICT when the item would be forgotten. */
  checkMayWrite({ inventory, term }: Safeguards): void {
    if (!term.isCurrent()) throw deposed();
    if (inventory.isDurable(this.id)) return;
    throw new BridgeError('KUBE_CONFLICT', 'The entry of the item was lost, and is written again first');
  }
}
