/**
 * Who has seen what: each write of a user is a version of its own, made from the one that he saw on that side, whatever its
 * text is; and what both sides were seen to hold at the same time both have seen.
 *
 * A text may replace another one that its author has seen, unless that one's author has seen it, and has put the other back.
 */
interface Version {
  readonly text: string;
  readonly from: Set<Version>;
}

export type Side = 'kubernetes' | 'nacos';

/** Of one item. */
export class Lineage {
  readonly #all: Version[] = [];
  readonly #now: Record<Side, Version | undefined> = { kubernetes: undefined, nacos: undefined };
  /** Also what was removed since. */
  readonly #last: Record<Side, Version | undefined> = { kubernetes: undefined, nacos: undefined };

  textOf(side: Side): string | undefined {
    return this.#now[side]?.text;
  }

  /** A user writes, or removes. */
  edit(side: Side, text: string | undefined): void {
    const before = this.#now[side];
    if (text === before?.text) return;
    this.#put(side, text === undefined ? undefined : this.#add(text, this.#last[side]));
  }

  /** The operator writes. Returns whether what it replaced was seen by the author of the text. */
  copy(side: Side, text: string): boolean {
    const before = this.#now[side];
    const versions = this.#all.filter((version) => version.text === text);
    const heir = versions.findLast((version) => before === undefined || mayReplace(version, before));
    this.#put(side, heir ?? versions.at(-1) ?? this.#add(text, undefined));
    return heir !== undefined || before === undefined;
  }

  remove(side: Side): void {
    this.#now[side] = undefined;
  }

  /** There is another side by now, which never had anything. */
  renew(side: Side): void {
    this.#now[side] = undefined;
    this.#last[side] = undefined;
  }

  #put(side: Side, version: Version | undefined): void {
    this.#now[side] = version;
    this.#last[side] = version ?? this.#last[side];
  }

  #add(text: string, from: Version | undefined): Version {
    const version = { text, from: new Set(from ? [from] : []) };
    this.#all.push(version);
    return version;
  }

  /** The operator has looked at both sides, and knows of nothing to do. */
  meet(): void {
    const { kubernetes, nacos } = this.#now;
    if (kubernetes === undefined || nacos === undefined || kubernetes.text !== nacos.text) return;
    kubernetes.from.add(nacos);
    nacos.from.add(kubernetes);
  }
}

function mayReplace(version: Version, before: Version): boolean {
  const seen = seenBy(version);
  if (seen.has(before)) return true;
  const wasPutBack = seenBy(before).has(version);
  return !wasPutBack && [...seen].some(({ text }) => text === before.text);
}

/** By its author, itself among them. */
function seenBy(version: Version): Set<Version> {
  const seen = new Set<Version>();
  const waiting = [version];
  for (let next = waiting.pop(); next; next = waiting.pop()) {
    if (seen.has(next)) continue;
    seen.add(next);
    waiting.push(...next.from);
  }
  return seen;
}
