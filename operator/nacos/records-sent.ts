/** Waiting for records before something is said that relies on them. */
import type { Clock } from '../clock.ts';
import type { NamingClient } from './naming-client.ts';

/** Nacos may be away, or refuse a record for long. */
const LIMIT_MS = 30_000;

/**
 * Resolves when Nacos holds all records that are wanted, when none are to be sent, or when that has taken too long.
 *
 * @throws the reason of `signal`
 */
export async function recordsSent(
  naming: Pick<NamingClient, 'isSettled' | 'isSuspended' | 'onChange'>,
  clock: Clock,
  signal: AbortSignal,
): Promise<void> {
  const sent = Promise.withResolvers<void>();
  const look = () => {
    if (naming.isSettled || naming.isSuspended) sent.resolve();
  };
  const giveUp = () => sent.reject(signal.reason);
  const unsubscribe = naming.onChange(look);
  const limit = clock.after(LIMIT_MS, () => sent.resolve());
  signal.addEventListener('abort', giveUp, { once: true });
  look();
  if (signal.aborted) giveUp();
  try {
    await sent.promise;
  } finally {
    unsubscribe();
    limit.cancel();
    signal.removeEventListener('abort', giveUp);
  }
}
