/**
 * Takes a map of parsed YAML apart, member by member, and complains about members that nobody asked for: a misspelt key
 * in a scenario file is an error, not an expectation that is silently not checked.
 */
export class Reader {
  readonly where: string;
  readonly value: Readonly<Record<string, unknown>>;
  readonly #taken = new Set<string>();

  constructor(value: unknown, where: string) {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new Error(`${where}: must be a map`);
    this.value = value as Record<string, unknown>;
    this.where = where;
  }

  keys(): string[] {
    return Object.keys(this.value);
  }

  has(key: string): boolean {
    return key in this.value;
  }

  any(key: string): unknown {
    this.#taken.add(key);
    return this.value[key];
  }

  text(key: string): string {
    return this.optionalText(key) ?? this.#fail(key, 'is missing');
  }

  optionalText(key: string): string | undefined {
    const value = this.any(key);
    if (value === undefined || typeof value === 'string') return value;
    // Written without quotes, True and 1.10 are no strings in YAML.
    return this.#fail(key, 'must be a string (quote it)');
  }

  number(key: string): number {
    return this.optionalNumber(key) ?? this.#fail(key, 'is missing');
  }

  optionalNumber(key: string): number | undefined {
    const value = this.any(key);
    return value === undefined || typeof value === 'number' ? value : this.#fail(key, 'must be a number');
  }

  /** Absent is false. */
  flag(key: string): boolean {
    const value = this.any(key) ?? false;
    return typeof value === 'boolean' ? value : this.#fail(key, 'must be true or false');
  }

  list(key: string): unknown[] {
    const value = this.any(key);
    return Array.isArray(value) ? value : this.#fail(key, 'must be a list');
  }

  /** Absent is an empty list; a number, which a variable may be, is taken as its text. */
  texts(key: string): string[] {
    if (!this.has(key)) return [];
    const isText = (item: unknown): boolean => typeof item === 'string' || typeof item === 'number';
    const items = this.list(key);
    return items.every(isText) ? items.map(String) : this.#fail(key, 'must be a list of strings');
  }

  object(key: string): Reader {
    return new Reader(this.any(key), `${this.where}, ${key}`);
  }

  optionalObject(key: string): Reader | undefined {
    return this.has(key) ? this.object(key) : undefined;
  }

  /** Applies `read` and then complains about members that it did not take. */
  whole<T>(read: (body: Reader) => T): T {
    const result = read(this);
    this.end();
    return result;
  }

  end(): void {
    const unknown = this.keys().filter((key) => !this.#taken.has(key));
    if (unknown.length > 0) throw new Error(`${this.where}: unknown key ${unknown.join(', ')}`);
  }

  #fail(key: string, rule: string): never {
    throw new Error(`${this.where}: ${key} ${rule}`);
  }
}
