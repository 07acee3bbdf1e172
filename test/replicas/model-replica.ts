/**
 * A replica in the model: the real decisions (relief.ts, peers.ts, views.ts), and around them the same as in the real parts,
 * as simple as it can be. Defects are switched on by name.
 */
import { mayLeave, Peers } from '../../operator/replicas/peers.ts';
import { entryOf, initialState, publishes, transition } from '../../operator/replicas/relief.ts';
import type { ReplicaEvent, ReplicaState } from '../../operator/replicas/relief.ts';
import type { ReplicaHost } from '../../operator/replicas/replica-entry.ts';
import { scopeOf, type Scope } from '../../operator/replicas/scope.ts';
import { connectionOf, namespaceOf, nacosOf, textOf } from './model-cluster.ts';
import type { Connections, ModelCluster } from './model-cluster.ts';
import type { Defect } from './model-defects.ts';
import { ModelView } from './model-view.ts';

export const leaseSeconds = 15;
/** Nacos servers tell each other of records. */
export const spreadSeconds = 3;
export const listSeconds = 12;
const renewNamesSeconds = 10;
const allScope = 'a,b';

/** Where others are met: a Nacos namespace. */
interface Meeting {
  readonly peers: Peers;
  state: ReplicaState;
  connections: readonly string[];
  /** When it published there last. */
  usedAt: number;
  seen: readonly ReplicaHost[] | undefined;
  said: string;
  revision: number;
  writtenAt: number;
}

/** What the connections to one Nacos hold. */
interface Records {
  held: ReadonlyMap<string, number>;
  changedAt: number;
  connectedSince: number;
}

export class ModelReplica {
  readonly identity: string;
  readonly scope: Scope;
  readonly #cluster: ModelCluster;
  readonly #defects: ReadonlySet<Defect>;
  process: 'running' | 'frozen' | 'gone' = 'running';
  hasApiLink = true;
  hasNacosLink = true;
  pushDelay = 0;
  recordDelay = 0;
  frozenAt = 0;
  /** Since when it runs, and sees all that there is. */
  runningSince = 0;
  sightedSince = Infinity;
  readonly view: ModelView;
  /** When it has published last, by connection and Nacos, since it runs. */
  readonly #usedAt = new Map<string, number>();
  readonly records = new Map<string, Records>();
  readonly #meetings = new Map<string, Meeting>();
  /** Places that a connection has left, until its new one holds all. */
  readonly #left = new Map<string, Set<string>>();
  #places: Connections = new Map();
  #wanted = new Map<string, Set<string>>();
  /** When each connection was seen first. */
  readonly #seenFirst = new Map<string, number>();
  /** By instance and Nacos. */
  readonly #knownSince = new Map<string, number>();
  #renewedAt = 0;
  #lost: (ReplicaEvent & { kind: 'lost' }) | undefined;
  #lostAt = 0;

  constructor(identity: string, scope: Scope, cluster: ModelCluster, broken: ReadonlySet<Defect>) {
    this.identity = identity;
    this.scope = scope;
    this.#cluster = cluster;
    this.#defects = broken;
    this.view = new ModelView(cluster, !broken.has('lists no connections'));
    this.#renewedAt = cluster.now;
    this.runningSince = cluster.now;
  }

