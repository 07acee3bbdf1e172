/**
 * A replica in an election, for tests: an elector with a wall clock that may be wrong, on a lease store that all
 * replicas share, with the faults that befall real ones. Frozen, neither its timers nor the answers to it arrive.
 */
import { type Clock, sleep } from '../../operator/clock.ts';
import { BridgeError } from '../../operator/errors.ts';
import { Registry } from 'prom-client';
import { LeaderElector, type LeaderElectorOptions } from '../../operator/runtime/leader-elector.ts';
import type { LeaseLock, LeaseRecord } from '../../operator/runtime/lease.ts';
import { createRuntimeMetrics } from '../../operator/runtime/metrics.ts';
import type { FakeClock } from '../fake-clock.ts';
import { LogRecorder } from './log-recorder.ts';

/** What the API server keeps. */
export class LeaseStore {
  record: LeaseRecord | undefined;
  /** Writes that were applied, as `<holder> <transitions>`. */
  readonly writes: string[] = [];
  #version = 0;

  create(record: LeaseRecord): LeaseRecord {
    if (this.record) throw new BridgeError('KUBE_CONFLICT', 'the lease exists');
    return this.#store(record);
  }

  update(record: LeaseRecord): LeaseRecord {
    if (!this.record) throw new BridgeError('KUBE_NOT_FOUND', 'the lease does not exist');
    if (record.resourceVersion !== this.record.resourceVersion) {
      throw new BridgeError('KUBE_CONFLICT', 'the lease was changed');
    }
    return this.#store(record);
  }

  /** Somebody edits the metadata of the lease. */
  touch(): void {
    if (this.record) this.record = { ...this.record, resourceVersion: `${++this.#version}` };
  }

  #store(record: LeaseRecord): LeaseRecord {
    this.record = { ...record, resourceVersion: `${++this.#version}` };
    this.writes.push(`${record.holderIdentity} ${record.leaseTransitions}`);
    return this.record;
  }
}

export class Replica {
  readonly identity: string;
  readonly elector: LeaderElector;
  readonly registry = new Registry();
  readonly log = new LogRecorder();
  /** What the callbacks said, in order. */
  readonly history: string[] = [];
  network: 'up' | 'refuses' | 'silent' = 'up';
  latencyMs = 0;
  #frozen: (() => void)[] | undefined;
  readonly #clock: FakeClock;
  readonly #store: LeaseStore;

  constructor(
    identity: string,
    clock: FakeClock,
    store: LeaseStore,
    options: Partial<LeaderElectorOptions> & { skewMs?: number } = {},
  ) {
    const { skewMs = 0, ...electorOptions } = options;
    this.identity = identity;
    this.#clock = clock;
    this.#store = store;
    this.elector = new LeaderElector({
      lock: this.#lock(),
      identity,
      name: 'test-lease',
      clock: this.#ownClock(skewMs),
      log: this.log,
      metrics: createRuntimeMetrics(this.registry),
      random: () => 0,
      onStartedLeading: () => this.history.push('started'),
      onStoppedLeading: (why) => this.history.push(why),
      ...electorOptions,
    });
  }

  /** A frozen process believes nothing; what matters is what it believes when it wakes. */
  get actsAsLeader(): boolean {
    return this.#frozen === undefined && this.elector.isLeader();
  }

  freeze(): void {
    this.#frozen ??= [];
  }

  thaw(): void {
    const missed = this.#frozen ?? [];
    this.#frozen = undefined;
    for (const callback of missed) callback();
  }

  #ownClock(skewMs: number): Clock {
    const arrive = (callback: () => void) => (this.#frozen ? this.#frozen.push(callback) : callback());
    return {
      now: () => this.#clock.now() + skewMs,
      monotonic: () => this.#clock.monotonic(),
      after: (delayMs, callback) => {
        let isCancelled = false;
        const timer = this.#clock.after(delayMs, () => arrive(() => !isCancelled && callback()));
        return {
          cancel: () => {
            isCancelled = true;
            timer.cancel();
          },
        };
      },
    };
  }

  #lock(): LeaseLock {
    const ask = async <T>(request: () => T): Promise<T> => {
      if (this.latencyMs > 0) await sleep(this.#clock, this.latencyMs / 2);
      if (this.network === 'refuses') throw new BridgeError('KUBE_UNAVAILABLE', 'connection refused');
      if (this.network === 'silent') return new Promise(() => {});
      const answer = request();
      if (this.latencyMs > 0) await sleep(this.#clock, this.latencyMs / 2);
      if (this.#frozen) await new Promise<void>((resolve) => this.#frozen!.push(resolve));
      return answer;
    };
    return {
      get: () => ask(() => this.#store.record),
      create: (record) => ask(() => this.#store.create(record)),
      update: (record) => ask(() => this.#store.update(record)),
      describe: () => 'default/test-lease',
    };
  }
}
