/**
 * Growing delays between attempts, with jitter so that many clients that failed together do not return together.
 *
 * The delay of attempt n lies in [1 - jitter, 1] x min(initial x factor^n, max). `reset` after a success.
 */
export interface BackoffOptions {
  initialMs: number;
  maxMs: number;
  /** @default 2 */
  factor?: number;
  /** Share of the delay that is random, 0 to 1. @default 0.5 */
  jitter?: number;
  /** A number in [0, 1); tests pass their own. @default Math.random */
  random?: () => number;
}

export class Backoff {
  readonly #options: Required<BackoffOptions>;
  #attempts = 0;

  constructor(options: BackoffOptions) {
    this.#options = { factor: 2, jitter: 0.5, random: Math.random, ...options };
  }

  /** How many delays were handed out since the last reset. */
  get attempts(): number {
    return this.#attempts;
  }

  nextMs(): number {
    const delayMs = backoffMs(this.#options, this.#attempts);
    this.#attempts += 1;
    return delayMs;
  }

  reset(): void {
    this.#attempts = 0;
  }
}

/** The delay before attempt number `attempt`, counted from 0. */
export function backoffMs(options: BackoffOptions, attempt: number): number {
  const { initialMs, maxMs, factor = 2, jitter = 0.5, random = Math.random } = options;
  const fullMs = Math.min(initialMs * factor ** attempt, maxMs);
  return fullMs * (1 - jitter * random());
}