  /** Whether it publishes the instance, at that Nacos if one is named, and everybody can know by now. */
  offers(instance: string, nacos?: string): boolean {
    const records = [...this.records].filter(([name]) => name === (nacos ?? name));
    return records.some(([, { held }]) => (held.get(instance) ?? Infinity) <= this.#cluster.now);
  }

  /** The same, and it has seen it since it was born. */
  offersKnowing(instance: string, bornAt: number): boolean {
    return this.view.instancesAt > bornAt && this.#mayCount(bornAt) && this.offers(instance);
  }

  /** Those Nacos where it holds the instance, each with the second since when it is there. */
  placesOf(instance: string): [nacos: string, since: number][] {
    const records = [...this.records].filter(([, { held }]) => held.has(instance));
    return records.map(([nacos, { connectedSince }]) => [nacos, connectedSince]);
  }

  /** Whether it has published over the connection at that Nacos when the other one was there for so many seconds. */
  hasMet(connection: string, [nacos, since]: readonly [string, number], forSeconds: number): boolean {
    return (this.#usedAt.get(`${connection} ${nacos}`) ?? -Infinity) - since > forSeconds;
  }

  serves(instance: string): boolean {
    const { namespaces } = this.scope;
    return namespaces.length === 0 || namespaces.includes(namespaceOf(instance));
  }

  /** Whether it could publish the instance, for so many seconds. */
  couldPublish(instance: string, bornAt: number, forSeconds: number): boolean {
    const { now } = this.#cluster;
    if (this.process !== 'running' || !this.serves(instance)) return false;
    if (!this.#mayCount(bornAt)) return false;
    if (this.view.instancesAt < bornAt || !this.view.truth.instances.has(instance)) return false;
    const place = this.#places.get(connectionOf(instance));
    // Where it is not wanted any more, and was published where it is.
    if (place?.nacos !== this.#cluster.nacosOf(instance) && this.#cluster.hasArrived(instance)) return false;
    const since = place && this.records.get(place.nacos)?.connectedSince;
    const knownSince = this.#knownSince.get(`${instance} ${place?.nacos}`) ?? now;
    return since !== undefined && now - Math.max(since, knownSince, this.runningSince) > forSeconds;
  }

  /** What it learns by one eye, in the moment in which it is relieved, the other one may learn a little later. */
  #mayCount(bornAt: number): boolean {
    return !this.#lost || bornAt < this.#lostAt;
  }

  /** Loses all that it has in Nacos. Returns whether that was anything. */
  drop(nacos?: string): boolean {
    const had = [...this.records].some(([name, { held }]) => (nacos ?? name) === name && held.size > 0);
    for (const name of this.records.keys()) if ((nacos ?? name) === name) this.records.delete(name);
    for (const place of this.#meetings.keys()) {
      if ((nacos ?? nacosOf(place)) === nacosOf(place)) this.#cluster.erase(this.identity, place);
    }
    return had;
  }

  step(): void {
    if (this.process !== 'running') return;
    this.#look();
    if (this.view.instancesAt === 0) return;
    this.#reconcile();
    for (const nacos of new Set([...this.#meetings.keys()].map(nacosOf))) this.#meetIn(nacos);
  }

  get canSeeAll(): boolean {
    return this.#seesApi && this.view.canBeListed;
  }

  has(defect: Defect): boolean {
    return this.#defects.has(defect);
  }

  get #seesApi(): boolean {
    return this.#cluster.isApiUp && this.hasApiLink;
  }

  #look(): void {
    const { now } = this.#cluster;
    if (this.#seesApi) {
      this.view.watch();
      this.#renewedAt = now;
    }
    const isLeaseLost = now - this.#renewedAt > leaseSeconds;
    const isOld = !this.has('is blind by its Lease only') && this.view.isTooOld;
    if (!this.#lost && (isLeaseLost || isOld)) {
      this.#lost = { kind: 'lost', epoch: String(now) };
      this.#lostAt = now;
      this.#tellAll(this.#lost);
    }
    if (!this.#seesApi) return;
    if (this.view.isEmpty) this.view.list();
    else if (this.#lost) this.#recover();
    else {
      this.#tellAll({ kind: 'renewed', begunMs: now * 1000 });
      if (this.view.isNearlyTooOld) this.view.list();
      // A list takes its time, while renewals go on.
      const isDue = [...this.#meetings.values()].some(({ state }) => needsList(state)) && now % listSeconds === 0;
      if (isDue && this.view.list()) this.#tellAll({ kind: 'listed', begunMs: now * 1000 });
    }
  }

  #recover(): void {
    if (!this.view.list()) return;
    this.#lost = undefined;
    this.#reconcile();
    this.#tellAll({ kind: 'synced' });
  }

  #tellAll(event: ReplicaEvent): void {
    for (const meeting of this.#meetings.values()) this.#tell(meeting, event);
  }

  #tell(meeting: Meeting, event: ReplicaEvent): void {
    meeting.state = transition(meeting.state, event, this.identity);
  }

  /** What is wanted where, and where others are to be met. */
  #reconcile(): void {
    const { connections, instances } = this.view.truth;
    const before = this.#places;
    const mine = [...instances].filter((instance) => this.serves(instance));
    const inUse = new Set(mine.map(connectionOf));
    // A client is made for a connection after it was seen.
    const places = new Map([...connections].filter(([name]) => inUse.has(name)));
    const known = new Map([...places].filter(([name]) => before.has(name) || this.#isReady(name)));
    for (const [name, place] of before) {
      const isLeft = inUse.has(name) && known.get(name)?.nacos !== place.nacos;
      if (isLeft) this.#left.set(name, (this.#left.get(name) ?? new Set()).add(textOf(place)));
    }
    this.#places = known;
    const publishable = new Set(mine.map((instance) => `${instance} ${known.get(connectionOf(instance))?.nacos}`));
    for (const one of this.#knownSince.keys()) if (!publishable.has(one)) this.#knownSince.delete(one);
    for (const one of publishable) if (!this.#knownSince.has(one)) this.#knownSince.set(one, this.#cluster.now);
    this.#wanted = new Map();
    for (const instance of mine) {
      const place = known.get(connectionOf(instance));
      if (place) {
        this.#want(place.nacos, instance);
        this.#usedAt.set(`${connectionOf(instance)} ${place.nacos}`, this.#cluster.now);
      }
      // What the former client has stays until the new one has it, or for as long as it is not known where to.
      for (const left of this.#left.get(connectionOf(instance)) ?? []) {
        if (this.records.get(nacosOf(left))?.held.has(instance)) this.#want(nacosOf(left), instance);
      }
    }
    this.#letGo(inUse);
    this.#follow();
  }

  #isReady(name: string): boolean {
    const { now } = this.#cluster;
    const since = this.#seenFirst.get(name) ?? now;
    this.#seenFirst.set(name, since);
    return now > since || now - this.runningSince < 2;
  }

  #want(nacos: string, instance: string): void {
    this.#wanted.set(nacos, (this.#wanted.get(nacos) ?? new Set()).add(instance));
  }

  #letGo(inUse: ReadonlySet<string>): void {
    for (const name of this.#left.keys()) {
      const place = this.#places.get(name);
      const hasAll = !inUse.has(name) || (place !== undefined && this.#isHeld(name, this.#cluster.now));
      if (hasAll || this.has('lets a former client go at once')) this.#left.delete(name);
    }
  }

  /** Whether all that is wanted over the connection was confirmed, and known everywhere by then. */
  #isHeld(name: string, bySecond = Infinity): boolean {
    const place = this.#places.get(name);
    const records = place && this.records.get(place.nacos);
    if (!records) return false;
    const wanted = [...(this.#wanted.get(place.nacos) ?? [])].filter((instance) => connectionOf(instance) === name);
    return wanted.every((instance) => records.held.has(instance) && Number(records.held.get(instance)) <= bySecond);
  }

  #follow(): void {
    const used = new Map<string, Set<string>>();
    const use = (place: string, name: string) => used.set(place, (used.get(place) ?? new Set()).add(name));
    for (const [name, place] of this.#places) use(textOf(place), name);
    for (const [name, left] of this.#left) for (const place of left) use(place, name);
    for (const [place, meeting] of this.#meetings) {
      meeting.connections = [...(used.get(place) ?? [])];
      if (meeting.connections.length > 0) meeting.usedAt = this.#cluster.now;
      const isNeeded = meeting.connections.length > 0 || !this.#mayLeave(meeting);
      if (isNeeded) continue;
      this.#meetings.delete(place);
      this.#cluster.erase(this.identity, place);
    }
    for (const [place, names] of used) if (!this.#meetings.has(place)) this.#begin(place, [...names]);
    for (const nacos of this.records.keys()) {
      if (![...this.#meetings.keys()].some((place) => nacosOf(place) === nacos)) this.records.delete(nacos);
    }
  }

  #mayLeave({ seen, usedAt }: Meeting): boolean {
    const idleForMs = (this.#cluster.now - usedAt) * 1000;
    return this.has('meets others only where it publishes') || (seen !== undefined && mayLeave(seen, idleForMs));
  }

  #begin(place: string, connections: readonly string[]): void {
    const meeting: Meeting = {
      peers: new Peers(this.identity, this.#scopeSaid(this.scope)),
      state: initialState,
      connections,
      usedAt: this.#cluster.now,
      seen: undefined,
      said: '',
      revision: 0,
      writtenAt: 0,
    };
    if (this.#lost) this.#tell(meeting, this.#lost);
    this.#meetings.set(place, meeting);
  }

  #meetIn(nacos: string): void {
    const { now, downNacos } = this.#cluster;
    const meetings = [...this.#meetings].filter(([place]) => nacosOf(place) === nacos);
    if (!this.hasNacosLink || downNacos.has(nacos)) return;
    if (!this.records.has(nacos)) {
      this.records.set(nacos, { held: new Map(), changedAt: now, connectedSince: now });
      for (const [, meeting] of meetings) this.#tell(meeting, { kind: 'disconnected' });
    }
    for (const [place, meeting] of meetings) this.#hear(place, meeting);
    this.#publish(nacos, meetings);
    for (const [place, meeting] of meetings) this.#speak(place, meeting, nacos);
  }

  #hear(place: string, meeting: Meeting): void {
    const { now } = this.#cluster;
    const hosts = this.#cluster
      .entriesIn(place, this.pushDelay)
      .map((host) => ({ ...host, scope: this.#scopeSaid(host.scope) }));
    const nowMs = this.has('takes a name for good') ? 0 : now * 1000;
    meeting.seen = this.has('reads old entries')
      ? hosts.filter(
          ({ entry, scope }) =>
            entry.identity !== this.identity && scope.installation === this.#scopeSaid(this.scope).installation,
        )
      : meeting.peers.see(hosts, nowMs);
    this.#tell(meeting, { kind: 'entries', entries: meeting.seen.map(({ entry }) => entry), nowMs: now * 1000 });
  }

  /** As a defect has it, or as it is. */
  #scopeSaid(scope: Scope): Scope {
    const installation = this.has('relieves replicas of other installations') ? 'all/all' : scope.installation;
    const isOfAll =
      this.has('relieves replicas of other scopes') || this.has('relieves replicas of other installations');
    return { ...scope, installation, digest: isOfAll ? 'all' : scope.digest };
  }

  /** Records before the entry, always. */
  #publish(nacos: string, meetings: readonly (readonly [string, Meeting])[]): void {
    const { now } = this.#cluster;
    const records = this.records.get(nacos);
    if (!records) return;
    const publishing = meetings.filter(([, { connections }]) => connections.length > 0);
    const isClosed = (state: ReplicaState) =>
      !publishes(state) || (state.kind === 'blind' && this.has('closes as soon as it is blind'));
    const isOpen = publishing.length === 0 || publishing.some(([, { state }]) => !isClosed(state));
    const wanted = isOpen ? (this.#wanted.get(nacos) ?? new Set<string>()) : new Set<string>();
    const held = new Map(
      [...wanted].map((instance) => [instance, records.held.get(instance) ?? now + this.recordDelay]),
    );
    if ([...held.keys()].some((instance) => !records.held.has(instance))) records.changedAt = now;
    records.held = held;
  }

  #speak(place: string, meeting: Meeting, nacos: string): void {
    const { now } = this.#cluster;
    if (this.has('names without a list')) this.#tell(meeting, { kind: 'listed', begunMs: Infinity });
    if (this.#isKnownEverywhere(nacos)) this.#tell(meeting, { kind: 'confirmed', lacking: this.#lacking() });
    const entry = entryOf(meeting.state, this.identity, meeting.connections);
    const said = JSON.stringify(entry);
    const isOver = entry.relieves.length > 0 && now - meeting.writtenAt >= renewNamesSeconds;
    if (said !== meeting.said || isOver) {
      const revision = Math.max(now, meeting.revision + 1, meeting.peers.ownRevision + 1);
      Object.assign(meeting, { said, revision, writtenAt: now });
    }
    this.#cluster.write(this.identity, place, { entry, revision: meeting.revision, scope: this.scope, servers: [] });
  }

  #isKnownEverywhere(nacos: string): boolean {
    const { changedAt = Infinity } = this.records.get(nacos) ?? {};
    return this.#cluster.now - changedAt >= spreadSeconds || this.has('names before its records are known everywhere');
  }

  #hasSpread(name: string): boolean {
    const place = this.#places.get(name);
    return place !== undefined && this.#isKnownEverywhere(place.nacos);
  }

  #lacking(): ReadonlySet<string> {
    if (this.has('takes connections that cannot be used for nothing owed')) return new Set();
    const mine = [...this.view.truth.instances].filter((instance) => this.serves(instance));
    return new Set(mine.map(connectionOf).filter((name) => !this.#isHeld(name) || !this.#hasSpread(name)));
  }
}

/** Of an installation, for the namespaces, which are all where there are none. */
export function modelScope(installation: string, namespaces: string): Scope {
  return scopeOf(installation, {
    watchNamespaces: namespaces === allScope ? [] : namespaces.split(','),
    nacosNamespace: '',
  });
}

function needsList(state: ReplicaState): boolean {
  return state.kind === 'sighted' && [...state.reliefs.values()].some(({ isListed }) => !isListed);
}
