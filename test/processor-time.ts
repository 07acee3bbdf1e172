/**
 * What something costs, in the processor time of this thread: whatever else runs on the machine has no part in it. To prove
 * that a cost is bounded, compare two of them: how long a machine takes for anything is not known.
 */
export function processorMs(work: () => void): number {
  const begin = process.threadCpuUsage();
  work();
  const { system, user } = process.threadCpuUsage(begin);
  return (system + user) / 1_000;
}
