/**
 * The processor time that the contents of each Kubernetes namespace may take: one minute at once, and after that a tenth
 * of the time that passes. A namespace that has used that up, or one of whose contents took more than a content may,
 * pauses, twice as long each time until it has kept calm.
 */
import type { Clock } from '../../clock.ts';

const MOST_AT_ONCE_MS = 60_000;
const REGAINED = 0.1;
const FIRST_PAUSE_MS = 5_000;
const LONGEST_PAUSE_MS = 300_000;

interface Account {
  usedMs: number;
  /** When that was right. */
  atMs: number;
  pauseMs: number;
  pausedUntilMs: number;
}

export class NamespaceTime {
  readonly #clock: Clock;
  readonly #accounts = new Map<string, Account>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** For how long nothing of this namespace is to be examined; 0 when something may be. */
  pauseMs(namespace: string): number {
    return Math.max((this.#accounts.get(namespace)?.pausedUntilMs ?? 0) - this.#clock.monotonic(), 0);
  }

  /** `isTooMuch`: one content alone took more than it may. */
  spend(namespace: string, usedMs: number, isTooMuch: boolean): void {
    const nowMs = this.#clock.monotonic();
    const account = this.#accounts.get(namespace) ?? { usedMs: 0, atMs: nowMs, pauseMs: 0, pausedUntilMs: nowMs };
    account.usedMs = leftOf(account, nowMs) + usedMs;
    account.atMs = nowMs;
    if (isTooMuch || account.usedMs > MOST_AT_ONCE_MS) {
      account.pauseMs = isCalm(account, nowMs) ? FIRST_PAUSE_MS : Math.min(account.pauseMs * 2, LONGEST_PAUSE_MS);
      account.pausedUntilMs = nowMs + account.pauseMs;
    }
    this.#accounts.set(namespace, account);
    this.#forgetPaid(nowMs);
  }

  #forgetPaid(nowMs: number): void {
    for (const [namespace, account] of this.#accounts) {
      if (isCalm(account, nowMs) && leftOf(account, nowMs) === 0) this.#accounts.delete(namespace);
    }
  }
}

function leftOf({ usedMs, atMs }: Account, nowMs: number): number {
  return Math.max(usedMs - (nowMs - atMs) * REGAINED, 0);
}

/** For as long as the last pause was, since its end. */
function isCalm({ pauseMs, pausedUntilMs }: Account, nowMs: number): boolean {
  return pauseMs === 0 || nowMs >= pausedUntilMs + pauseMs;
}
