/**
 * A check of the round trip: what it is about, in words, and how it is found out. Checks are run one after the other,
 * and each ends as `ok`, `FAIL` with a reason, or left out, when what it needs is not there.
 */
import type { Clock } from '../../../operator/clock.ts';
import { messageOf } from '../../../operator/errors.ts';
import type { Sandbox } from '../sandbox.ts';

export interface Check {
  /** A sentence that is true when the check passes. */
  readonly name: string;
  /** Rejects with what is wrong; resolves with a note, if there is something to say. */
  run(sandbox: Sandbox): Promise<string | void>;
}

/** Thrown by a check that cannot be made here. */
export class LeftOut extends Error {}

export interface CheckResult {
  readonly name: string;
  readonly outcome: 'ok' | 'failed' | 'left out';
  readonly tookMs: number;
  /** The reason of a failure, or why it was left out. */
  readonly note: string | undefined;
}

/** Runs them in order. Where each builds on the one before (`isFundamental`), a failure is the last. */
export async function* runChecks(
  checks: readonly Check[],
  sandbox: Sandbox,
  clock: Clock,
  isFundamental: boolean,
): AsyncGenerator<CheckResult> {
  for (const check of checks) {
    if (sandbox.signal.aborted) return;
    const result = await runCheck(check, sandbox, clock);
    yield result;
    if (result.outcome === 'failed' && isFundamental) return;
  }
}

async function runCheck({ name, run }: Check, sandbox: Sandbox, clock: Clock): Promise<CheckResult> {
  const beganMs = clock.monotonic();
  const result = (outcome: CheckResult['outcome'], note?: string) => {
    return { name, outcome, tookMs: clock.monotonic() - beganMs, note };
  };
  try {
    return result('ok', (await run(sandbox)) ?? undefined);
  } catch (error) {
    return result(error instanceof LeftOut ? 'left out' : 'failed', messageOf(error));
  }
}

const marks = { ok: 'ok  ', failed: 'FAIL', 'left out': '--  ' };

export function resultLine({ name, outcome, tookMs, note }: CheckResult): string {
  const reason = note === undefined ? '' : `: ${outcome === 'left out' ? `left out, ${note}` : note}`;
  return `${marks[outcome]}  ${name} (${Math.round(tookMs)} ms)${reason.replaceAll(/\s+/g, ' ')}`;
}

export function summaryLine(results: readonly CheckResult[], tookMs: number): string {
  const failed = results.filter(({ outcome }) => outcome === 'failed').length;
  const leftOut = results.filter(({ outcome }) => outcome === 'left out').length;
  const more = leftOut > 0 ? `, ${leftOut} left out` : '';
  const passed = results.length - failed - leftOut;
  return `${passed} ok, ${failed} failed${more}, in ${(tookMs / 1000).toFixed(1)} s`;
}
