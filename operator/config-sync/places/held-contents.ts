/**
 * Contents that a watch has brought and that may have to be published: kept until that is done or there are too many, and
 * read again by whoever needs one that is not here.
 */

/** Of UTF-16, where a content is not plain ASCII twice as many bytes. */
const MAX_CHARACTERS = 16 * 1024 * 1024;

export class HeldContents<Version> {
  /** The latest last. */
  readonly #held = new Map<string, { readonly version: Version; readonly content: string }>();
  #characters = 0;

  put(key: string, version: Version, content: string): void {
    this.drop(key);
    this.#held.set(key, { version, content });
    this.#characters += content.length;
    for (const oldest of this.#held.keys()) {
      if (this.#characters <= MAX_CHARACTERS) return;
      this.drop(oldest);
    }
  }

  get(key: string, version: Version): string | undefined {
    const held = this.#held.get(key);
    return held?.version === version ? held.content : undefined;
  }

  /** Of this version alone, where one is given. */
  drop(key: string, version?: Version): void {
    const held = this.#held.get(key);
    if (held === undefined || (version !== undefined && held.version !== version)) return;
    this.#held.delete(key);
    this.#characters -= held.content.length;
  }
}
