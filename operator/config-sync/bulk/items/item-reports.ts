/** What became of the items of one NacosConfigSync: counted, with what has no item because another one has its dataId. */
import { type ConfigName, nameText } from '../../../nacos/index.ts';
import { doneText, nothingDone, type Done } from '../done.ts';
import type { Item } from '../inventory/entry.ts';
import { PENDING, placeOf, Tally, type ItemState, type Outcome } from '../tally.ts';
import type { ItemBook, Skipped } from './item-book.ts';

/** What somebody has to see to. */
const problems: readonly ItemState[] = ['conflict', 'invalid', 'failing'];

export class ItemReports {
  readonly tally = new Tally();
  hasWritten = false;
  /** The ids under which the losers of each dataId are counted. */
  readonly #losersOf = new Map<string, readonly string[]>();
  readonly #onProblem: (item: Item, outcome: Outcome) => void;
  #done = nothingDone();

  /** `onProblem` is told what is wrong with an item, once. */
  constructor(onProblem: (item: Item, outcome: Outcome) => void) {
    this.#onProblem = onProblem;
  }

  skipped(id: string, skipped: Skipped | undefined): void {
    if (skipped) this.tally.set(id, skipped);
    else this.tally.delete(id);
  }

  found(item: Item): void {
    this.count(item, PENDING);
  }

  count(item: Item, outcome: Outcome): void {
    const isNew = this.tally.set(nameText(item.config), { outcome, place: placeOf(item) });
    if (isNew && problems.includes(outcome.state)) this.#onProblem(item, outcome);
  }

  gone(id: string): void {
    this.tally.delete(id);
  }

  losers(config: ConfigName, book: ItemBook): void {
    const id = nameText(config);
    const losers = book.losers(config);
    for (const loser of this.#losersOf.get(id) ?? []) this.tally.delete(loser);
    for (const loser of losers) this.tally.set(loser.id, loser);
    if (losers.length === 0) this.#losersOf.delete(id);
    else
      this.#losersOf.set(
        id,
        losers.map((loser) => loser.id),
      );
  }

  wrote(what: keyof Done): void {
    this.#done[what] += 1;
    this.hasWritten = true;
  }

  /** What was done since it was asked last; undefined for nothing. */
  done(): string | undefined {
    const text = doneText(this.#done);
    this.#done = nothingDone();
    return text;
  }
}
