/**
 * Several replicas publish everything; this part sees to it that a replica that has lost the API server is relieved by
 * one that has not, and that nothing leaves Nacos when all have. What is decided, and why, is in relief.ts.
 *
 * Every connection over which services are published takes part by itself, since Nacos servers fail one by one; what is seen
 * of the API server is the same for all. Replicas meet on every connection that one of them uses: a client that a connection
 * has left, or that is there for a connection that is gone, is kept until nobody else publishes over it either.
 */
import { sleep, type Clock } from '../clock.ts';
import type { ConnectionDirectory } from '../connections/connection-directory.ts';
import type { ConnectionKey } from '../connections/connection-key.ts';
import { reasonOf } from '../error-catalogue.ts';
import type { Verdict } from '../kube/conditions.ts';
import type { View } from '../kube/reflector.ts';
import type { Logger } from '../logger.ts';
import type { NacosClient } from '../nacos/index.ts';
import { Listeners } from '../runtime/listeners.ts';
import type { Runnable } from '../runtime/runnable.ts';
import { ClientRelief } from './client-relief.ts';
import type { ReplicaFacts, ReplicaMetrics } from './metrics.ts';
import type { NamespaceRelief } from './namespace-relief.ts';
import type { ReplicaEvent } from './relief.ts';
import { REPLICA_SERVICE } from './replica-entry.ts';
import type { ReplicaLease } from './replica-lease.ts';
import { connectionDigest, type Scope } from './scope.ts';
import { Sight } from './sight.ts';

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
  /** Of the API server, from which it is published: all of them together say what. */
  views(): readonly View[];
  /** Makes what the views ask for known to the clients before it returns. */
  reconcileAll(): void;
}

interface ReplicasOptions {
  lease: Pick<ReplicaLease, 'isLost' | 'onEvent' | 'renew'>;
  publishing: Publishing;
  directory: Pick<ConnectionDirectory, 'findUsable'>;
  identity: string;
  clusterId: () => string;
  scope: Scope;
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
  readonly #sight: Sight;
  readonly #clients = new Map<NacosClient, ClientRelief>();
  #places: ReadonlyMap<ConnectionKey, readonly UsedClient[]> = new Map();
  readonly #stopping = new AbortController();
  #isCheckPlanned = false;
  /** What there was to say of each connection last. */
  #said = '';
  readonly #reliefChanged = new Listeners<[connection: ConnectionKey]>();
  readonly #released = new Listeners();
  #unsubscribe: () => void = () => {};

