/**
 * How old the views of the API server are that we publish from, one for each resource.
 *
 * A view is confirmed by a list, an event, a bookmark, or a watch that ended by its own timeout. One that was not for the
 * lease duration makes its replica blind, whatever becomes of the Lease: a resource can fail alone. One that is about to be
 * that old is listed, so that a watch that hangs costs a list and no more. A resource that is unknown or forbidden is no
 * matter of sight: no other replica sees more of it.
 */
import { isBridgeError } from '../errors.ts';
import type { View } from '../kube/reflector.ts';
import { LEASE_DURATION_SECONDS } from './replica-lease.ts';

const TOO_OLD_MS = LEASE_DURATION_SECONDS * 1000;
/** A watch ends by itself within 12 s; what is left is the time for a list. */
const OLD_MS = 12_500;

/** Those that make us blind. What was never listed has published nothing. */
export function tooOld<T extends Pick<View, 'lastConfirmedMonotonicMs' | 'lastError'>>(
  views: readonly T[],
  nowMs: number,
): T[] {
  return olderThan(views, nowMs - TOO_OLD_MS);
}

/** Those that would make us blind soon. */
export function nearlyTooOld<T extends Pick<View, 'lastConfirmedMonotonicMs' | 'lastError'>>(
  views: readonly T[],
  nowMs: number,
): T[] {
  return olderThan(views, nowMs - OLD_MS);
}

/**
 * Lists them anew. Resolves to whether all of them could be: not those that are unknown or forbidden.
 *
 * @throws the failure of the first that the API server did not answer.
 */
export async function relist(views: readonly View[]): Promise<boolean> {
  const outcomes = await Promise.allSettled(views.map((view) => view.refresh()));
  const failures = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason as unknown] : []));
  const [failure] = failures.filter((reason) => !isRefusal(reason));
  if (failure !== undefined) throw failure;
  return failures.length === 0;
}

function olderThan<T extends Pick<View, 'lastConfirmedMonotonicMs' | 'lastError'>>(
  views: readonly T[],
  sinceMs: number,
): T[] {
  return views.filter(({ lastConfirmedMonotonicMs: confirmedMs, lastError }) => {
    return confirmedMs !== undefined && confirmedMs < sinceMs && !isRefusal(lastError);
  });
}

function isRefusal(error: unknown): boolean {
  return isBridgeError(error, 'KUBE_NOT_FOUND', 'KUBE_FORBIDDEN');
}
