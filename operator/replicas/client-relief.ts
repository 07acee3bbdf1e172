/**
 * The relief over one Nacos client: its entries, in each Nacos namespace that its connections have, over a naming
 * connection of their own, and the two acts that follow from them.
 *
 * The publishing connections of a client serve all its namespaces, so they are closed only when another replica relieves
 * this one in each. And when all replicas publish at one of several servers, so that its end would take every record with
 * it, the last of them by name moves on.
 */
import type { Clock, Timer } from '../clock.ts';
import { recordsSent } from '../connections/records-sent.ts';
import type { BridgeError } from '../errors.ts';
import type { Logger } from '../logger.ts';
import type { NacosClient, NamingClient } from '../nacos/index.ts';
import type { ReplicaMetrics } from './metrics.ts';
import type { ReplicaEvent } from './relief.ts';
import { letsPublish, ReplicaRelief } from './replica-relief.ts';
import { isToMove } from './spread.ts';

export interface ClientReliefOptions {
  client: Pick<NacosClient, 'naming' | 'openNaming'>;
  identity: string;
  clusterId: string;
  address: { ip: string; port: number };
  /** Whether all that the view of the API server asks for over this client is wanted of its naming. */
  hasDeclared: () => boolean;
  /** Called when a state, or what Nacos says to an entry, has changed. */
  onChange: () => void;
  metrics: ReplicaMetrics;
  clock: Clock;
  log: Logger;
}

/** Connections come and go in bursts; only what stays so is worth a move. */
const SPREAD_AFTER_MS = 5000;
const SPREAD_AGAIN_MAX_MS = 600_000;
/** Nacos servers tell each other of records once a second; two and a half were seen under load. */
const KNOWN_EVERYWHERE_MS = 3000;

export class ClientRelief {
  readonly #options: ClientReliefOptions;
  /** Of what publishes services. */
  readonly #naming: NamingClient;
  readonly #entries: NamingClient;
  readonly #reliefs = new Map<string, ReplicaRelief>();
  #isRelieved = false;
  #spread: Timer | undefined;
  #spreadDelayMs = SPREAD_AFTER_MS;

  constructor(options: ClientReliefOptions) {
    const { client, clock } = options;
    this.#options = options;
    this.#naming = client.naming;
    this.#entries = client.openNaming((signal) => recordsSent(client.naming, clock, signal));
  }

  get reliefs(): readonly ReplicaRelief[] {
    return [...this.#reliefs.values()];
  }

  refusalIn(namespaceId: string): BridgeError | undefined {
    return this.#reliefs.get(namespaceId)?.refusal;
  }

  /** From now on these are the namespaces to meet in. `lost` is told to what begins while the API server is lost. */
  follow(namespaceIds: ReadonlySet<string>, lost: ReplicaEvent | undefined): void {
    for (const [namespaceId, relief] of this.#reliefs) {
      if (namespaceIds.has(namespaceId)) continue;
      this.#reliefs.delete(namespaceId);
      void relief.withdraw();
    }
    for (const namespaceId of namespaceIds) {
      if (this.#reliefs.has(namespaceId)) continue;
      const { address, clock, clusterId, hasDeclared, identity, log, metrics } = this.#options;
      const relief = new ReplicaRelief({
        namespaceId,
        naming: this.#naming,
        entries: this.#entries,
        identity,
        clusterId,
        address,
        spreadMs: this.#naming.connections.serverCount > 1 ? KNOWN_EVERYWHERE_MS : 0,
        hasDeclared,
        onChange: () => this.#changed(),
        metrics,
        clock,
        log,
      });
      this.#reliefs.set(namespaceId, relief);
      if (lost) relief.tell(lost);
      relief.start();
    }
    this.#changed();
  }

  /** Takes the entries away, and keeps everything else as it is. */
  async withdraw(): Promise<void> {
    this.#spread?.cancel();
    await Promise.all(this.reliefs.map((relief) => relief.withdraw()));
  }

  /** What is suspended stays so: to go on, follow no namespace first. */
  async stop(): Promise<void> {
    this.#spread?.cancel();
    await this.#entries.stop();
  }

  #changed(): void {
    this.#act();
    this.#planSpread();
    this.#options.onChange();
  }

  #act(): void {
    const isRelieved = this.reliefs.length > 0 && !this.reliefs.some(letsPublish);
    if (isRelieved === this.#isRelieved) return;
    this.#isRelieved = isRelieved;
    if (isRelieved) void this.#naming.connections.suspend();
    else this.#naming.connections.resume();
  }

  #planSpread(): void {
    if (!this.#isToMove()) {
      this.#spread?.cancel();
      this.#spread = undefined;
      return;
    }
    this.#spread ??= this.#options.clock.after(this.#spreadDelayMs, () => {
      this.#spread = undefined;
      // The other servers may be away: the same again, and less and less often.
      this.#spreadDelayMs = Math.min(2 * this.#spreadDelayMs, SPREAD_AGAIN_MAX_MS);
      if (this.#isToMove()) {
        this.#options.log.info('all replicas publish at one Nacos server; moving to another');
        this.#naming.connections.leaveServers();
      }
      this.#planSpread();
    });
  }

  #isToMove(): boolean {
    const { identity } = this.#options;
    if (this.#naming.connections.serverCount === 1) return false;
    return this.reliefs.some((relief) => isToMove(identity, relief.servers, relief.peers));
  }
}
