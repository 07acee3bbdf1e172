/**
 * Waits for what must come true: calls `check` until it does not throw.
 *
 * @throws what `check` threw last, when the time is over
 */
export async function eventually<T>(limitMs: number, check: () => Promise<T>): Promise<T> {
  const deadlineMs = performance.now() + limitMs;
  for (;;) {
    try {
      return await check();
    } catch (error) {
      if (performance.now() > deadlineMs) throw new Error(`not within ${limitMs} ms`, { cause: error });
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
