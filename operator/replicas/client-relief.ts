/**
 * The relief over one Nacos client: its entries, in each Nacos namespace that its connections have, over a naming
 * connection of their own, and what follows from them.
 *
 * The publishing connections of a client serve all its namespaces, so they are closed only when another replica relieves
 * this one in each.
 */
import type { Clock } from '../clock.ts';
import { recordsSent } from '../connections/records-sent.ts';
import type { BridgeError } from '../errors.ts';
import type { Logger } from '../logger.ts';
import type { NacosClient, NamingClient } from '../nacos/index.ts';
import type { ReplicaMetrics } from './metrics.ts';
import { NamespaceRelief } from './namespace-relief.ts';
import type { ReplicaEvent } from './relief.ts';
import { ServerSpread } from './server-spread.ts';

interface ClientReliefOptions {
  client: Pick<NacosClient, 'naming' | 'openNaming'>;
  identity: string;
  clusterId: string;
  address: { ip: string; port: number };
  /** Whether all that the view of the API server asks for over this client is wanted of its naming. */
  isUpToDate: () => boolean;
  /** Called when a state, or what Nacos says to an entry, has changed. */
  onChange: () => void;
  metrics: ReplicaMetrics;
  clock: Clock;
  log: Logger;
}

/** Nacos servers tell each other of records once a second; two and a half were seen under load. */
const KNOWN_EVERYWHERE_MS = 3000;

export class ClientRelief {
  readonly #options: ClientReliefOptions;
  /** Of what publishes services. */
  readonly #naming: NamingClient;
  readonly #entries: NamingClient;
  readonly #reliefs = new Map<string, NamespaceRelief>();
  readonly #spread: ServerSpread;
  #isRelieved = false;

  constructor(options: ClientReliefOptions) {
    const { client, clock } = options;
    this.#options = options;
    this.#naming = client.naming;
    this.#entries = client.openNaming((signal) => recordsSent(client.naming, clock, signal));
    this.#spread = new ServerSpread({
      ...options,
      connections: client.naming.connections,
      spreads: () => this.reliefs,
    });
  }

  get reliefs(): readonly NamespaceRelief[] {
    return [...this.#reliefs.values()];
  }

  refusalIn(namespaceId: string): BridgeError | undefined {
    return this.#reliefs.get(namespaceId)?.refusal;
  }

  /** From now on these are the namespaces to meet in. What begins while the API server is lost is told so by `lost`. */
  follow(namespaceIds: ReadonlySet<string>, lost: ReplicaEvent | undefined): void {
    for (const [namespaceId, relief] of this.#reliefs) {
      if (namespaceIds.has(namespaceId)) continue;
      this.#reliefs.delete(namespaceId);
      void relief.withdraw();
    }
    for (const namespaceId of namespaceIds) if (!this.#reliefs.has(namespaceId)) this.#begin(namespaceId, lost);
    this.#changed();
  }

  /** Takes the entries away, and keeps everything else as it is. */
  async withdraw(): Promise<void> {
    this.#spread.stop();
    await Promise.all(this.reliefs.map((relief) => relief.withdraw()));
  }

  /** What is suspended stays so: to go on, follow no namespace first. */
  async stop(): Promise<void> {
    this.#spread.stop();
    await this.#entries.stop();
  }

  #begin(namespaceId: string, lost: ReplicaEvent | undefined): void {
    const relief = new NamespaceRelief({
      ...this.#options,
      namespaceId,
      naming: this.#naming,
      entries: this.#entries,
      spreadMs: this.#naming.connections.serverCount > 1 ? KNOWN_EVERYWHERE_MS : 0,
      onChange: () => this.#changed(),
    });
    this.#reliefs.set(namespaceId, relief);
    if (lost) relief.dispatch(lost);
    relief.start();
  }

  #changed(): void {
    const isRelieved = this.reliefs.length > 0 && !this.reliefs.some(({ publishes }) => publishes);
    if (isRelieved !== this.#isRelieved) {
      this.#isRelieved = isRelieved;
      if (isRelieved) void this.#naming.connections.suspend();
      else this.#naming.connections.resume();
    }
    this.#spread.check();
    this.#options.onChange();
  }
}
