/**
 * A cold start over configs that are equal on both sides.
 *
 *   operator  from the start of its process until it knows what Nacos holds of every dataId and has nothing left to do
 *   bare      lists the resources, reads every dataId, 20 at a time, and listens to all of them
 *
 * Whatever the operator writes meanwhile, to either side and but for Leases, is a mistake, and is told by name.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { addressOf } from './bare-bridge.ts';
import { apiVersion, forEach } from './bench-world.ts';
import type { ConfigStage, Writes } from './config-stage.ts';
import type { OperatorProcess } from '../operator-process.ts';

const limitMs = 600_000;
const pollMs = 250;
/** Events and statuses are gathered for less. */
const quietMs = 3_000;

export interface StartFigures {
  readonly seconds: number;
  readonly writes: Writes;
}

/** The operator must not be running. */
export async function coldStart({ operator, writesDuring }: ConfigStage, size: number): Promise<StartFigures> {
  let seconds = 0;
  const writes = await writesDuring(async () => {
    const beganMs = performance.now();
    await operator.start();
    await idle(operator, size);
    seconds = (performance.now() - beganMs) / 1000;
    await sleep(quietMs);
  });
  return { seconds, writes };
}

export async function bareColdStart({ connectBare, kubernetes }: ConfigStage, namespace: string): Promise<number> {
  const beganMs = performance.now();
  const nacos = await connectBare();
  const configs = (await kubernetes.list(apiVersion, 'NacosConfig', namespace)).map(addressOf);
  const held: { dataId: string; group: string; content: string }[] = [];
  await forEach(configs, async (config) => void held.push({ ...config, content: await nacos.query(config) }));
  await nacos.listenAll(held, () => {});
  nacos.close();
  return (performance.now() - beganMs) / 1000;
}

/**
 * Resolves when the operator has nothing left to do: it looks at each NacosConfig once, which asks Nacos, and once more
 * when Nacos has answered; and then none waits for a worker or has one.
 */
async function idle(operator: OperatorProcess, size: number): Promise<void> {
  const deadlineMs = performance.now() + limitMs;
  while (performance.now() < deadlineMs) {
    const looks = await operator.metric('controller_runtime_reconcile_total', 'nacosconfig"');
    const waiting = await operator.metric('workqueue_depth', 'nacosconfig"');
    const working = await operator.metric('controller_runtime_active_workers', 'nacosconfig"');
    if (looks >= 2 * size && waiting + working === 0) return;
    await sleep(pollMs);
  }
  throw new Error('the operator does not come to rest');
}
