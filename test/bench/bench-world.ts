/** What the benchmarks need besides servers: namespaces, configs, and the concurrency that both sides of a figure have. */
import type { RestKubernetes } from '../scenarios/kubernetes-backend.ts';
import { eventually } from '../eventually.ts';
import type { RealWorld } from '../real/world.ts';
import { BareNacos } from './bare-nacos.ts';

export const apiVersion = 'bridge.nacos.io/v1alpha1';
/** As many requests as this are under way at a time, by the operator's default too (`updateConcurrency`). */
export const concurrency = 20;
const contentBytes = 4096;
const deletionLimitMs = 600_000;

export interface BenchWorld {
  readonly world: RealWorld;
  readonly kubernetes: RestKubernetes;
  readonly nacos: BareNacos;
}

export async function connectBare(world: RealWorld, module: 'config' | 'naming' = 'config'): Promise<BareNacos> {
  const { host, grpcPort, admin } = world.nacos;
  return BareNacos.connect({ host, grpcPort, accessToken: await admin.login(), module });
}

/** 4 KB that differ by `mark`. */
export function contentOf(mark: string): string {
  return `${mark}\n`.padEnd(contentBytes, '.');
}

export async function createNamespace(kubernetes: RestKubernetes, name: string): Promise<void> {
  await kubernetes.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
}

/** Deletes the namespace and waits until it is gone. */
export async function deleteNamespace(kubernetes: RestKubernetes, name: string): Promise<void> {
  const ref = { apiVersion: 'v1', kind: 'Namespace', namespace: '', name };
  await kubernetes.delete(ref);
  await eventually(deletionLimitMs, async () => {
    if (await kubernetes.get(ref)) throw new Error(`namespace ${name} is still there`);
  });
}

export function names(count: number): string[] {
  return Array.from({ length: count }, (_, number) => `config-${number}`);
}

/** Calls `work` for each item, at most `concurrency` at a time. */
export async function forEach<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const waiting = items.values();
  const workers = Array.from({ length: concurrency }, async () => {
    for (const item of waiting) await work(item);
  });
  await Promise.all(workers);
}
