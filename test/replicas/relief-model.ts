/**
 * A model of replicas, an API server and two Nacos registries in steps of one second, for what no table covers: any
 * interleaving of outages, of changes, and of what one installation and another do. It holds replicas to two promises:
 *
 *   no gap     a live instance that a replica knows, and could publish, is published by one of its installation; and one
 *              that is published stays, but for what a crash or a cut takes along
 *   no ghosts  a dead instance is published by nobody for longer than the bound, once a replica of equal scope that has
 *              published over its connection, and met the one that still does, sees everything
 */
import { connectionOf, ModelCluster, type Resource } from './model-cluster.ts';
import type { Defect } from './model-defects.ts';
import { leaseSeconds, listSeconds, ModelReplica, modelScope, spreadSeconds } from './model-replica.ts';

export type Disturbance =
  | { readonly do: 'api'; readonly isUp: boolean }
  | { readonly do: 'nacos'; readonly nacos: string; readonly isUp: boolean }
  | { readonly do: 'api-link' | 'nacos-link'; readonly replica: number; readonly isUp: boolean }
  | { readonly do: 'freeze' | 'thaw' | 'crash' | 'start' | 'remainders'; readonly replica: number }
  | { readonly do: 'push-delay' | 'record-delay'; readonly replica: number; readonly seconds: number }
  | { readonly do: 'watch-delay'; readonly replica: number; readonly resource: Resource; readonly seconds: number }
  | {
      readonly do: 'watch';
      readonly replica: number;
      readonly resource: Resource;
      readonly state: 'good' | 'hangs' | 'fails';
    }
  | { readonly do: 'create' | 'delete'; readonly instance: string }
  | { readonly do: 'connect' | 'disconnect'; readonly connection: string }
  | { readonly do: 'move'; readonly connection: string; readonly nacos: string }
  | { readonly do: 'wait'; readonly seconds: number };

/** Installation and namespaces of each replica. */
export type Cast = readonly (readonly [installation: string, namespaces: string])[];

export const longestPushDelay = 3;
export const longestWatchDelay = 45;
/** A server drops a client that does not answer after so long. */
const evictionSeconds = 25;
/** The longest delay of a push in the model, and a few steps. */
const settleSeconds = 6 + spreadSeconds;
/** What is left of a replica that ended names others for so long. */
const remainderCountsSeconds = 30;
/** Frozen, evicted, or blind and relieved: whatever comes first for one replica comes within this. */
const boundSeconds =
  evictionSeconds + leaseSeconds + longestWatchDelay + listSeconds + settleSeconds + remainderCountsSeconds;

export class ReliefModel {
  readonly #cluster = new ModelCluster();
  readonly #defects: ReadonlySet<Defect>;
  readonly #cast: Cast;
  readonly #replicas: ModelReplica[];
  /** Until then something may be missing that was lost by other things than a decision: a crash, a cut, an eviction. */
  #excusedUntil = 0;
  /** Published in the last second by one who knew that it lives. */
  #offered = new Set<string>();

  constructor(cast: Cast, broken: Iterable<Defect> = []) {
    this.#defects = new Set(broken);
    this.#cast = cast;
    this.#replicas = cast.map((_, index) => this.#newReplica(index));
  }

  /** What is wrong after this, if anything. */
  disturb(disturbance: Disturbance): string | undefined {
    if (disturbance.do === 'wait') {
      for (let left = disturbance.seconds; left > 0; left -= 1) {
        this.#step();
        const wrong = this.#gap() ?? this.#ghost();
        if (wrong !== undefined) return `second ${this.#cluster.now}: ${wrong}`;
      }
      return undefined;
    }
    if ('replica' in disturbance) this.#disturbOne(disturbance);
    else this.#disturbAll(disturbance);
    return undefined;
  }

  #newReplica(index: number): ModelReplica {
    const [installation, namespaces] = this.#cast[index] ?? ['one', 'a'];
    return new ModelReplica(`r${index}`, modelScope(`ns/${installation}`, namespaces), this.#cluster, this.#defects);
  }

