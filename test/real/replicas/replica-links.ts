/**
 * The network of one replica: a proxy of its own between it and the API server, and one between it and each Nacos node.
 * It stays as it is while the replica's process is restarted.
 */
import type { KubernetesServer } from '../../testbed/kubernetes.ts';
import { NacosProxy } from '../../testbed/nacos-proxy.ts';
import type { NacosServer } from '../../testbed/nacos.ts';
import { TcpProxy } from '../../testbed/tcp-proxy.ts';

export class ReplicaLinks {
  readonly api: TcpProxy;
  /** In the order of the nodes. */
  readonly nacos: readonly NacosProxy[];
  readonly #addresses: ReadonlyMap<string, string>;

  private constructor(api: TcpProxy, nacos: readonly NacosProxy[], addresses: ReadonlyMap<string, string>) {
    this.api = api;
    this.nacos = nacos;
    this.#addresses = addresses;
  }

  static async start(kubernetes: KubernetesServer, nodes: readonly NacosServer[]): Promise<ReplicaLinks> {
    const { hostname: host, port } = new URL(kubernetes.server);
    const api = await TcpProxy.start({ target: { host, port: Number(port) } });
    const nacos = await Promise.all(nodes.map((node) => NacosProxy.start(node)));
    const pairs = nodes.map(({ host, port }, index) => {
      const proxy = nacos[index];
      return [`${host}:${port}`, `${proxy?.host}:${proxy?.port}`] as const;
    });
    return new ReplicaLinks(api, nacos, new Map(pairs));
  }

  get apiServer(): string {
    return `https://127.0.0.1:${this.api.port}`;
  }

  /** An argument of the command line with the proxies in the place of the Nacos nodes. */
  readonly rewrite = (argument: string): string => {
    return [...this.#addresses].reduce((text, [node, proxy]) => text.replaceAll(node, proxy), argument);
  };

  /** Resets all its connections to Nacos. */
  resetNacos(): void {
    for (const proxy of this.nacos) proxy.cut();
  }

  async close(): Promise<void> {
    await Promise.all([this.api.close(), ...this.nacos.map((proxy) => proxy.close())]);
  }
}