  constructor(options: ReplicasOptions) {
    const { publishing } = options;
    this.#options = options;
    this.#sight = new Sight({
      ...options,
      views: () => publishing.views(),
      reconcileAll: () => {
        for (const relief of this.#clients.values()) relief.listing();
        publishing.reconcileAll();
      },
      awaited: () => {
        const reliefs = this.#reliefs;
        return {
          renewal: reliefs.some(({ needsRenewal }) => needsRenewal),
          list: reliefs.some(({ needsList }) => needsList),
        };
      },
      onEvent: (event) => this.#seen(event),
    });
  }

  start(): void {
    this.#unsubscribe = this.#options.publishing.onProgress(() => this.#checkSoon());
    this.#sight.start();
    this.#followConnections();
  }

  /** Lets those whom this replica relieves publish again before it stops to do so itself. */
  async stop(hurry: AbortSignal): Promise<void> {
    this.#unsubscribe();
    this.#sight.stop();
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
    this.#released.call();
  }

  get facts(): ReplicaFacts {
    const reliefs = this.#reliefs;
    return {
      states: reliefs.map(({ state }) => state.kind),
      refused: reliefs.filter((one) => one.refusal).length,
      rivals: new Set(reliefs.flatMap(({ rivals }) => rivals)).size,
      blindness: this.blindness,
    };
  }

  /** The resources of the API server that this replica does not see, if it is blind. */
  get blindness(): readonly string[] {
    return this.#sight.blindness;
  }

  /** What there is to say of the relief over a connection; undefined when it works, or nothing is published over it. */
  reliefOf(connection: ConnectionKey): Verdict | undefined {
    const [place] = this.#places.get(connection) ?? [];
    const relief = place && this.#clients.get(place.client)?.in(place.namespaceId);
    return relief && this.#verdictOf(relief);
  }

  /** Told the connection of which there may be something else to say. */
  onReliefChange(listener: (connection: ConnectionKey) => void): void {
    this.#reliefChanged.add(listener);
  }

  /**
   * Whether others publish over a client that nothing of ours is published by: until they do not, somebody may have to be
   * relieved there, and it must live.
   */
  holds(client: NacosClient): boolean {
    this.#followConnections();
    return this.#clients.get(client)?.isIdle === true;
  }

  /** Told when that may be so of some client no more. */
  onRelease(listener: () => void): void {
    this.#released.add(listener);
  }

  get #reliefs(): readonly NamespaceRelief[] {
    return [...this.#clients.values()].flatMap(({ reliefs }) => reliefs);
  }

  #verdictOf({ refusal, rivals }: NamespaceRelief): Verdict | undefined {
    const { group, serviceName } = REPLICA_SERVICE;
    if (refusal) {
      const where = `service '${serviceName}' in group '${group}'`;
      const message = `Nacos does not let the operator register itself as ${where}, so no replica relieves another: ${refusal.message}`;
      return { status: 'False', reason: reasonOf(refusal.code), message };
    }
    if (rivals.length === 0) return undefined;
    const message = `Services of the same namespaces are published here by another installation of this cluster, whose Lease is ${rivals.join(', ')}; let each installation watch namespaces of its own, or remove one`;
    return { status: 'False', reason: 'InstallationsOverlap', message };
  }

  #seen(event: ReplicaEvent): void {
    for (const relief of this.#clients.values()) relief.dispatch(event);
  }

  /** A state, the others, or what Nacos says to an entry, has changed. */
  #changed(): void {
    this.#sight.check();
    for (const [client, relief] of this.#clients) if (relief.reliefs.length === 0) this.#end(client, relief);
    const said = this.#reliefs.map((relief) => this.#verdictOf(relief)?.message).join('\n');
    if (said === this.#said) return;
    this.#said = said;
    const rivals = new Set(this.#reliefs.flatMap((relief) => relief.rivals));
    const message = 'another installation publishes Services of the same namespaces; let each watch its own';
    if (rivals.size > 0) this.#options.log.warn(message, { installations: [...rivals] });
    for (const connection of this.#places.keys()) this.#reliefChanged.call(connection);
  }

  #end(client: NacosClient, relief: ClientRelief): void {
    this.#clients.delete(client);
    void relief.stop();
    this.#released.call();
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

  /** Connections over which not everything that is wanted is confirmed: those that cannot be used yet, too. */
  #lacking(): ReadonlySet<string> {
    const { directory, publishing } = this.#options;
    const isHeld = (key: ConnectionKey): boolean => {
      const client = directory.findUsable(key)?.client;
      return (
        publishing.isUpToDate(key) && client !== undefined && this.#clients.get(client)?.isKnownEverywhere === true
      );
    };
    return new Set([...publishing.connectionsInUse()].filter((key) => !isHeld(key)).map(connectionDigest));
  }

  /** Meets the others over the clients that each connection that is in use has, or has had and is not done with. */
  #followConnections(): void {
    if (this.#stopping.signal.aborted) return;
    const { directory, publishing } = this.#options;
    const placesOf = (key: ConnectionKey) => [directory.findUsable(key) ?? [], publishing.formersOver(key)].flat();
    this.#places = new Map([...publishing.connectionsInUse()].map((key) => [key, placesOf(key)]));
    const wanted = new Map<NacosClient, Map<string, readonly string[]>>();
    for (const [key, places] of this.#places) {
      for (const { client, namespaceId } of places) {
        const namespaces = wanted.get(client) ?? new Map<string, readonly string[]>();
        const digests = new Set([...(namespaces.get(namespaceId) ?? []), connectionDigest(key)]);
        wanted.set(client, namespaces.set(namespaceId, [...digests].toSorted()));
      }
    }
    for (const [client, namespaces] of wanted) {
      const relief = this.#clients.get(client) ?? this.#begin(client);
      relief.follow(namespaces, this.#sight.lost);
    }
    for (const [client, relief] of this.#clients) if (!wanted.has(client)) relief.follow(new Map(), this.#sight.lost);
  }

  #begin(client: NacosClient): ClientRelief {
    const { address, clusterId } = this.#options;
    const relief = new ClientRelief({
      ...this.#options,
      client,
      clusterId: clusterId(),
      address: address(),
      lacking: () => this.#lacking(),
      onChange: () => this.#changed(),
    });
    this.#clients.set(client, relief);
    return relief;
  }
}
