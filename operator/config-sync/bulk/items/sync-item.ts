/** One item in memory: its names, the session of its dataId, and how far what is recorded of it is to be believed. */
import type { ConfigSession } from '../../session.ts';
import { idOf, type EntryBase, type Item } from '../inventory/entry.ts';

export class SyncItem implements Item {
  readonly id: string;
  readonly config: Item['config'];
  ref: Item['ref'];
  /** Whether Nacos was found to have it, with `source: Both`. */
  isInNacos = false;
  session: ConfigSession | undefined;
  /** What the base of the session was made of. */
  recorded: EntryBase | undefined;
  /** Whether the base was read, and not confirmed since: what was done after it was recorded is not known. */
  isInherited = false;

  constructor(item: Item) {
    this.id = idOf(item);
    this.config = item.config;
    this.ref = item.ref;
  }

  close(): void {
    this.session?.close();
    this.session = undefined;
    this.recorded = undefined;
  }
}
