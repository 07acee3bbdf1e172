/**
 * A cluster of Nacos servers on loopback, with embedded storage that its nodes keep equal by Raft. All nodes must start
 * at the same time: none is ready before it has found the others. A busy machine may make one too slow for its own limits (no
 * leader of its Raft group, no answer of its database); it ends then, and is started once more, as whatever runs it in
 * production would.
 */
import { randomBytes } from 'node:crypto';
import { freeNacosPort, startNacos } from './nacos.ts';
import type { NacosOptions, NacosServer, NacosVersion } from './nacos.ts';

const maxAttempts = 3;

export interface NacosCluster {
  readonly nodes: readonly NacosServer[];
  /** HOST:PORT of all nodes, comma separated, as clients take it. */
  readonly addresses: string;
  stop(): Promise<void>;
}

export async function startNacosCluster(version: NacosVersion, size = 2): Promise<NacosCluster> {
  const password = `password-${randomBytes(8).toString('hex')}`;
  const ports: number[] = [];
  // One after another: a block that was found is only known to be free of those before it.
  while (ports.length < size) {
    const port = await freeNacosPort();
    if (ports.every((other) => Math.abs(other - port) > 10)) ports.push(port);
  }
  const members = ports.map((port) => `127.0.0.1:${port}`);
  const starts = await Promise.allSettled(ports.map((port) => startNode(version, { port, password, members })));
  const nodes = starts.flatMap((start) => (start.status === 'fulfilled' ? [start.value] : []));
  const stop = async (): Promise<void> => {
    await Promise.all(nodes.map((node) => node.stop()));
  };
  const failure = starts.find((start) => start.status === 'rejected');
  if (failure) {
    await stop();
    throw failure.reason;
  }
  return { nodes, addresses: members.join(','), stop };
}

async function startNode(version: NacosVersion, options: NacosOptions): Promise<NacosServer> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await startNacos(version, options);
    } catch (error) {
      if (attempt === maxAttempts) throw error;
    }
  }
}
