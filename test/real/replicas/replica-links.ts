/**
 * The network of one replica: a proxy of its own between it and the API server, and one between it and each Nacos node.
 * It stays as it is while the replica's process is restarted.
 */
import { ApiProxy } from '../../testbed/api-proxy.ts';
import type { KubernetesServer } from '../../testbed/kubernetes.ts';
import { NacosProxy } from '../../testbed/nacos-proxy.ts';
import type { NacosServer } from '../../testbed/nacos.ts';
import { TcpProxy } from '../../testbed/tcp-proxy.ts';

const maxAttempts = 5;

export class ReplicaLinks {
  readonly api: TcpProxy;
  /** In the order of the nodes. */
  readonly nacos: readonly NacosProxy[];
  readonly #kubernetes: KubernetesServer;
  readonly #addresses: ReadonlyMap<string, string>;

  private constructor(
    kubernetes: KubernetesServer,
    api: TcpProxy,
    nacos: readonly NacosProxy[],
    addresses: ReadonlyMap<string, string>,
  ) {
    this.#kubernetes = kubernetes;
    this.api = api;
    this.nacos = nacos;
    this.#addresses = addresses;
  }

  static async start(kubernetes: KubernetesServer, nodes: readonly NacosServer[]): Promise<ReplicaLinks> {
    const { hostname: host, port } = new URL(kubernetes.server);
    const api = await TcpProxy.start({ target: { host, port: Number(port) } });
    const nacos = await Promise.all(nodes.map((node) => startProxy(node)));
    const pairs = nodes.map(({ host, port }, index) => {
      const proxy = nacos[index];
      return [`${host}:${port}`, `${proxy?.host}:${proxy?.port}`] as const;
    });
    return new ReplicaLinks(kubernetes, api, nacos, new Map(pairs));
  }

  get apiServer(): string {
    return `https://127.0.0.1:${this.api.port}`;
  }

  /** An argument of the command line with the proxies in the place of the Nacos nodes. */
  readonly rewrite = (argument: string): string => {
    return [...this.#addresses].reduce((text, [node, proxy]) => text.replaceAll(node, proxy), argument);
  };

  /**
   * From now on the API server answers it with 500 for that resource, and as always for all others. Returns how to end that.
   * Both reset all its connections to the API server.
   */
  async failResource(resource: string): Promise<() => Promise<void>> {
    const { api } = this;
    const failing = await ApiProxy.start(this.#kubernetes, resource);
    const { target } = api;
    api.target = { host: '127.0.0.1', port: failing.port };
    api.cut();
    let isOver = false;
    return async () => {
      if (isOver) return;
      isOver = true;
      api.target = target;
      api.cut();
      await failing.close();
    };
  }

  /** Resets all its connections to Nacos. */
  resetNacos(): void {
    for (const proxy of this.nacos) proxy.cut();
  }

  async close(): Promise<void> {
    await Promise.all([this.api.close(), ...this.nacos.map((proxy) => proxy.close())]);
  }
}

/** A pair of ports that was free may be taken when it is listened on: other tests look for ports at the same time. */
async function startProxy(node: NacosServer): Promise<NacosProxy> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await NacosProxy.start(node);
    } catch (error) {
      if (attempt === maxAttempts || (error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
    }
  }
}
