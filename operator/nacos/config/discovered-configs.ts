/**
 * Which configs exist, as far as evidence goes: the pure part of a discovery.
 *
 * Evidence comes in rounds (a full listing, or the answer to a fuzzy watch) and in single notices between them. That a
 * config exists is believed at once. That it is gone is believed when two in a row of one source say so, of which the last
 * is a round that came to its end: the first makes it doubtful, the second removes it, and a round that does not miss it
 * ends the doubt. A round that was given up (an error, a lost connection) changes nothing but what it showed to exist.
 *
 * A config costs the text of its name and a number.
 */
import { type ConfigName, nameOf, nameText } from './config-pattern.ts';

const undoubted = 0;

export class DiscoveredConfigs {
  /** By name, the round in which, or after which, it was last said to be gone. */
  readonly #doubtedIn = new Map<string, number>();
  #round = 1;
  #source = '';

  get size(): number {
    return this.#doubtedIn.size;
  }

  get hasDoubts(): boolean {
    for (const round of this.#doubtedIn.values()) if (round !== undoubted) return true;
    return false;
  }

  *names(): Generator<ConfigName> {
    for (const text of this.#doubtedIn.keys()) yield nameOf(text);
  }

  /** They exist, which ends no doubt: a notice may be older than what raised it. Returns those that are new. */
  exist(names: Iterable<ConfigName>): ConfigName[] {
    const added: ConfigName[] = [];
    for (const { group, dataId } of names) {
      const text = nameText({ group, dataId });
      if (this.#doubtedIn.has(text)) continue;
      this.#doubtedIn.set(text, undoubted);
      added.push({ group, dataId });
    }
    return added;
  }

  /** A notice says that it is gone. Returns whether that is news. */
  doubt(name: ConfigName): boolean {
    const text = nameText(name);
    const doubtedIn = this.#doubtedIn.get(text);
    if (doubtedIn === undefined || doubtedIn === this.#round) return false;
    this.#doubtedIn.set(text, this.#round);
    return true;
  }

  /** Doubts that another source has raised end. */
  beginRound(source: string): void {
    if (source !== this.#source) for (const text of this.#doubtedIn.keys()) this.#doubtedIn.set(text, undoubted);
    this.#source = source;
    this.#round += 1;
  }

  /** The round came to its end and missed those. Returns the ones that are gone. */
  endRound(isMissing: (text: string) => boolean): ConfigName[] {
    const gone: ConfigName[] = [];
    for (const [text, doubtedIn] of this.#doubtedIn) {
      if (!isMissing(text)) {
        // A notice that came during the round may be newer than what the round saw.
        if (doubtedIn !== this.#round) this.#doubtedIn.set(text, undoubted);
      } else if (doubtedIn === undoubted) this.#doubtedIn.set(text, this.#round);
      else {
        this.#doubtedIn.delete(text);
        gone.push(nameOf(text));
      }
    }
    return gone;
  }
}
