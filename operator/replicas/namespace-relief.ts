/**
 * This replica's part in the relief of blind replicas, in one Nacos namespace of one client: feeds the state machine of
 * relief.ts with what happens, and says its state in Nacos.
 *
 * Guarantees: the entry is written when it changes, and never names anybody whose records are not confirmed to be ours as
 * well; a loss of our records takes the names out at once. Where the entry cannot be written or the others cannot be
 * seen, there are no others: nobody is named, and nothing is closed. Who has nothing to publish here stays for as long as
 * another one has: it may have to be relieved of just that.
 */
import type { Clock, Timer } from '../clock.ts';
import type { BridgeError } from '../errors.ts';
import type { Logger } from '../logger.ts';
import {
  hostAndPort,
  type NamingClient,
  type NamingSubscription,
  type ServiceInfo,
  type ServiceKey,
} from '../nacos/index.ts';
import { EntryPublisher } from './entry-publisher.ts';
import type { ReplicaMetrics } from './metrics.ts';
import { LEAVE_AFTER_MS, mayLeave, Peers, RENEW_NAMES_MS } from './peers.ts';
import {
  entryOf,
  initialState,
  namesIn,
  publishes,
  transition,
  type ReplicaEvent,
  type ReplicaState,
} from './relief.ts';
import { replicaHostOf, REPLICA_SERVICE, type ReplicaHost } from './replica-entry.ts';
import type { Scope } from './scope.ts';

interface NamespaceReliefOptions {
  namespaceId: string;
  /** What publishes services. It is only looked at here. */
  naming: Pick<NamingClient, 'connections' | 'isSettled' | 'onChange'>;
  /** Over another connection: where the entries are. */
  entries: Pick<NamingClient, 'connections' | 'onChange' | 'publish' | 'subscribe' | 'withdraw'>;
  identity: string;
  clusterId: string;
  scope: Scope;
  address: { ip: string; port: number };
  /** Whether all servers know what we publish. */
  isKnownEverywhere: () => boolean;
  /** Digests of the connections over which something is wanted that is not confirmed, or cannot even be sent. */
  lacking: () => ReadonlySet<string>;
  /** Called after each change of `state`, `peers`, `rivals`, `servers` or `refusal`. */
  onChange: () => void;
  metrics: ReplicaMetrics;
  clock: Clock;
  log: Logger;
}

/** After which peers that cannot be seen count as gone. */
const UNSEEN_LIMIT_MS = 30_000;
/**
 * A push may be lost, and then a replica would stay closed, or blind, for as long as nothing else changes: so the entries
 * are asked for besides, often while somebody is blind.
 */
const REFRESH_MS = { quiet: 30_000, somebodyIsBlind: 3_000 };

const TRANSITIONS: Readonly<Record<string, string>> = {
  'sighted blind':
    'the API server is lost: what was published last stays in Nacos until another replica relieves this one',
  'blind relieved': 'another replica publishes in place of this one: the publishing connections are closed',
  'relieved blind': 'no replica relieves this one any more: what was published last is published again',
  'blind sighted': 'the API server is seen again',
  'relieved sighted': 'the API server is seen again: publishing again',
};

export class NamespaceRelief {
  readonly #options: NamespaceReliefOptions;
  readonly #service: ServiceKey;
  readonly #log: Logger;
  readonly #entry: EntryPublisher;
  readonly #known: Peers;
  #state: ReplicaState = initialState;
  /** Digests of the connections that we publish over. */
  #connections: readonly string[] = [];
  #idleSinceMs = 0;
  #leaving: Timer | undefined;
  /** Undefined while nobody has told us. */
  #peers: readonly ReplicaHost[] | undefined;
  #rivals: readonly string[] = [];
  /** The last answer that was looked at. */
  #seen: ServiceInfo | undefined;
  #renewedMs = 0;
  #servers: readonly string[] = [];
  #unseen: Timer | undefined;
  #nextRefresh: Timer | undefined;
  #isWithdrawn = false;
  #subscription: NamingSubscription | undefined;
  #unsubscribe: (() => void)[] = [];

