/** How long to wait where nothing is promised about when: on a machine that is busy, only what never comes is a failure. */
export const hangMs = 90_000;

/**
 * Waits for what must come true: calls `check` until it does not throw.
 *
 * @throws Error with what `check` threw last, when the time is over
 */
export async function eventually<T>(limitMs: number, check: () => Promise<T>): Promise<T> {
  const deadlineMs = performance.now() + limitMs;
  for (;;) {
    try {
      return await check();
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      if (performance.now() > deadlineMs) throw new Error(`not within ${limitMs} ms: ${why}`, { cause: error });
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
