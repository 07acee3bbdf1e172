/**
 * Helps to make replicas blind, and to see what becomes of it: who publishes, and when a host that has ended is out of sight.
 */
import assert from 'node:assert/strict';
import { setTimeout as pause } from 'node:timers/promises';
import { eventually } from '../../eventually.ts';
import { hostOf } from './published-services.ts';
import type { ReplicaWorld } from './replica-world.ts';
import type { Hosts } from './sights.ts';

const outageLimitMs = 60_000;

export interface Withdrawal {
  /** What is not live any more, by service. */
  readonly gone: Hosts;
  /** When the API server had all of it, on the monotonic clock. */
  readonly atMs: number;
}

/** Takes the last endpoint out of that many services. */
export async function withdraw(world: ReplicaWorld, services: number): Promise<Withdrawal> {
  const gone = new Map<string, readonly string[]>();
  for (const service of world.services.names.slice(0, services)) {
    const endpoints = world.services.endpoints(service);
    gone.set(service, endpoints.slice(-1).map(hostOf));
    await world.services.write(service, endpoints.slice(0, -1));
  }
  return { gone, atMs: performance.now() };
}

/** Puts new endpoints where others were withdrawn, so that a test can be run again and again. */
export async function refill(world: ReplicaWorld, { gone }: Withdrawal): Promise<void> {
  for (const service of gone.keys()) {
    const endpoints = world.services.endpoints(service);
    await world.services.write(service, [...endpoints, { address: newAddress() }]);
  }
}

/** Waits until no subscriber of these nodes is told any of it; returns how long after the withdrawal that was. */
export async function outOfSightMs(
  world: ReplicaWorld,
  { gone, atMs }: Withdrawal,
  limitMs: number,
  nodes: readonly number[] = [...world.nacos.nodes.keys()],
): Promise<number> {
  await eventually(limitMs, async () => {
    for (const node of nodes) {
      const told = world.observers.told(node);
      const left = [...gone].flatMap(([service, hosts]) => hosts.filter((host) => told.get(service)?.includes(host)));
      assert.deepEqual(left, [], `what node ${node} still tells`);
    }
  });
  return performance.now() - atMs;
}

/** Waits until exactly that many replicas publish every service, in the eyes of all nodes. */
export async function publishersAre(world: ReplicaWorld, publishers: number, limitMs: number): Promise<void> {
  await eventually(limitMs, async () => {
    for (const node of world.nacos.nodes.keys()) await world.assertEqual(node, publishers);
  });
}

/** Kills the API server and starts it after the given time. */
export async function apiserverOutage(world: ReplicaWorld, forMs: number): Promise<void> {
  assert.ok(forMs < outageLimitMs);
  await world.kubernetes.kill('apiserver', 'SIGKILL');
  try {
    await pause(forMs);
  } finally {
    await world.kubernetes.start('apiserver');
  }
}

let addresses = 0;

export function newAddress(): string {
  addresses += 1;
  return `10.30.${addresses >> 8}.${addresses & 255}`;
}
