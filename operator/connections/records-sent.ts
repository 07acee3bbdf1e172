/** Waiting for records before something is said or done that relies on them: until servers have them, and all servers. */
import type { Clock } from '../clock.ts';
import type { NamingClient } from '../nacos/index.ts';
import { until } from '../runtime/until.ts';

/** Nacos may be away, or refuse a record for long. */
const LIMIT_MS = 30_000;

/** Nacos servers tell each other of records once a second; two and a half were seen under load. */
const KNOWN_EVERYWHERE_MS = 3000;

/** How long other servers may not know yet what one of them has confirmed. */
export function spreadMs({ connections }: Pick<NamingClient, 'connections'>): number {
  return connections.serverCount > 1 ? KNOWN_EVERYWHERE_MS : 0;
}

/**
 * Resolves when Nacos holds all records that are wanted, when none are to be sent, or when that has taken too long.
 *
 * @throws the reason of `signal`
 */
export function recordsSent(
  naming: Pick<NamingClient, 'connections' | 'isSettled' | 'onChange'>,
  clock: Clock,
  signal?: AbortSignal,
): Promise<void> {
  return until({
    isSo: () => naming.isSettled || naming.connections.isSuspended,
    onChange: (listener) => naming.onChange(listener),
    limitMs: LIMIT_MS,
    clock,
    signal,
  });
}
