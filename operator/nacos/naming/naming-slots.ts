/**
 * What one connection holds at the server, slot by slot, and what makes each agree with what is wanted.
 *
 * Level-triggered: `settle` looks at the wish of the moment, and again after every request, until the slot is as wished.
 * So wishes that change meanwhile cost one request, not one each, and all that wait for a slot share one outcome.
 *
 * Guarantees: one request at a time for each slot; none when the slot is as wished. After a request without an answer the
 * slot may hold either, and the next settling sends again, whatever the wish is.
 */
import { isBridgeError } from '../../errors.ts';

export interface Wish {
  /** Equal for equal wishes. */
  readonly text: string;
}

interface SlotsOptions<W extends Wish> {
  /** By key, as it is at any moment; slots that are not there are to be empty. */
  readonly wanted: ReadonlyMap<string, W>;
  readonly fill: (wish: W) => Promise<void>;
  /** `last` is what was last sent to the slot. */
  readonly clear: (last: W) => Promise<void>;
}

interface Held<W extends Wish> {
  readonly wish: W;
  /** The server has confirmed it, and nothing was sent since. */
  readonly isCertain: boolean;
}

export class Slots<W extends Wish> {
  readonly #options: SlotsOptions<W>;
  readonly #held = new Map<string, Held<W>>();
  readonly #settling = new Map<string, Promise<void>>();
  /** Wishes that the server refused for what they are. */
  readonly #refused = new Map<string, string | undefined>();

  constructor(options: SlotsOptions<W>) {
    this.#options = options;
  }

  /** What the server has confirmed. */
  *confirmed(): Generator<readonly [string, W]> {
    for (const [key, { isCertain, wish }] of this.#held) if (isCertain) yield [key, wish];
  }

  /** Whether the slot holds something, or may. */
  has(key: string): boolean {
    return this.#held.has(key);
  }

  /** Keys that are not as wished, but for wishes that the server has refused: sending them again cannot help. */
  unsettled(): string[] {
    const keys = new Set([...this.#options.wanted.keys(), ...this.#held.keys()]);
    return [...keys].filter((key) => !this.#isSettled(key) && !this.#isRefused(key));
  }

  /** Resolves when the slot is as wished at that moment. @throws what the last request threw, when the wish still stands */
  settle(key: string): Promise<void> {
    let settling = this.#settling.get(key);
    if (settling) return settling;
    if (this.#isSettled(key)) return Promise.resolve();
    settling = this.#settle(key);
    this.#settling.set(key, settling);
    return settling;
  }

  /** The slot may hold anything: the next settling sends again. */
  doubt(key: string): void {
    const held = this.#held.get(key);
    if (held) this.#held.set(key, { ...held, isCertain: false });
  }

  async #settle(key: string): Promise<void> {
    try {
      while (!this.#isSettled(key)) await this.#bring(key, this.#options.wanted.get(key));
    } finally {
      this.#settling.delete(key);
    }
  }

  async #bring(key: string, wish: W | undefined): Promise<void> {
    try {
      await this.#send(key, wish);
      this.#refused.delete(key);
    } catch (error) {
      if (this.#options.wanted.get(key)?.text !== wish?.text) return;
      if (isBridgeError(error, 'NACOS_INVALID', 'NACOS_UNSUPPORTED')) this.#refused.set(key, wish?.text);
      throw error;
    }
  }

  async #send(key: string, wish: W | undefined): Promise<void> {
    const before = this.#held.get(key);
    const sent = wish ?? before?.wish;
    if (!sent) return;
    this.#held.set(key, { wish: sent, isCertain: false });
    try {
      await (wish ? this.#options.fill(wish) : this.#options.clear(sent));
    } catch (error) {
      if (isRefusal(error) && before) this.#held.set(key, before);
      else if (isRefusal(error)) this.#held.delete(key);
      throw error;
    }
    if (wish) this.#held.set(key, { wish, isCertain: true });
    else this.#held.delete(key);
  }

  #isSettled(key: string): boolean {
    const wish = this.#options.wanted.get(key);
    const held = this.#held.get(key);
    if (!wish || !held) return !wish && !held;
    return held.isCertain && held.wish.text === wish.text;
  }

  #isRefused(key: string): boolean {
    return this.#refused.has(key) && this.#refused.get(key) === this.#options.wanted.get(key)?.text;
  }
}

/** The server has answered, and has not carried it out. */
function isRefusal(error: unknown): boolean {
  return isBridgeError(
    error,
    'NACOS_INVALID',
    'NACOS_UNSUPPORTED',
    'NACOS_FORBIDDEN',
    'NACOS_UNAUTHENTICATED',
    'NACOS_OVERLOADED',
  );
}
