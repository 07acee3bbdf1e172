/**
 * The relief over one Nacos client: its entries, in each Nacos namespace that its connections have, over a naming
 * connection of their own, and what follows from them.
 *
 * The publishing connections of a client serve all its namespaces, so they are closed only when another replica relieves
 * this one in each that it publishes in.
 */
import type { Clock } from '../clock.ts';
import { recordsSent, spreadMs } from '../connections/records-sent.ts';
import type { Logger } from '../logger.ts';
import type { NacosClient, NamingClient } from '../nacos/index.ts';
import type { ReplicaMetrics } from './metrics.ts';
import { NamespaceRelief } from './namespace-relief.ts';
import type { ReplicaEvent } from './relief.ts';
import type { Scope } from './scope.ts';
import { Settlement } from './settlement.ts';
import { ServerSpread } from './server-spread.ts';

interface ClientReliefOptions {
  client: Pick<NacosClient, 'naming' | 'openNaming'>;
  identity: string;
  clusterId: string;
  scope: Scope;
  address: { ip: string; port: number };
  /** Digests of the connections, of whatever client, over which something is wanted that is not confirmed. */
  lacking: () => ReadonlySet<string>;
  /** Called when a state, or what Nacos says to an entry, has changed. */
  onChange: () => void;
  metrics: ReplicaMetrics;
  clock: Clock;
  log: Logger;
}

export class ClientRelief {
  readonly #options: ClientReliefOptions;
  /** Of what publishes services. */
  readonly #naming: NamingClient;
  readonly #entries: NamingClient;
  readonly #reliefs = new Map<string, NamespaceRelief>();
  readonly #settlement: Settlement;
  readonly #spread: ServerSpread;
  #isRelieved = false;

  constructor(options: ClientReliefOptions) {
    const { client, clock } = options;
    this.#options = options;
    this.#naming = client.naming;
    this.#entries = client.openNaming((signal) => recordsSent(client.naming, clock, signal));
    this.#settlement = new Settlement({
      naming: client.naming,
      spreadMs: spreadMs(client.naming),
      onKnown: () => this.#check(),
      clock,
    });
    this.#spread = new ServerSpread({
      ...options,
      connections: client.naming.connections,
      spreads: () => this.reliefs,
    });
  }

  get reliefs(): readonly NamespaceRelief[] {
    return [...this.#reliefs.values()];
  }

  in(namespaceId: string): NamespaceRelief | undefined {
    return this.#reliefs.get(namespaceId);
  }

  /** Whether all servers know what we publish over the client. */
  get isKnownEverywhere(): boolean {
    return this.#settlement.isKnownEverywhere;
  }

  /** What a list has brought is about to be wanted of the client. */
  listing(): void {
    this.#settlement.listing();
  }

  /** Something was seen of the API server, and what follows of it is wanted of the client. */
  dispatch(event: ReplicaEvent): void {
    if (event.kind === 'listed') this.#settlement.listed();
    for (const relief of this.reliefs) relief.dispatch(event);
    this.#check();
  }

  /** Whether we publish nothing over the client, and are there for others only. */
  get isIdle(): boolean {
    return this.reliefs.every(({ isIdle }) => isIdle);
  }

  /**
   * From now on these are the namespaces that we publish in, each with the digests of the connections over which we do. What
   * begins while the API server is lost is told so by `lost`.
   */
  follow(namespaces: ReadonlyMap<string, readonly string[]>, lost: ReplicaEvent | undefined): void {
    for (const [namespaceId, relief] of this.#reliefs) relief.publishOver(namespaces.get(namespaceId) ?? []);
    for (const [namespaceId, connections] of namespaces) {
      if (!this.#reliefs.has(namespaceId)) this.#begin(namespaceId, connections, lost);
    }
    this.#changed();
  }

  /** Takes the entries away, and keeps everything else as it is. */
  async withdraw(): Promise<void> {
    this.#spread.stop();
    await Promise.all(this.reliefs.map((relief) => relief.withdraw()));
  }

  /** What is suspended stays so. */
  async stop(): Promise<void> {
    this.#settlement.stop();
    this.#spread.stop();
    await this.#entries.stop();
  }

  #begin(namespaceId: string, connections: readonly string[], lost: ReplicaEvent | undefined): void {
    const relief = new NamespaceRelief({
      ...this.#options,
      namespaceId,
      naming: this.#naming,
      entries: this.#entries,
      isKnownEverywhere: () => this.isKnownEverywhere,
      onChange: () => this.#changed(),
    });
    this.#reliefs.set(namespaceId, relief);
    relief.publishOver(connections);
    if (lost) relief.dispatch(lost);
    relief.start();
  }

  #check(): void {
    for (const relief of this.reliefs) relief.check();
  }

  #changed(): void {
    this.#leave();
    const publishing = this.reliefs.filter(({ isIdle }) => !isIdle);
    const isRelieved = publishing.length > 0 && !publishing.some(({ publishes }) => publishes);
    if (isRelieved !== this.#isRelieved) {
      this.#isRelieved = isRelieved;
      if (isRelieved) void this.#naming.connections.suspend();
      else this.#naming.connections.resume();
    }
    this.#spread.check();
    this.#options.onChange();
  }

  #leave(): void {
    for (const [namespaceId, relief] of this.#reliefs) {
      if (!relief.mayLeave) continue;
      this.#reliefs.delete(namespaceId);
      void relief.withdraw();
    }
  }
}
