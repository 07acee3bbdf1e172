/**
 * Waiting that an AbortSignal ends: for work with a time limit, which sees one signal that the caller or the clock aborts,
 * and for one's turn.
 */
import type { Clock } from '../../clock.ts';
import { BridgeError } from '../../errors.ts';

/**
 * Rejects as soon as the time is over or the caller's signal is aborted, whether or not `work` listens to its signal.
 *
 * @param late message of the TIMEOUT error when `limitMs` passes first.
 * @throws TIMEOUT; ABORTED, or the caller's reason when that is a BridgeError; what `work` throws.
 */
export async function withDeadline<Result>(
  clock: Clock,
  limitMs: number,
  late: string,
  signal: AbortSignal | undefined,
  work: (within: AbortSignal) => Promise<Result>,
): Promise<Result> {
  const controller = new AbortController();
  const aborted = new Promise<never>((_, reject) => {
    controller.signal.addEventListener('abort', () => reject(controller.signal.reason), { once: true });
  });
  const giveUp = (): void => controller.abort(reasonOf(signal));
  if (signal?.aborted) giveUp();
  signal?.addEventListener('abort', giveUp, { once: true });
  const timer = clock.after(limitMs, () => controller.abort(new BridgeError('TIMEOUT', late)));
  try {
    return await Promise.race([aborted, work(controller.signal)]);
  } finally {
    timer.cancel();
    signal?.removeEventListener('abort', giveUp);
  }
}

function reasonOf(signal: AbortSignal | undefined): BridgeError {
  const reason: unknown = signal?.reason;
  return reason instanceof BridgeError ? reason : new BridgeError('ABORTED', 'the request was given up');
}

/** Resolves when `begin`'s `done` is called, and rejects with the reason of `signal`. `begin` returns how to stop waiting. */
export function awaitCall(signal: AbortSignal, begin: (done: () => void) => () => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const leave = (): void => {
      stop();
      signal.removeEventListener('abort', giveUp);
    };
    const giveUp = (): void => {
      leave();
      reject(signal.reason);
    };
    const stop = begin(() => {
      leave();
      resolve();
    });
    if (signal.aborted) giveUp();
    signal.addEventListener('abort', giveUp, { once: true });
  });
}
