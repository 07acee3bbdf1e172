/**
 * Several replicas publish everything; this part sees to it that a replica that has lost the API server is relieved by
 * one that has not, and that nothing leaves Nacos when all have. What is decided, and why, is in relief.ts.
 *
 * Every connection over which services are published takes part by itself, since Nacos servers fail one by one; the Lease
 * and the view of the API server are the same for all.
 */
import { randomBytes } from 'node:crypto';
import { sleep, type Clock } from '../clock.ts';
import type { ConnectionDirectory } from '../connections/connection-directory.ts';
import type { ConnectionKey } from '../connections/connection-key.ts';
import { reasonOf } from '../error-catalogue.ts';
import type { Verdict } from '../kube/conditions.ts';
import { errorFields, type Logger } from '../logger.ts';
import type { NacosClient } from '../nacos/index.ts';
import { Backoff } from '../runtime/backoff.ts';
import { Listeners } from '../runtime/listeners.ts';
import type { Runnable } from '../runtime/runnable.ts';
import { ClientRelief } from './client-relief.ts';
import type { ReplicaFacts, ReplicaMetrics } from './metrics.ts';
import type { ReplicaEvent } from './relief.ts';
import { REPLICA_SERVICE } from './replica-entry.ts';
import type { LeaseEvent, ReplicaLease } from './replica-lease.ts';

interface UsedClient {
  readonly client: NacosClient;
  readonly namespaceId: string;
}

/** What the relief has to know of what publishes services, and asks of it. */
export interface Publishing {
  /** Connections over which services are published, or are to be. */
  connectionsInUse(): ReadonlySet<ConnectionKey>;
  /** Where a connection has records still that it had before it got the client that it has. */
  formersOver(connection: ConnectionKey): readonly UsedClient[];
  /** Whether what the view of the API server asks for over a connection is wanted of its client. */
  isUpToDate(connection: ConnectionKey): boolean;
  /** Told when the answers of the two may have changed. Returns how to stop listening. */
  onProgress(listener: () => void): () => void;
  /** Lists anew what is published from. Rejects when the API server does not answer. */
  relist(): Promise<void>;
  /** Makes what the view asks for known to the clients before it returns. */
  reconcileAll(): void;
}

interface ReplicasOptions {
  lease: Pick<ReplicaLease, 'isLost' | 'onEvent' | 'renew'>;
  publishing: Publishing;
  directory: Pick<ConnectionDirectory, 'findUsable'>;
  identity: string;
  clusterId: () => string;
  /** Where this replica is, for people. */
  address: () => { ip: string; port: number };
  metrics: ReplicaMetrics;
  clock: Clock;
  log: Logger;
}

/** Publications come in bursts. */
const GATHER_MS = 100;
/** For others to publish again before what relieved them goes: a push to them, and a connection with its records. */
const HANDOVER_MS = 3000;

export class Replicas implements Runnable {
  readonly name = 'replicas';
  readonly #options: ReplicasOptions;
  readonly #clients = new Map<NacosClient, ClientRelief>();
  readonly #connections = new Map<ConnectionKey, readonly UsedClient[]>();
  readonly #stopping = new AbortController();
  /** Set from the loss of the Lease until the API server was renewed at and listed again. */
  #lost: (ReplicaEvent & { kind: 'lost' }) | undefined;
  #isListing = false;
  #isCheckPlanned = false;
  #isRenewing = false;
  /** What Nacos said last to the entries that it refuses. */
  #refusals = '';
  readonly #reliefChanged = new Listeners<[connection: ConnectionKey]>();
  #unsubscribe: (() => void)[] = [];

  constructor(options: ReplicasOptions) {
    this.#options = options;
  }

