/** Waiting for something that tells of its changes, with a limit. */
import type { Clock } from '../clock.ts';

export interface Awaited {
  readonly isSo: () => boolean;
  /** Calls the listener whenever `isSo` may have changed; returns how to stop listening. */
  readonly onChange: (listener: () => void) => () => void;
  readonly limitMs: number;
  readonly clock: Clock;
  readonly signal?: AbortSignal;
}

/**
 * Resolves as soon as it is so, or when that has taken too long.
 *
 * @throws the reason of `signal`
 */
export async function until({ isSo, onChange, limitMs, clock, signal }: Awaited): Promise<void> {
  const done = Promise.withResolvers<void>();
  const look = () => {
    if (isSo()) done.resolve();
  };
  const giveUp = () => done.reject(signal?.reason);
  const unsubscribe = onChange(look);
  const limit = clock.after(limitMs, () => done.resolve());
  signal?.addEventListener('abort', giveUp, { once: true });
  look();
  if (signal?.aborted) giveUp();
  try {
    await done.promise;
  } finally {
    unsubscribe();
    limit.cancel();
    signal?.removeEventListener('abort', giveUp);
  }
}
