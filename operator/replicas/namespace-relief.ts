/**
 * This replica's part in the relief of blind replicas, in one Nacos namespace of one client: feeds the state machine of
 * relief.ts with what happens, and says its state in Nacos.
 *
 * Guarantees: the entry is written when it changes, and never names anybody whose records are not confirmed to be ours as
 * well; a loss of our records takes the names out at once. Where the entry cannot be written or the others cannot be
 * seen, there are no others: nobody is named, and nothing is closed.
 */
import type { Clock, Timer } from '../clock.ts';
import type { BridgeError } from '../errors.ts';
import type { Logger } from '../logger.ts';
import { hostAndPort, type NamingClient, type NamingSubscription, type ServiceKey } from '../nacos/index.ts';
import { EntryPublisher } from './entry-publisher.ts';
import type { ReplicaMetrics } from './metrics.ts';
import { entryOf, initialState, publishes, transition, type ReplicaEvent, type ReplicaState } from './relief.ts';
import { replicaHostOf, REPLICA_SERVICE, type ReplicaHost } from './replica-entry.ts';

interface NamespaceReliefOptions {
  namespaceId: string;
  /** What publishes services. It is only looked at here. */
  naming: Pick<NamingClient, 'connections' | 'isSettled' | 'onChange'>;
  /** Over another connection: where the entries are. */
  entries: Pick<NamingClient, 'connections' | 'onChange' | 'publish' | 'subscribe' | 'withdraw'>;
  identity: string;
  clusterId: string;
  address: { ip: string; port: number };
  /** How long after our connections were made the other servers may not know yet what they hold; 0 with one server. */
  spreadMs: number;
  /** Whether all that the view of the API server asks for is wanted of `naming`. */
  isUpToDate: () => boolean;
  /** Called after each change of `state`, `peers`, `servers` or `refusal`. */
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
  #state: ReplicaState = initialState;
  #peers: readonly ReplicaHost[] = [];
  #servers: readonly string[] = [];
  #unseen: Timer | undefined;
  #nextRefresh: Timer | undefined;
  #isWithdrawn = false;
  /** When our connections were last seen to be gone, or closed. */
  #interruptedMs = 0;
  #spread: Timer | undefined;
  #subscription: NamingSubscription | undefined;
  #unsubscribe: (() => void)[] = [];

  constructor(options: NamespaceReliefOptions) {
    this.#options = options;
    this.#service = { ...REPLICA_SERVICE, namespaceId: options.namespaceId };
    this.#log = options.log.child({ nacosNamespace: options.namespaceId });
    const onRefusal = () => this.#refusalChanged();
    this.#entry = new EntryPublisher({ ...options, service: this.#service, onRefusal, log: this.#log });
  }

  get state(): ReplicaState {
    return this.#state;
  }

  /** Whether our publishing connections are to be open. */
  get publishes(): boolean {
    return publishes(this.#state);
  }

  get peers(): readonly ReplicaHost[] {
    return this.#peers;
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
    return entryOf(this.#state, this.#options.identity).relieves;
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
    const { clock, entries, naming } = this.#options;
    this.#interruptedMs = clock.monotonic();
    this.#unsubscribe = [
      naming.onChange((change) => {
        if (change === 'lost' || naming.connections.isSuspended) this.#interruptedMs = clock.monotonic();
        if (change === 'lost') this.dispatch({ kind: 'disconnected' });
        this.check();
      }),
      entries.onChange((change) => {
        if (change === 'lost') this.#unseen ??= clock.after(UNSEEN_LIMIT_MS, () => this.#peersSeen([]));
        if (entries.connections.count > 0) this.#entriesReachable();
      }),
    ];
    this.#publishEntry();
    this.#subscription = entries.subscribe(this.#service, ({ hosts }) => {
      const { clusterId, identity } = this.#options;
      const replicas = hosts.flatMap((host) => replicaHostOf(host, clusterId) ?? []);
      this.#peersSeen(replicas.filter(({ entry }) => entry.identity !== identity));
    });
    this.#refreshLater();
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
    const { isUpToDate, naming } = this.#options;
    const isPending = this.#reliefs.some(({ isListed, isNamed, isRenewed }) => isListed && isRenewed && !isNamed);
    if (isPending && naming.isSettled && isUpToDate() && this.#hasSpread()) this.dispatch({ kind: 'confirmed' });
    this.#publishEntry();
  }

  /** Takes our entry away, and resolves when the others know or cannot be told. */
  async withdraw(): Promise<void> {
    this.#subscription?.stop();
    for (const unsubscribe of this.#unsubscribe) unsubscribe();
    this.#unseen?.cancel();
    this.#nextRefresh?.cancel();
    this.#spread?.cancel();
    this.#isWithdrawn = true;
    await this.#entry.withdraw();
  }

  get #reliefs() {
    return this.#state.kind === 'sighted' ? [...this.#state.reliefs.values()] : [];
  }

  /** Whether servers have told each other of our connections by now; checks again when they will have. */
  #hasSpread(): boolean {
    const { clock, spreadMs } = this.#options;
    const leftMs = this.#interruptedMs + spreadMs - clock.monotonic();
    if (leftMs <= 0) return true;
    this.#spread?.cancel();
    this.#spread = clock.after(leftMs, () => this.check());
    return false;
  }

  #refreshLater(): void {
    if (this.#isWithdrawn) return;
    this.#nextRefresh?.cancel();
    const isQuiet = this.#state.kind === 'sighted' && this.#state.reliefs.size === 0;
    this.#nextRefresh = this.#options.clock.after(isQuiet ? REFRESH_MS.quiet : REFRESH_MS.somebodyIsBlind, () => {
      this.#subscription?.refresh();
      this.#refreshLater();
    });
  }

  #peersSeen(peers: readonly ReplicaHost[]): void {
    this.#entriesReachable();
    this.#peers = peers;
    this.#dispatchPeers();
    this.#options.onChange();
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
    const peers = this.refusal ? [] : this.#peers;
    const entries = peers.map(({ entry }) => entry);
    this.dispatch({ kind: 'entries', entries, nowMs: this.#options.clock.monotonic() });
  }

  #publishEntry(): void {
    const { identity, naming } = this.#options;
    const servers = naming.connections.servers.map(hostAndPort).toSorted();
    // A connection that is being made again does not tell where it will be.
    if (servers.length > 0 && servers.join() !== this.#servers.join()) {
      this.#servers = servers;
      this.#options.onChange();
    }
    this.#entry.publish({ entry: entryOf(this.#state, identity), servers: this.#servers });
  }

  #logTransition(before: ReplicaState): void {
    const { identity, metrics } = this.#options;
    const { kind, epoch } = this.#state;
    const named = entryOf(this.#state, identity).relieves;
    const namedBefore = entryOf(before, identity).relieves;
    for (const replica of named.filter((name) => !namedBefore.includes(name))) {
      metrics.gave();
      this.#log.warn('relieving a replica that has lost the API server', { replica });
    }
    for (const replica of namedBefore.filter((name) => !named.includes(name))) {
      this.#log.info('not relieving a replica any more', { replica });
    }
    if (kind === before.kind) return;
    if (kind === 'relieved') metrics.took();
    const by = this.#peers
      .filter(({ entry }) => entry.relieves.some((name) => name === `${identity}/${epoch}`))
      .map(({ entry }) => entry.identity);
    this.#log.warn(TRANSITIONS[`${before.kind} ${kind}`] ?? kind, kind === 'relieved' ? { epoch, by } : { epoch });
  }
}