  #disturbAll(disturbance: Exclude<Disturbance, { readonly replica: number } | { do: 'wait' }>): void {
    const cluster = this.#cluster;
    switch (disturbance.do) {
      case 'api':
        cluster.isApiUp = disturbance.isUp;
        return;
      case 'nacos':
        if (disturbance.isUp) cluster.downNacos.delete(disturbance.nacos);
        else cluster.downNacos.add(disturbance.nacos);
        return;
      case 'create':
        return cluster.create(disturbance.instance);
      case 'delete':
        return cluster.delete(disturbance.instance);
      case 'connect':
        return cluster.connect(disturbance.connection);
      case 'disconnect':
        return cluster.disconnect(disturbance.connection);
      case 'move':
        return cluster.move(disturbance.connection, disturbance.nacos);
    }
  }

  #disturbOne(disturbance: Extract<Disturbance, { readonly replica: number }>): void {
    const replica = this.#replicas[disturbance.replica % this.#replicas.length];
    if (!replica) return;
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
      case 'record-delay':
        replica.recordDelay = disturbance.seconds;
        return;
      case 'watch-delay':
        replica.view.watches[disturbance.resource].delay = disturbance.seconds;
        return;
      case 'watch':
        replica.view.watches[disturbance.resource].state = disturbance.state;
        return;
      case 'remainders':
        this.#cluster.leaveRemainders(replica.identity);
        return;
      case 'freeze':
        if (replica.process !== 'running') return;
        replica.process = 'frozen';
        replica.frozenAt = this.#cluster.now;
        return;
      case 'thaw':
        if (replica.process === 'frozen') replica.process = 'running';
        return;
      case 'crash':
        this.#drop(replica);
        replica.process = 'gone';
        return;
      case 'start':
        if (replica.process === 'gone') this.#restart(disturbance.replica % this.#replicas.length, replica);
    }
  }

  /** As it was, but for what it knew. */
  #restart(index: number, { hasApiLink, hasNacosLink, pushDelay, recordDelay, view }: ModelReplica): void {
    const next = this.#newReplica(index);
    Object.assign(next, { hasApiLink, hasNacosLink, pushDelay, recordDelay });
    Object.assign(next.view.watches, view.watches);
    this.#replicas[index] = next;
  }

  #step(): void {
    const cluster = this.#cluster;
    cluster.tick();
    for (const replica of this.#replicas) {
      if (replica.process === 'frozen' && cluster.now - replica.frozenAt > evictionSeconds) this.#drop(replica);
      for (const nacos of replica.records.keys()) {
        if (!replica.hasNacosLink || cluster.downNacos.has(nacos)) this.#drop(replica, nacos);
      }
      replica.step();
      const isSighted = replica.process === 'running' && replica.hasNacosLink && replica.canSeeAll;
      replica.sightedSince = isSighted ? Math.min(replica.sightedSince, cluster.now) : Infinity;
    }
  }

  #drop(replica: ModelReplica, nacos?: string): void {
    if (!replica.drop(nacos)) return;
    this.#excusedUntil = this.#cluster.now + settleSeconds + remainderCountsSeconds;
  }

  #gap(): string | undefined {
    const { bornAt, now } = this.#cluster;
    for (const instance of bornAt.keys()) {
      const nacos = this.#cluster.nacosOf(instance);
      if (this.#replicas.some((one) => one.offers(instance, nacos))) this.#cluster.arrived(instance);
    }
    const isExcused = now <= this.#excusedUntil;
    const withdrawn = [...this.#offered].find((instance) => bornAt.has(instance) && !this.#isOffered(instance));
    const offered = this.#replicas.flatMap((one) =>
      [...bornAt].filter(([instance, born]) => one.offersKnowing(instance, born)),
    );
    this.#offered = new Set(offered.map(([instance]) => instance));
    if (isExcused) return undefined;
    if (withdrawn !== undefined) return `${withdrawn} lives, and was withdrawn`;
    for (const [instance, born] of bornAt) {
      if (now - born <= settleSeconds) continue;
      for (const replica of this.#replicas.filter((one) => one.couldPublish(instance, born, settleSeconds))) {
        const own = this.#replicas.filter(({ scope }) => scope.installation === replica.scope.installation);
        if (!own.some((one) => one.offers(instance)))
          return `${replica.identity} knows ${instance}, and nobody publishes it`;
      }
    }
    return undefined;
  }

  #isOffered(instance: string): boolean {
    return this.#replicas.some((one) => one.offers(instance));
  }

  #ghost(): string | undefined {
    const { diedAt, downNacos, now } = this.#cluster;
    if (downNacos.size > 0) return undefined;
    for (const [instance, died] of diedAt) {
      if (now - died <= boundSeconds) continue;
      for (const replica of this.#replicas) {
        const places = replica.placesOf(instance);
        const hasSight = (one: ModelReplica) =>
          places.some((place) => this.#couldRelieve(one, replica, instance, place));
        if (this.#replicas.some(hasSight)) return `${replica.identity} publishes ${instance}, dead for ${now - died} s`;
      }
    }
    return undefined;
  }

  #couldRelieve(one: ModelReplica, { scope }: ModelReplica, instance: string, place: [string, number]): boolean {
    if (one.scope.installation !== scope.installation || one.scope.digest !== scope.digest) return false;
    const hasMet = one.hasMet(connectionOf(instance), place, settleSeconds);
    return hasMet && this.#cluster.now - one.sightedSince > boundSeconds;
  }
}
