/**
 * Clients of each Nacos node that miss nothing: the official Go SDK, subscribed to all services, and a query by HTTP every
 * 50 ms, of one service after the other, so that each is asked for every `50 ms x services`.
 */
import { NacosSdk } from '../../testbed/nacos-sdk.ts';
import type { NacosInstance } from '../../testbed/nacos-naming-admin.ts';
import type { NacosServer } from '../../testbed/nacos.ts';
import type { Sight } from './sights.ts';

const queryEveryMs = 50;
/** More are not sent while these are not answered: a server that is down must not be met by a flood when it is back. */
const maxPending = 8;

export class Observers {
  readonly #group: string;
  readonly #services: string[];
  readonly #nodes: readonly NacosServer[];
  readonly #sdks: readonly NacosSdk[];
  readonly #answers: Sight[] = [];
  readonly #timer: NodeJS.Timeout;
  readonly #pending = new Map<number, number>();
  #turn = 0;

  private constructor(nodes: readonly NacosServer[], group: string, services: string[], sdks: readonly NacosSdk[]) {
    this.#nodes = nodes;
    this.#group = group;
    this.#services = services;
    this.#sdks = sdks;
    this.#timer = setInterval(() => this.#ask(), queryEveryMs);
  }

  static async start(nodes: readonly NacosServer[], group: string, services: readonly string[]): Promise<Observers> {
    const sdks = await Promise.all(nodes.map((node) => NacosSdk.start(node)));
    const observers = new Observers(nodes, group, [], sdks);
    for (const service of services) await observers.add(service);
    return observers;
  }

  async add(service: string): Promise<void> {
    await Promise.all(this.#sdks.map((sdk) => sdk.subscribe(this.#group, service)));
    this.#services.push(service);
  }

  /** Everything that was seen within the time, by all. */
  sights(fromMs: number, toMs = Infinity): Sight[] {
    const pushes = this.#sdks.flatMap((sdk, node) =>
      sdk.hostsPushes
        .filter(({ toldAtMs }) => toldAtMs >= fromMs && toldAtMs <= toMs)
        .map(({ service, hosts, toldAtMs }): Sight => {
          return { by: 'push', node, service, atMs: toldAtMs, hosts: hosts.map(nameOf).toSorted() };
        }),
    );
    return [...pushes, ...this.#answers.filter(({ atMs }) => atMs >= fromMs && atMs <= toMs)];
  }

  /** The last push of each service that a node's subscriber was told. */
  told(node: number): Map<string, string[]> {
    const pushes = this.#sdks[node]?.hostsPushes ?? [];
    return new Map(pushes.map(({ service, hosts }) => [service, hosts.map(nameOf).toSorted()]));
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await Promise.all(this.#sdks.map((sdk) => sdk.stop()));
  }

  #ask(): void {
    const service = this.#services[this.#turn % this.#services.length];
    this.#turn += 1;
    if (service === undefined) return;
    for (const node of this.#nodes.keys()) void this.#askNode(node, service);
  }

  async #askNode(node: number, service: string): Promise<void> {
    const pending = this.#pending.get(node) ?? 0;
    if (pending >= maxPending) return;
    this.#pending.set(node, pending + 1);
    const hosts = await this.#nodes[node]?.admin.naming.offered('', this.#group, service).catch(() => undefined);
    this.#pending.set(node, (this.#pending.get(node) ?? 1) - 1);
    // A query that failed has seen nothing.
    if (!hosts) return;
    this.#answers.push({ by: 'query', node, service, atMs: performance.now(), hosts: hosts.map(nameOf).toSorted() });
  }
}

function nameOf({ ip, port }: NacosInstance): string {
  return `${ip}:${port}`;
}
