/**
 * A model of replicas, an API server and Nacos in steps of one second, for what no table covers: any interleaving of
 * outages. Replicas run the real transition function; everything around it is as simple as it can be and still lose,
 * delay and reorder what the real parts do.
 */
import { entryOf, initialState, publishes, transition } from '../../operator/replicas/relief.ts';
import type { ReplicaEntry, ReplicaEvent, ReplicaState } from '../../operator/replicas/relief.ts';

export type Disturbance =
  | { readonly do: 'api' | 'nacos'; readonly isUp: boolean }
  | { readonly do: 'api-link' | 'nacos-link'; readonly replica: number; readonly isUp: boolean }
  | { readonly do: 'freeze' | 'thaw' | 'crash' | 'start'; readonly replica: number }
  | { readonly do: 'push-delay' | 'watch-delay'; readonly replica: number; readonly seconds: number }
  | { readonly do: 'create' | 'delete'; readonly instance: string }
  | { readonly do: 'wait'; readonly seconds: number };

const leaseSeconds = 15;
export const longestPushDelay = 3;
export const longestWatchDelay = 45;
/** A server drops a client that does not answer after so long. */
const evictionSeconds = 25;
const listSeconds = 12;

interface Replica {
  readonly identity: string;
  process: 'running' | 'frozen' | 'gone';
  hasApiLink: boolean;
  hasNacosLink: boolean;
  pushDelay: number;
  watchDelay: number;
  state: ReplicaState;
  epochs: number;
  renewedAt: number;
  frozenAt: number;
  /** What the watch has told. */
  view: ReadonlySet<string>;
  /** The second whose truth that was. */
  viewAt: number;
  isConnected: boolean;
  /** What its connections hold in Nacos. */
  records: ReadonlySet<string>;
  entry: ReplicaEntry | undefined;
  /** Since when it could publish: it runs and reaches Nacos. */
  ableSince: number;
  /** Since when it also reaches the API server. */
  sightedSince: number;
}

export class ReliefModel {
  readonly replicas: Replica[];
  now = 0;
  /** When a record was last lost by something else than a decision: a crash, a cut, an eviction. */
  lastLossAt = -Infinity;
  readonly #bornAt = new Map<string, number>();
  readonly #diedAt = new Map<string, number>();
  #isApiUp = true;
  #isNacosUp = true;
  #truths: ReadonlySet<string>[] = [];
  #pushes: ReadonlyMap<string, ReplicaEntry>[] = [];

  constructor(size: number) {
    this.replicas = Array.from({ length: size }, (_, index) => newReplica(`r${index}`));
  }

  /** What is wrong after this, if anything. */
  disturb(disturbance: Disturbance): string | undefined {
    if (disturbance.do === 'wait') {
      for (let left = disturbance.seconds; left > 0; left -= 1) {
        this.#step();
        const wrong = this.#gap() ?? this.#dead();
        if (wrong !== undefined) return `second ${this.now}: ${wrong}`;
      }
      return undefined;
    }
    this.#apply(disturbance);
    return undefined;
  }

  #apply(disturbance: Exclude<Disturbance, { do: 'wait' }>): void {
    if ('replica' in disturbance) {
      return this.#applyTo(this.replicas[disturbance.replica] ?? newReplica(''), disturbance);
    }
    switch (disturbance.do) {
      case 'api':
        this.#isApiUp = disturbance.isUp;
        return;
      case 'nacos':
        this.#isNacosUp = disturbance.isUp;
        return;
      case 'create':
        this.#bornAt.set(disturbance.instance, this.now);
        this.#diedAt.delete(disturbance.instance);
        return;
      case 'delete':
        if (this.#bornAt.delete(disturbance.instance)) this.#diedAt.set(disturbance.instance, this.now);
    }
  }

