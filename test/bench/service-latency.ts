/**
 * Endpoints from Kubernetes to the clients of Nacos, in milliseconds.
 *
 *   operator  from the event of a changed EndpointSlice (a watch of ours shows it) until Nacos' answer to a query has the
 *             new endpoint, and until the official SDK is told of it
 *   bare      the same from the moment at which the bare client sends the same list for another service
 *
 * The two alternate, with one change under way at a time. Nacos gathers changes for half a second before it tells them.
 */
import { SliceWatch } from '../real/slice-watch.ts';
import { NacosSdk } from '../testbed/nacos-sdk.ts';
import type { BareNacos } from './bare-nacos.ts';
import { createServiceNamespace, createServices, placesOf, serviceName, sliceOf } from './bench-services.ts';
import { deleteNamespace } from './bench-world.ts';
import type { BenchWorld } from './bench-world.ts';
import { percentile } from './figure.ts';
import type { Figure } from './figure.ts';

const namespace = 'latency';
const bareGroup = 'latency-bare';
const limitMs = 30_000;

interface Sample {
  readonly queryMs: number;
  readonly pushMs: number;
}

export async function measureServiceLatency(bench: BenchWorld, naming: BareNacos, count: number): Promise<Figure[]> {
  const { kubernetes, world } = bench;
  await createServiceNamespace(kubernetes, namespace);
  await createServices(kubernetes, namespace, 0, 1);
  await naming.register(bareGroup, serviceName(0), placesOf(0, 0));
  const slices = new SliceWatch(kubernetes, namespace);
  slices.start();
  const sdk = await NacosSdk.start(world.nacos);
  await sdk.subscribe(namespace, serviceName(0));
  await sdk.subscribe(bareGroup, serviceName(0));
  const operator: Sample[] = [];
  const bare: Sample[] = [];
  // The first is not counted: it waits for the start of everything.
  for (let version = 1; version <= count + 1; version += 1) {
    const ip = placesOf(0, version)[0]?.ip ?? '';
    operator.push(
      await sampleOf(bench, sdk, namespace, ip, async () => {
        const before = slices.changes;
        await kubernetes.apply(sliceOf(namespace, 0, version));
        while (slices.changes === before) await new Promise((resolve) => setTimeout(resolve, 1));
        return slices.changedAtMs(serviceName(0));
      }),
    );
    bare.push(
      await sampleOf(bench, sdk, bareGroup, ip, async () => {
        const sentAtMs = performance.now();
        await naming.register(bareGroup, serviceName(0), placesOf(0, version));
        return sentAtMs;
      }),
    );
  }
  await sdk.stop();
  slices.stop();
  await deleteNamespace(kubernetes, namespace);
  return (['queryMs', 'pushMs'] as const).flatMap((field) =>
    [0.5, 0.99].map((fraction): Figure => ({
      name: `endpoint to ${field === 'queryMs' ? 'query' : 'push'}, p${fraction * 100}`,
      unit: 'ms',
      operator: percentile(
        operator.slice(1).map((sample) => sample[field]),
        fraction,
      ),
      bare: percentile(
        bare.slice(1).map((sample) => sample[field]),
        fraction,
      ),
      better: 'less',
    })),
  );
}

/** `change` makes the change and returns the time from which it counts. */
async function sampleOf(
  { world }: BenchWorld,
  sdk: NacosSdk,
  group: string,
  ip: string,
  change: () => Promise<number>,
): Promise<Sample> {
  const pushed = sdk.hosts((push) => push.group === group && push.hosts.some((host) => host.ip === ip), limitMs);
  const [beganMs, queriedAtMs] = await Promise.all([change(), untilQueried()]);
  return { queryMs: queriedAtMs - beganMs, pushMs: (await pushed).toldAtMs - beganMs };

  async function untilQueried(): Promise<number> {
    const deadlineMs = performance.now() + limitMs;
    while (performance.now() < deadlineMs) {
      const hosts = await world.nacos.admin.naming.offered('', group, serviceName(0));
      if (hosts.some((host) => host.ip === ip)) return performance.now();
    }
    throw new Error(`${ip} was not seen in ${group}`);
  }
}
