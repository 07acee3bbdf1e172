/**
 * This replica's part in the relief of blind replicas, in one Nacos namespace of one client: feeds the state machine of
 * relief.ts with what happens, and says its state in Nacos.
 *
 * Guarantees: the entry is written when it changes, and never names anybody whose records are not confirmed to be ours as
 * well; a loss of our records takes the names out at once. Where the entry cannot be written or the others cannot be
 * seen, there are no others: nobody is named, and nothing is closed.
 */
import { sleep, type Clock, type Timer } from '../clock.ts';
import { recordsSent } from '../connections/records-sent.ts';
import { isBridgeError, type BridgeError } from '../errors.ts';
import type { Logger } from '../logger.ts';
import { hostAndPort, type NamingClient, type NamingSubscription, type ServiceKey } from '../nacos/index.ts';
import type { ReplicaMetrics } from './metrics.ts';
import { entryOf, initialState, publishes, transition, type ReplicaEvent, type ReplicaState } from './relief.ts';
import { instanceOf, replicaHostOf, REPLICA_SERVICE, type ReplicaHost } from './replica-entry.ts';

export interface ReplicaReliefOptions {
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
  hasDeclared: () => boolean;
  /** Called after each change of `state`, `peers` or `refusal`. */
  onChange: () => void;
  metrics: ReplicaMetrics;
  clock: Clock;
  log: Logger;
}

/** What a server says to an entry that it will not have. */
const refusals = ['NACOS_FORBIDDEN', 'NACOS_UNAUTHENTICATED', 'NACOS_INVALID', 'NACOS_UNSUPPORTED'] as const;
const RETRY_MS = 5000;
/** After which peers that cannot be seen count as gone. */
const UNSEEN_LIMIT_MS = 30_000;
/**
 * A push may be lost, and then a replica would stay closed, or blind, for as long as nothing else changes: so the entries
 * are asked for besides, often while somebody is blind.
 */
const ASK_MS = { quiet: 30_000, somebodyIsBlind: 3_000 };

export class ReplicaRelief {
  readonly #options: ReplicaReliefOptions;
  readonly #service: ServiceKey;
  readonly #log: Logger;
  #state: ReplicaState = initialState;
  #peers: readonly ReplicaHost[] = [];
  #refusal: BridgeError | undefined;
  #servers: readonly string[] = [];
  /** What is to be in Nacos, and its sending. */
  #announced: ReplicaHost | undefined;
  #sending = new AbortController();
  #unseen: Timer | undefined;
  #nextAsking: Timer | undefined;
  #isWithdrawn = false;
  /** When our connections were last seen to be gone, or closed. */
  #stirredMs = 0;
  #spread: Timer | undefined;
  #subscription: NamingSubscription | undefined;
  #unsubscribe: (() => void)[] = [];

  constructor(options: ReplicaReliefOptions) {
    this.#options = options;
    this.#service = { ...REPLICA_SERVICE, namespaceId: options.namespaceId };
    this.#log = options.log.child({ nacosNamespace: options.namespaceId });
  }

  get state(): ReplicaState {
    return this.#state;
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
    return this.#refusal;
  }

