/**
 * The Nacos of a world of replicas: one server of a generation, or two nodes that are one cluster.
 * `TEST_NACOS` says which: 3.1 (unless told), 2.3 or cluster.
 */
import { startNacosCluster } from '../../testbed/nacos-cluster.ts';
import { startNacos } from '../../testbed/nacos.ts';
import type { NacosServer } from '../../testbed/nacos.ts';

export type SideName = '3.1' | '2.3' | 'cluster';

export const sideName: SideName =
  (['2.3', 'cluster'] as const).find((name) => name === process.env['TEST_NACOS']) ?? '3.1';

export interface NacosSide {
  /** All of them have the same login. */
  readonly nodes: readonly NacosServer[];
  stop(): Promise<void>;
}

export async function startNacosSide(name: SideName): Promise<NacosSide> {
  if (name === 'cluster') return startNacosCluster('3.1');
  const server = await startNacos(name);
  return { nodes: [server], stop: () => server.stop() };
}
