/**
 * Work on many things, a few at a time. One that fails keeps no other from being done.
 */
export interface Failure<T> {
  readonly item: T;
  readonly error: unknown;
}

/** Resolves with what failed, in the order of failure; what was not begun when `signal` was aborted counts as failed. */
export async function forEachBounded<T>(
  items: readonly T[],
  limit: number,
  signal: AbortSignal,
  work: (item: T) => Promise<void>,
): Promise<Failure<T>[]> {
  const failures: Failure<T>[] = [];
  const queue = items.values();
  const worker = async (): Promise<void> => {
    for (const item of queue) {
      try {
        signal.throwIfAborted();
        await work(item);
      } catch (error) {
        failures.push({ item, error });
      }
    }
  };
  await Promise.all(Array.from({ length: limit }, worker));
  return failures;
}
