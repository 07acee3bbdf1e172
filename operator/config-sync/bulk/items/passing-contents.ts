/**
 * Contents that a watch has brought and that may have to be published, kept until that is done or there are too many: what
 * is not here is read.
 */
const MAX_BYTES = 16 * 1024 * 1024;

export class PassingContents {
  /** By the text of a key, the latest last. */
  readonly #contents = new Map<string, { md5: string; content: string }>();
  #bytes = 0;

  put(key: string, md5: string, content: string): void {
    this.drop(key);
    this.#contents.set(key, { md5, content });
    this.#bytes += content.length;
    for (const oldest of this.#contents.keys()) {
      if (this.#bytes <= MAX_BYTES) return;
      this.drop(oldest);
    }
  }

  get(key: string, md5: string): string | undefined {
    const held = this.#contents.get(key);
    return held?.md5 === md5 ? held.content : undefined;
  }

  drop(key: string): void {
    const held = this.#contents.get(key);
    if (held === undefined) return;
    this.#contents.delete(key);
    this.#bytes -= held.content.length;
  }
}
