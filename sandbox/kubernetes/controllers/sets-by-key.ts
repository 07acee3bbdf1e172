/** Sets of names by key, which exist while they have members: what the indexes of the controllers are made of. */
export class SetsByKey {
  readonly #sets = new Map<string, Set<string>>();

  get(key: string): ReadonlySet<string> {
    return this.#sets.get(key) ?? none;
  }

  add(key: string | undefined, member: string): void {
    if (key === undefined) return;
    const set = this.#sets.get(key);
    if (set) set.add(member);
    else this.#sets.set(key, new Set([member]));
  }

  delete(key: string | undefined, member: string): void {
    if (key === undefined) return;
    const set = this.#sets.get(key);
    if (set?.delete(member) && set.size === 0) this.#sets.delete(key);
  }
}

const none: ReadonlySet<string> = new Set();
