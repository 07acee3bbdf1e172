import { setTimeout } from 'node:timers/promises';

/**
 * For how long `work` keeps everything else in this thread waiting at most, in milliseconds of the thread's own processor
 * time: what else runs on the machine has no part in it.
 */
export async function longestHoldMs(work: () => Promise<unknown>): Promise<number> {
  let longestMs = 0;
  let isOver = false;
  let before = process.threadCpuUsage();
  const done = work().finally(() => (isOver = true));
  while (!isOver) {
    await setTimeout(1);
    const { system, user } = process.threadCpuUsage(before);
    longestMs = Math.max(longestMs, (system + user) / 1_000);
    before = process.threadCpuUsage();
  }
  await done;
  return longestMs;
}