  /** Blind replicas that ours relieves. */
  get names(): readonly string[] {
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
    this.#stirredMs = clock.monotonic();
    this.#unsubscribe = [
      naming.onChange((change) => {
        if (change === 'lost' || naming.connections.isSuspended) this.#stirredMs = clock.monotonic();
        if (change === 'lost') this.tell({ kind: 'disconnected' });
        this.look();
      }),
      entries.onChange((change) => {
        if (change === 'lost') this.#unseen ??= clock.after(UNSEEN_LIMIT_MS, () => this.#see([]));
        if (entries.connections.count > 0) this.#seen();
      }),
    ];
    this.#announce();
    this.#subscription = entries.subscribe(this.#service, ({ hosts }) => {
      const { clusterId, identity } = this.#options;
      const replicas = hosts.flatMap((host) => replicaHostOf(host, clusterId) ?? []);
      this.#see(replicas.filter(({ entry }) => entry.identity !== identity));
    });
    this.#askLater();
  }

  /** What happened; the effects have begun when it returns. */
  tell(event: ReplicaEvent): void {
    const before = this.#state;
    this.#state = transition(before, event, this.#options.identity);
    if (this.#state === before) return;
    this.#tellChange(before);
    this.#announce();
    this.#options.onChange();
    this.#askLater();
    // What the others say counts differently now.
    if (before.kind !== this.#state.kind) this.#tellPeers();
    // Of the three things that a relief waits for, whichever comes last completes it.
    if (event.kind === 'renewed' || event.kind === 'listed') this.look();
  }

  /** Looks whether what is owed is confirmed by now, and where our connections are. */
  look(): void {
    const { hasDeclared, naming } = this.#options;
    const isPending = this.#reliefs.some(({ isListed, isNamed, isRenewed }) => isListed && isRenewed && !isNamed);
    if (isPending && naming.isSettled && hasDeclared() && this.#hasSpread()) this.tell({ kind: 'confirmed' });
    this.#announce();
  }

  /** Takes our entry away, and resolves when the others know or cannot be told. */
  async withdraw(): Promise<void> {
    this.#sending.abort();
    this.#subscription?.stop();
    for (const unsubscribe of this.#unsubscribe) unsubscribe();
    this.#unseen?.cancel();
    this.#nextAsking?.cancel();
    this.#spread?.cancel();
    this.#isWithdrawn = true;
    await this.#options.entries.withdraw(this.#service).catch(() => {});
  }

  get #reliefs() {
    return this.#state.kind === 'sighted' ? [...this.#state.reliefs.values()] : [];
  }

  /** Whether servers have told each other of our connections by now; looks again when they will have. */
  #hasSpread(): boolean {
    const { clock, spreadMs } = this.#options;
    const leftMs = this.#stirredMs + spreadMs - clock.monotonic();
    if (leftMs <= 0) return true;
    this.#spread?.cancel();
    this.#spread = clock.after(leftMs, () => this.look());
    return false;
  }

  #askLater(): void {
    if (this.#isWithdrawn) return;
    this.#nextAsking?.cancel();
    const isQuiet = this.#state.kind === 'sighted' && this.#state.reliefs.size === 0;
    this.#nextAsking = this.#options.clock.after(isQuiet ? ASK_MS.quiet : ASK_MS.somebodyIsBlind, () => {
      this.#subscription?.refresh();
      this.#askLater();
    });
  }

  #see(peers: readonly ReplicaHost[]): void {
    this.#seen();
    this.#peers = peers;
    this.#tellPeers();
    this.#options.onChange();
  }

  #seen(): void {
    this.#unseen?.cancel();
    this.#unseen = undefined;
  }

  #tellPeers(): void {
    const peers = this.#refusal ? [] : this.#peers;
    const entries = peers.map(({ entry }) => entry);
    this.tell({ kind: 'entries', entries, nowMs: this.#options.clock.monotonic() });
  }

  #announce(): void {
    const { identity, naming } = this.#options;
    const servers = naming.connections.servers.map(hostAndPort).toSorted();
    // A connection that is being made again does not tell where it will be.
    if (servers.length > 0 && servers.join() !== this.#servers.join()) {
      this.#servers = servers;
      this.#options.onChange();
    }
    const host = { entry: entryOf(this.#state, identity), servers: this.#servers };
    const before = this.#announced;
    if (JSON.stringify(host) === JSON.stringify(before)) return;
    this.#announced = host;
    this.#sending.abort();
    this.#sending = new AbortController();
    const wasLost = before?.entry.kubernetes === 'Lost' && host.entry.kubernetes === 'Synced';
    void this.#send(host, wasLost, this.#sending.signal);
  }

  /** Until Nacos has the entry, or there is another one to send. */
  async #send(host: ReplicaHost, wasLost: boolean, signal: AbortSignal): Promise<void> {
    const { address, clock, clusterId, entries, naming } = this.#options;
    try {
      // Who reads that we see again must find our records there.
      if (wasLost) await recordsSent(naming, clock, signal);
      while (!signal.aborted) {
        const outcome = await entries.publish(this.#service, [instanceOf(host, clusterId, address)]).then(
          () => undefined,
          (error: unknown) => error,
        );
        if (signal.aborted) return;
        this.#refuse(isBridgeError(outcome, ...refusals) ? outcome : undefined);
        if (outcome === undefined) return;
        await sleep(clock, RETRY_MS, signal);
      }
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }

  #refuse(refusal: BridgeError | undefined): void {
    if (refusal?.message === this.#refusal?.message) return;
    this.#refusal = refusal;
    if (refusal) {
      const message =
        'Nacos refuses the entry of this replica: blind replicas are not relieved, and nothing is withdrawn';
      this.#log.warn(message, { error: refusal.message });
    } else this.#log.info('Nacos takes the entry of this replica again');
    this.#tellPeers();
    this.#options.onChange();
  }

  #tellChange(before: ReplicaState): void {
    const { metrics } = this.#options;
    const { kind, epoch } = this.#state;
    const named = entryOf(this.#state, '').relieves;
    const namedBefore = entryOf(before, '').relieves;
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
      .filter(({ entry }) => entry.relieves.some((name) => name === `${this.#options.identity}/${epoch}`))
      .map(({ entry }) => entry.identity);
    this.#log.warn(CHANGES[`${before.kind} ${kind}`] ?? kind, kind === 'relieved' ? { epoch, by } : { epoch });
  }
}

const CHANGES: Readonly<Record<string, string>> = {
  'sighted blind':
    'the API server is lost: what was published last stays in Nacos until another replica relieves this one',
  'blind relieved': 'another replica publishes in place of this one: the publishing connections are closed',
  'relieved blind': 'no replica relieves this one any more: what was published last is published again',
  'blind sighted': 'the API server is seen again',
  'relieved sighted': 'the API server is seen again: publishing again',
};

/** Whether `relief` lets the client publish. */
export function letsPublish(relief: ReplicaRelief): boolean {
  return publishes(relief.state);
}