  start(): void {
    const { lease, publishing } = this.#options;
    this.#unsubscribe = [
      lease.onEvent((event) => this.#leaseEvent(event)),
      publishing.onProgress(() => this.#checkSoon()),
    ];
    if (lease.isLost) this.#leaseEvent({ kind: 'lost' });
    this.#followConnections();
  }

  /** Lets those whom this replica relieves publish again before it stops to do so itself. */
  async stop(hurry: AbortSignal): Promise<void> {
    for (const unsubscribe of this.#unsubscribe) unsubscribe();
    this.#stopping.abort();
    const { clock, log } = this.#options;
    const clients = [...this.#clients.values()];
    if (this.#reliefs.some((relief) => relief.relieves.length > 0) && !hurry.aborted) {
      log.info('taking this replica out of the relief of others before it stops');
      const isOver = sleep(clock, HANDOVER_MS, hurry).catch(() => {});
      await Promise.race([Promise.all(clients.map((client) => client.withdraw())), isOver]);
      await isOver;
    }
    await Promise.all(clients.map((client) => client.stop()));
    this.#clients.clear();
  }

  get facts(): ReplicaFacts {
    const reliefs = this.#reliefs;
    return { states: reliefs.map(({ state }) => state.kind), refused: reliefs.filter((one) => one.refusal).length };
  }

  /** What there is to say of the relief over a connection; undefined when it works, or nothing is published over it. */
  reliefOf(connection: ConnectionKey): Verdict | undefined {
    const [used] = this.#connections.get(connection) ?? [];
    const refusal = used && this.#clients.get(used.client)?.refusalIn(used.namespaceId);
    if (!refusal) return undefined;
    const { group, serviceName } = REPLICA_SERVICE;
    const where = `service '${serviceName}' in group '${group}'`;
    const message = `Nacos does not let the operator register itself as ${where}, so no replica relieves another: ${refusal.message}`;
    return { status: 'False', reason: reasonOf(refusal.code), message };
  }

  /** Told the connection of which there may be something else to say. */
  onReliefChange(listener: (connection: ConnectionKey) => void): void {
    this.#reliefChanged.add(listener);
  }

  get #reliefs() {
    return [...this.#clients.values()].flatMap(({ reliefs }) => reliefs);
  }

  #leaseEvent(event: LeaseEvent): void {
    if (event.kind === 'renewed') {
      if (!this.#lost) this.#dispatchAll(event);
    } else if (!this.#lost) {
      this.#lost = { kind: 'lost', epoch: randomBytes(4).toString('hex') };
      this.#dispatchAll(this.#lost);
    }
    this.#listWhileNeeded();
  }

  #dispatchAll(event: ReplicaEvent): void {
    for (const relief of this.#reliefs) relief.dispatch(event);
  }

  /** A state, or what Nacos says to an entry, has changed. */
  #changed(): void {
    if (this.#reliefs.some(({ needsRenewal }) => needsRenewal)) this.#renewSoon();
    this.#listWhileNeeded();
    const refusals = this.#reliefs.map(({ refusal }) => refusal?.message).join('\n');
    if (refusals === this.#refusals) return;
    this.#refusals = refusals;
    for (const connection of this.#connections.keys()) this.#reliefChanged.call(connection);
  }

  /** What begins at the very moment at which a peer was seen does not count as begun after it. */
  #renewSoon(): void {
    const { clock, lease } = this.#options;
    if (this.#isRenewing) return;
    this.#isRenewing = true;
    clock.after(1, () => {
      this.#isRenewing = false;
      if (this.#reliefs.some(({ needsRenewal }) => needsRenewal)) void lease.renew();
    });
  }

  get #needsList(): boolean {
    const { lease } = this.#options;
    if (lease.isLost || this.#stopping.signal.aborted) return false;
    return this.#lost !== undefined || this.#reliefs.some(({ needsList }) => needsList);
  }

  #listWhileNeeded(): void {
    if (this.#isListing || !this.#needsList) return;
    this.#isListing = true;
    void this.#list().finally(() => (this.#isListing = false));
  }

  async #list(): Promise<void> {
    const { clock, lease, log, publishing } = this.#options;
    const backoff = new Backoff({ initialMs: 500, maxMs: 5000 });
    await pause(clock, 1, this.#stopping.signal);
    while (this.#needsList) {
      const begunMs = clock.monotonic();
      try {
        await publishing.relist();
      } catch (error) {
        log.warn('the API server cannot be listed', errorFields(error));
        await pause(clock, backoff.nextMs(), this.#stopping.signal);
        continue;
      }
      publishing.reconcileAll();
      if (this.#lost && !lease.isLost) {
        this.#lost = undefined;
        this.#dispatchAll({ kind: 'synced' });
      }
      this.#dispatchAll({ kind: 'listed', begunMs });
      for (const relief of this.#reliefs) relief.check();
      await pause(clock, 1, this.#stopping.signal);
    }
  }

  #checkSoon(): void {
    if (this.#isCheckPlanned) return;
    this.#isCheckPlanned = true;
    this.#options.clock.after(GATHER_MS, () => {
      this.#isCheckPlanned = false;
      if (this.#stopping.signal.aborted) return;
      this.#followConnections();
      for (const relief of this.#reliefs) relief.check();
    });
  }

  /** Meets the others over the connections that are in use now, and over no other. */
  #followConnections(): void {
    const { directory, publishing } = this.#options;
    this.#connections.clear();
    const wanted = new Map<NacosClient, Set<string>>();
    for (const key of publishing.connectionsInUse()) {
      const used = [directory.findUsable(key) ?? [], publishing.formersOver(key)].flat();
      this.#connections.set(key, used);
      for (const { client, namespaceId } of used) {
        wanted.set(client, (wanted.get(client) ?? new Set()).add(namespaceId));
      }
    }
    for (const [client, relief] of this.#clients) {
      if (wanted.has(client)) continue;
      this.#clients.delete(client);
      relief.follow(new Set(), undefined);
      void relief.stop();
    }
    for (const [client, namespaceIds] of wanted) {
      const relief = this.#clients.get(client) ?? this.#newClient(client);
      relief.follow(namespaceIds, this.#lost);
    }
  }

  #newClient(client: NacosClient): ClientRelief {
    const { address, clusterId, publishing } = this.#options;
    const relief = new ClientRelief({
      ...this.#options,
      client,
      clusterId: clusterId(),
      address: address(),
      isUpToDate: () =>
        [...this.#connections].every(
          ([key, used]) => !used.some((one) => one.client === client) || publishing.isUpToDate(key),
        ),
      onChange: () => this.#changed(),
    });
    this.#clients.set(client, relief);
    return relief;
  }
}

/** Ends early when `signal` is aborted, without rejecting. */
async function pause(clock: Clock, delayMs: number, signal: AbortSignal): Promise<void> {
  await sleep(clock, delayMs, signal).catch(() => {});
}