  constructor(options: NamespaceReliefOptions) {
    this.#options = options;
    this.#service = { ...REPLICA_SERVICE, namespaceId: options.namespaceId };
    this.#log = options.log.child({ nacosNamespace: options.namespaceId });
    this.#known = new Peers(options.identity, options.scope);
    this.#entry = new EntryPublisher({
      ...options,
      service: this.#service,
      seenRevision: () => this.#known.ownRevision,
      onRefusal: () => this.#refusalChanged(),
      log: this.#log,
    });
  }

  get state(): ReplicaState {
    return this.#state;
  }

  /** Whether our publishing connections are to be open. */
  get publishes(): boolean {
    return publishes(this.#state);
  }

  /** Whether we publish nothing here, and are there for others only. */
  get isIdle(): boolean {
    return this.#connections.length === 0;
  }

  /** Whether nobody needs us here any more. */
  get mayLeave(): boolean {
    const idleForMs = this.#options.clock.monotonic() - this.#idleSinceMs;
    const peers = this.refusal ? [] : this.#peers;
    return this.isIdle && peers !== undefined && mayLeave(peers, idleForMs);
  }

  get peers(): readonly ReplicaHost[] {
    return this.#peers ?? [];
  }

  /** Other installations of this cluster that publish what is in our namespaces. */
  get rivals(): readonly string[] {
    return this.#rivals;
  }

  /** Where our publishing connections are, or were when there were any. */
  get servers(): readonly string[] {
    return this.#servers;
  }

  /** Why Nacos does not take our entry. */
  get refusal(): BridgeError | undefined {
    return this.#entry.refusal;
  }

  /** Blind replicas that ours relieves. */
  get relieves(): readonly string[] {
    return namesIn(this.#state);
  }

  /** Whether a relief waits for a renewal of our Lease. */
  get needsRenewal(): boolean {
    return this.#reliefs.some(({ isRenewed }) => !isRenewed);
  }

  /** Whether a relief waits for a list of our view. */
  get needsList(): boolean {
    return this.#reliefs.some(({ isListed }) => !isListed);
  }

  start(): void {
    const { entries, naming } = this.#options;
    this.#unsubscribe = [
      naming.onChange((change) => {
        if (change === 'lost') this.dispatch({ kind: 'disconnected' });
        this.check();
      }),
      entries.onChange((change) => {
        if (change === 'lost') this.#notSeen();
        if (entries.connections.count > 0 && this.#peers) this.#entriesReachable();
      }),
    ];
    this.#notSeen();
    this.#publishEntry();
    this.#subscription = entries.subscribe(this.#service, (info) => this.#told(info));
    this.#refreshLater();
  }

  /** From now on these are the connections that we publish over, by their digests. */
  publishOver(connections: readonly string[]): void {
    const { clock, onChange } = this.#options;
    if (connections.join() === this.#connections.join()) return;
    this.#connections = connections;
    this.#leaving?.cancel();
    if (this.isIdle) {
      this.#idleSinceMs = clock.monotonic();
      this.#leaving = clock.after(LEAVE_AFTER_MS, onChange);
    }
    this.#publishEntry();
  }

  /** What happened; the effects have begun when it returns. */
  dispatch(event: ReplicaEvent): void {
    const before = this.#state;
    this.#state = transition(before, event, this.#options.identity);
    if (this.#state === before) return;
    this.#logTransition(before);
    this.#publishEntry();
    this.#options.onChange();
    this.#refreshLater();
    // What the others say counts differently now.
    if (before.kind !== this.#state.kind) this.#dispatchPeers();
    // Of the three things that a relief waits for, whichever comes last completes it.
    if (event.kind === 'renewed' || event.kind === 'listed') this.check();
  }

  /** Whether what is owed is confirmed by now, and where our connections are. */
  check(): void {
    const { isKnownEverywhere, lacking } = this.#options;
    const isPending = this.#reliefs.some(({ isListed, isNamed, isRenewed }) => isListed && isRenewed && !isNamed);
    if (isPending && isKnownEverywhere()) this.dispatch({ kind: 'confirmed', lacking: lacking() });
    this.#publishEntry();
  }

  /** Takes our entry away, and resolves when the others know or cannot be told. */
  async withdraw(): Promise<void> {
    this.#subscription?.stop();
    for (const unsubscribe of this.#unsubscribe) unsubscribe();
    this.#unseen?.cancel();
    this.#nextRefresh?.cancel();
    this.#leaving?.cancel();
    this.#isWithdrawn = true;
    await this.#entry.withdraw();
  }

  get #reliefs() {
    return this.#state.kind === 'sighted' ? [...this.#state.reliefs.values()] : [];
  }

  #refreshLater(): void {
    if (this.#isWithdrawn) return;
    this.#nextRefresh?.cancel();
    const isQuiet = this.#state.kind === 'sighted' && this.#state.reliefs.size === 0;
    this.#nextRefresh = this.#options.clock.after(isQuiet ? REFRESH_MS.quiet : REFRESH_MS.somebodyIsBlind, () => {
      // An answer that says the same is told to nobody; that it came is news of its age.
      if (this.#subscription?.current) this.#told(this.#subscription.current);
      this.#subscription?.refresh();
      this.#renewNames();
      this.#refreshLater();
    });
  }

  #renewNames(): void {
    const nowMs = this.#options.clock.monotonic();
    if (this.relieves.length === 0 || nowMs - this.#renewedMs < RENEW_NAMES_MS) return;
    this.#renewedMs = nowMs;
    this.#entry.renew();
  }

  #told(info: ServiceInfo): void {
    if (info === this.#seen) return;
    this.#seen = info;
    const { clock, clusterId } = this.#options;
    const hosts = info.hosts.flatMap((host) => replicaHostOf(host, clusterId) ?? []);
    this.#rivals = this.#known.rivals(hosts);
    this.#peersSeen(this.#known.see(hosts, clock.monotonic()));
  }

  #peersSeen(peers: readonly ReplicaHost[]): void {
    this.#entriesReachable();
    this.#peers = peers;
    this.#dispatchPeers();
    this.#options.onChange();
  }

  /** Those that cannot be seen for long count as gone. */
  #notSeen(): void {
    this.#unseen ??= this.#options.clock.after(UNSEEN_LIMIT_MS, () => this.#peersSeen([]));
  }

  #entriesReachable(): void {
    this.#unseen?.cancel();
    this.#unseen = undefined;
  }

  #refusalChanged(): void {
    this.#dispatchPeers();
    this.#options.onChange();
  }

  #dispatchPeers(): void {
    const peers = this.refusal ? [] : this.peers;
    const entries = peers.map(({ entry }) => entry);
    this.dispatch({ kind: 'entries', entries, nowMs: this.#options.clock.monotonic() });
  }

  #publishEntry(): void {
    const { identity, naming, scope } = this.#options;
    const servers = naming.connections.servers.map(hostAndPort).toSorted();
    // A connection that is being made again does not tell where it will be.
    if (servers.length > 0 && servers.join() !== this.#servers.join()) {
      this.#servers = servers;
      this.#options.onChange();
    }
    this.#entry.publish({ entry: entryOf(this.#state, identity, this.#connections), scope, servers: this.#servers });
  }

  #logTransition(before: ReplicaState): void {
    const { identity, metrics } = this.#options;
    const { kind, epoch } = this.#state;
    const named = namesIn(this.#state);
    const namedBefore = namesIn(before);
    for (const replica of named.filter((name) => !namedBefore.includes(name))) {
      metrics.gave();
      this.#log.warn('relieving a replica that has lost the API server', { replica });
    }
    for (const replica of namedBefore.filter((name) => !named.includes(name))) {
      this.#log.info('not relieving a replica any more', { replica });
    }
    if (kind === before.kind) return;
    if (kind === 'relieved') metrics.took();
    const by = this.peers
      .filter(({ entry }) => entry.relieves.some((name) => name === `${identity}/${epoch}`))
      .map(({ entry }) => entry.identity);
    this.#log.warn(TRANSITIONS[`${before.kind} ${kind}`] ?? kind, kind === 'relieved' ? { epoch, by } : { epoch });
  }
}
