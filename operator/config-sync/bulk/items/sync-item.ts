/**
 * One item in memory: its names, what is recorded of it, and how far that is to be believed.
 *
 * Of a Secret's content only a digest is recorded, made with the `uid` of the Secret: which content it is of is found among
 * those that the two sides have now.
 */
import { BridgeError } from '../../../errors.ts';
import { deposed, type Term } from '../../../runtime/term.ts';
import { markOf, type RemoteConfig } from '../../remote.ts';
import { digestOf, idOf, type EntryBase, type Item } from '../inventory/entry.ts';
import type { Inventory } from '../inventory/inventory.ts';
import type { KeyRef } from '../mapping.ts';

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

export function recordedMd5(md5: string, { kind }: KeyRef, uid: string): string {
  return kind === 'Secret' ? digestOf(md5, uid) : md5;
}

/**
 * Whether what Nacos holds is what was recorded, and not the same content written later: by somebody who has taken back what
 * was published and not recorded before a crash.
 */
export function isAsRecorded(recorded: EntryBase, baseMd5: string, remote: RemoteConfig, mark: string): boolean {
  if (remote.kind !== 'present' || remote.md5 !== baseMd5) return false;
  const isByUs = markOf(remote.metadata.srcUser) === mark;
  const { isOurs, writtenMs } = recorded;
  if (writtenMs !== undefined) return !isByUs && remote.modifiedMs === writtenMs;
  return isOurs && isByUs;
}

/** Whether Nacos tells that somebody else has written what it holds. */
export function isByOther({ metadata }: RemoteConfig, mark: string): boolean {
  return metadata !== undefined && markOf(metadata.srcUser) !== mark;
}