  #applyTo(
    replica: Replica,
    disturbance: Exclude<Disturbance, { do: 'wait' | 'api' | 'nacos' | 'create' | 'delete' }>,
  ): void {
    switch (disturbance.do) {
      case 'api-link':
        replica.hasApiLink = disturbance.isUp;
        return;
      case 'nacos-link':
        replica.hasNacosLink = disturbance.isUp;
        return;
      case 'push-delay':
        replica.pushDelay = disturbance.seconds;
        return;
      case 'watch-delay':
        replica.watchDelay = disturbance.seconds;
        return;
      case 'freeze':
        if (replica.process === 'running') Object.assign(replica, { process: 'frozen', frozenAt: this.now });
        return;
      case 'thaw':
        if (replica.process === 'frozen') replica.process = 'running';
        return;
      case 'crash':
        this.#drop(replica);
        replica.process = 'gone';
        return;
      case 'start': {
        if (replica.process !== 'gone') return;
        const { identity, epochs, hasApiLink, hasNacosLink, pushDelay, watchDelay } = replica;
        const links = { epochs, hasApiLink, hasNacosLink, pushDelay, watchDelay, renewedAt: this.now };
        Object.assign(replica, newReplica(identity), links);
      }
    }
  }

  #step(): void {
    this.now += 1;
    const truth = new Set(this.#bornAt.keys());
    this.#truths.push(truth);
    const entries = this.replicas.flatMap(({ entry }) => (entry ? [[entry.identity, entry] as const] : []));
    this.#pushes.push(new Map(entries));
    for (const replica of this.replicas) this.#stepReplica(replica, truth);
    for (const replica of this.replicas) this.#account(replica);
  }

  #stepReplica(replica: Replica, truth: ReadonlySet<string>): void {
    if (replica.process === 'frozen' && this.now - replica.frozenAt > evictionSeconds) this.#drop(replica);
    if (replica.isConnected && !this.#reachesNacos(replica)) {
      this.#drop(replica);
      if (replica.process === 'running') this.#tell(replica, { kind: 'disconnected' });
    }
    if (replica.process !== 'running') return;
    this.#watch(replica, truth);
    // Nothing is published before the first list.
    if (replica.view === nothingYet || !this.#reachesNacos(replica)) return;
    if (!replica.isConnected) {
      this.#tell(replica, { kind: 'disconnected' });
      replica.isConnected = true;
    }
    const peers = new Map(this.#pushes[Math.max(0, this.#pushes.length - 1 - replica.pushDelay)]);
    peers.delete(replica.identity);
    this.#tell(replica, { kind: 'entries', entries: [...peers.values()], nowMs: this.now });
    // Records before the entry, always.
    replica.records = publishes(replica.state) ? replica.view : new Set();
    this.#tell(replica, { kind: 'confirmed' });
    replica.entry = entryOf(replica.state, replica.identity);
  }

  #watch(replica: Replica, truth: ReadonlySet<string>): void {
    if (this.#isApiUp && replica.hasApiLink) {
      const wasLost = replica.state.kind !== 'sighted' || this.now - replica.renewedAt > leaseSeconds;
      const isBehind = wasLost || replica.view === nothingYet || this.#listsFor(replica);
      // A watch may lag, but it never goes back.
      const seen = isBehind ? this.now : Math.max(replica.viewAt, this.now - replica.watchDelay);
      replica.view = this.#truths[seen - 1] ?? truth;
      replica.viewAt = seen;
      replica.renewedAt = this.now;
      if (replica.state.kind !== 'sighted') this.#tell(replica, { kind: 'synced' });
      this.#tell(replica, { kind: 'renewed', begunMs: this.now });
      if (isBehind) this.#tell(replica, { kind: 'listed', begunMs: this.now });
    } else if (this.now - replica.renewedAt > leaseSeconds && replica.state.kind === 'sighted') {
      replica.epochs += 1;
      this.#tell(replica, { kind: 'lost', epoch: String(replica.epochs) });
    }
  }

  /** A list takes its time, while renewals go on. */
  #listsFor({ state }: Replica): boolean {
    return hasRelief(state) && this.now % listSeconds === 0;
  }

  #tell(replica: Replica, event: ReplicaEvent): void {
    replica.state = transition(replica.state, event, replica.identity);
  }

  #drop(replica: Replica): void {
    if (replica.records.size > 0) this.lastLossAt = this.now;
    Object.assign(replica, { isConnected: false, records: new Set(), entry: undefined });
  }

  #reachesNacos({ hasNacosLink }: Replica): boolean {
    return this.#isNacosUp && hasNacosLink;
  }

  #account(replica: Replica): void {
    const isAble = replica.process === 'running' && replica.isConnected;
    const isSighted = isAble && this.#isApiUp && replica.hasApiLink;
    if (!isAble) replica.ableSince = Infinity;
    else if (replica.ableSince === Infinity) replica.ableSince = this.now;
    if (!isSighted) replica.sightedSince = Infinity;
    else if (replica.sightedSince === Infinity) replica.sightedSince = this.now;
  }

  /** A live instance without a publisher, although somebody could publish it. */
  #gap(): string | undefined {
    if (this.now - this.lastLossAt <= settleSeconds) return undefined;
    const able = this.replicas.filter(({ ableSince }) => this.now - ableSince > settleSeconds);
    for (const [instance, bornAt] of this.#bornAt) {
      // A view from before its birth has it only because it was there once already, which is no knowledge.
      const isKnown = able.some(({ view, viewAt }) => view.has(instance) && viewAt >= bornAt);
      if (!isKnown || this.now - bornAt <= settleSeconds) continue;
      if (!this.replicas.some(({ records }) => records.has(instance))) return `nobody publishes ${instance}`;
    }
    return undefined;
  }

  /** A dead instance that is published longer than is promised. */
  #dead(): string | undefined {
    const hasSight = this.replicas.some(({ sightedSince }) => this.now - sightedSince > boundSeconds);
    if (!hasSight) return undefined;
    for (const [instance, diedAt] of this.#diedAt) {
      if (this.now - diedAt <= boundSeconds) continue;
      const publisher = this.replicas.find(({ records }) => records.has(instance));
      if (publisher) return `${publisher.identity} publishes ${instance}, dead for ${this.now - diedAt} s`;
    }
    return undefined;
  }
}

/** The longest delay of a push in the model, and a few steps. A watch may lag for longer without its replica being lost. */
const settleSeconds = 6;
/** Frozen, evicted, or lost and relieved: whatever comes first for one replica comes within this. */
const boundSeconds = evictionSeconds + leaseSeconds + longestWatchDelay + listSeconds + settleSeconds;

const nothingYet: ReadonlySet<string> = new Set();

function hasRelief(state: ReplicaState): boolean {
  return state.kind === 'sighted' && [...state.reliefs.values()].some(({ isListed }) => !isListed);
}

function newReplica(identity: string): Replica {
  return {
    identity,
    process: 'running',
    hasApiLink: true,
    hasNacosLink: true,
    pushDelay: 0,
    watchDelay: 0,
    state: initialState,
    epochs: 0,
    renewedAt: 0,
    frozenAt: 0,
    view: nothingYet,
    viewAt: 0,
    isConnected: false,
    records: nothingYet,
    entry: undefined,
    ableSince: Infinity,
    sightedSince: Infinity,
  };
}
