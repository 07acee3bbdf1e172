/**
 * Leader election over one lease record: of several replicas, one at a time does the work that only one may do.
 *
 * Guarantees
 * - A leader gives up `renewDeadlineMs` after the beginning of its last successful renewal, whatever its store does;
 *   a candidate takes over `leaseDurationMs` after it last saw the record change. The first is shorter, and the first
 *   begins earlier, so the two do not overlap.
 * - Only the local monotonic clock is asked. Times in the record are for people: clocks of machines differ.
 * - `isLeader` compares with the deadline on every call, so it is right also when a timer is late.
 * Assumptions: monotonic clocks run at about the same speed, and no two replicas have the same identity.
 * Caveats: a process that was frozen may finish a request that it had begun; and who deletes the lease by hand may get
 * a second leader until the first one's next renewal. So remote writes must be compare-and-set or idempotent all the
 * same. An elector that lost does not stand again: restart the process, so that nothing remembers having led.
 */
import { type Clock, sleep, type Timer } from '../clock.ts';
import { BridgeError, isBridgeError } from '../errors.ts';
import { errorFields, type Logger } from '../logger.ts';
import type { LeaseLock, LeaseRecord } from './lease.ts';
import type { RuntimeMetrics } from './metrics.ts';
import type { Term } from './term.ts';

export interface LeaderElectorOptions {
  lock: LeaseLock;
  /** Unique among the replicas; hostname and a random part. */
  identity: string;
  /** Label of the metric. */
  name: string;
  clock: Clock;
  log: Logger;
  metrics: Pick<RuntimeMetrics, 'forLeaderElection'>;
  /** @default 15_000; whole seconds */
  leaseDurationMs?: number;
  /** @default 10_000 */
  renewDeadlineMs?: number;
  /** @default 2_000 */
  retryPeriodMs?: number;
  /** A number in [0, 1); tests pass their own. @default Math.random */
  random?: () => number;
  onStartedLeading?: () => void;
  /** Called once after `onStartedLeading`: leadership was lost, or given up by `stop`. */
  onStoppedLeading?: (why: 'lost' | 'stopped') => void;
}

export interface LeaseView {
  identity: string;
  /** What the store was last seen to hold. */
  record: LeaseRecord | undefined;
  /** Monotonic time at which `record` was first seen as it is. */
  observedAtMs: number;
  nowMs: number;
}

export type LeaseDecision = 'create' | 'renew' | 'take' | 'wait';

/**
 *   record          holder     unchanged for its duration   decision
 *   absent                                                  create
 *   present         we                                      renew
 *   present         nobody                                  take
 *   present         another    no                           wait
 *   present         another    yes                          take
 */
export function decideLease({ identity, record, observedAtMs, nowMs }: LeaseView): LeaseDecision {
  if (record === undefined) return 'create';
  if (record.holderIdentity === identity) return 'renew';
  if (!record.holderIdentity) return 'take';
  return nowMs - observedAtMs < record.leaseDurationSeconds * 1000 ? 'wait' : 'take';
}

type State =
  { kind: 'idle' } | { kind: 'candidate' } | { kind: 'leading'; untilMs: number; deadline: Timer } | { kind: 'ended' };

export class LeaderElector {
  readonly name = 'leader election';
  readonly #options: Required<LeaderElectorOptions>;
  readonly #setMasterStatus: (isLeader: boolean) => void;
  readonly #stopping = new AbortController();
  #state: State = { kind: 'idle' };
  #record: LeaseRecord | undefined;
  #observedAtMs = 0;
  #campaign: Promise<void> = Promise.resolve();

  constructor({
    leaseDurationMs = 15_000,
    renewDeadlineMs = 10_000,
    retryPeriodMs = 2_000,
    random = Math.random,
    onStartedLeading = () => {},
    onStoppedLeading = () => {},
    ...rest
  }: LeaderElectorOptions) {
    if (retryPeriodMs >= renewDeadlineMs || renewDeadlineMs >= leaseDurationMs) {
      throw new BridgeError(
        'INVALID_OPTION',
        'the retry period must be shorter than the renew deadline, and that shorter than the lease duration',
      );
    }
    const defaults = { leaseDurationMs, renewDeadlineMs, retryPeriodMs, random, onStartedLeading, onStoppedLeading };
    this.#options = { ...rest, ...defaults };
    this.#setMasterStatus = rest.metrics.forLeaderElection(rest.name);
  }

  /** Who holds the lease as far as known; undefined when nobody does or the store was not read yet. */
  get holder(): string | undefined {
    return this.#record?.holderIdentity || undefined;
  }

  isLeader(): boolean {
    return this.#state.kind === 'leading' && this.#options.clock.monotonic() < this.#state.untilMs;
  }

  /** The term that has just begun. `confirm` throws TIMEOUT when the store does not answer, KUBE_CONFLICT when the lease is gone. */
  term(): Term {
    const { identity, lock } = this.#options;
    const number = this.#record?.leaseTransitions ?? 0;
    return {
      number,
      isCurrent: () => this.isLeader(),
      confirm: async () => {
        const record = await this.#limit(lock.get());
        // Removed by hand: whoever writes it next leads.
        if (record === undefined) throw new BridgeError('KUBE_CONFLICT', 'the lease is gone; it is asked again');
        return this.isLeader() && record.holderIdentity === identity;
      },
    };
  }

  /** Stands as a candidate until `stop`, or until leadership was won and lost. */
  start(): void {
    if (this.#state.kind !== 'idle') throw new Error('a leader elector is started once');
    this.#state = { kind: 'candidate' };
    this.#campaign = this.#campaignUntilEnd();
  }

  /**
   * Ends the candidacy and releases the lease, so that another replica need not wait for its expiry. With `hurry`
   * aborted it is kept until it expires: whoever is in a hurry cannot know that all work of the leader has ended.
   */
  async stop(hurry?: AbortSignal): Promise<void> {
    this.#stopping.abort();
    await this.#campaign;
    const hasLost = this.#state.kind === 'ended';
    this.#stepDown('stopped');
    const { identity, lock, log } = this.#options;
    if (hasLost || hurry?.aborted || this.#record?.holderIdentity !== identity) return;
    try {
      await this.#limit(lock.update(this.#releasedRecord(this.#record)));
      log.info('leadership released', { lease: lock.describe() });
    } catch (error) {
      log.warn('leadership could not be released and will expire', { lease: lock.describe(), ...errorFields(error) });
    }
  }

  async #campaignUntilEnd(): Promise<void> {
    const { clock, retryPeriodMs, random } = this.#options;
    const { signal } = this.#stopping;
    while (!signal.aborted && this.#state.kind !== 'ended') {
      await this.#attempt();
      // Candidates spread out, so that they do not all meet a lease that is free at the same moment.
      const pauseMs = this.#state.kind === 'candidate' ? retryPeriodMs * (1 + random() / 2) : retryPeriodMs;
      await sleep(clock, pauseMs, signal).catch(() => {});
    }
  }

  /** One look and, if the lease is ours or free, one write. */
  async #attempt(): Promise<void> {
    const { clock, lock, log } = this.#options;
    const startedMs = clock.monotonic();
    try {
      if (this.#state.kind !== 'leading') await this.#look();
      const isHolder = await this.#write().catch(async (error: unknown) => {
        if (!isBridgeError(error, 'KUBE_CONFLICT', 'KUBE_NOT_FOUND')) throw error;
        await this.#look();
        return this.#state.kind === 'leading' ? this.#write() : false;
      });
      if (isHolder) return this.#lead(startedMs);
      if (this.#state.kind === 'leading') this.#lose(`the lease is held by '${this.holder}'`);
    } catch (error) {
      log.warn('the lease could not be read or written', { lease: lock.describe(), ...errorFields(error) });
    }
  }

  async #look(): Promise<void> {
    this.#observe(await this.#limit(this.#options.lock.get()));
  }

  /** Returns whether the lease is ours now. */
  async #write(): Promise<boolean> {
    const { lock, identity, clock } = this.#options;
    const record = this.#record;
    const view = { identity, record, observedAtMs: this.#observedAtMs, nowMs: clock.monotonic() };
    const decision = decideLease(view);
    if (decision === 'wait') return false;
    const isWritten = record === undefined ? lock.create(this.#nextRecord()) : lock.update(this.#nextRecord(record));
    this.#observe(await this.#limit(isWritten));
    return true;
  }

  #observe(record: LeaseRecord | undefined): void {
    const before = this.#record;
    this.#record = record;
    // The resourceVersion alone is no sign of life: anybody may have put a label on the lease.
    if (record === undefined || before === undefined || !isSameClaim(before, record)) {
      this.#observedAtMs = this.#options.clock.monotonic();
    }
    if (record?.holderIdentity && record.holderIdentity !== before?.holderIdentity) {
      const { lock, log } = this.#options;
      log.info('the leader is known', { lease: lock.describe(), leader: record.holderIdentity });
    }
  }

  /** The lease was confirmed by an attempt that began at `startedMs`. */
  #lead(startedMs: number): void {
    const { clock, renewDeadlineMs, onStartedLeading } = this.#options;
    const previous = this.#state;
    if (previous.kind === 'ended') return;
    if (previous.kind === 'candidate' && this.#stopping.signal.aborted) return;
    if (previous.kind === 'leading' && !this.isLeader()) return this.#lose('its renewal came too late');
    const untilMs = startedMs + renewDeadlineMs;
    const leftMs = untilMs - clock.monotonic();
    if (leftMs <= 0) return;

    if (previous.kind === 'leading') previous.deadline.cancel();
    const deadline = clock.after(leftMs, () => this.#lose(`it was not renewed within ${renewDeadlineMs} ms`));
    this.#state = { kind: 'leading', untilMs, deadline };
    if (previous.kind === 'leading') return;
    this.#setMasterStatus(true);
    onStartedLeading();
  }

  #lose(why: string): void {
    if (this.#state.kind !== 'leading') return;
    this.#options.log.error(`leadership lost: ${why}`, { lease: this.#options.lock.describe() });
    this.#stepDown('lost');
  }

  #stepDown(why: 'lost' | 'stopped'): void {
    const state = this.#state;
    this.#state = { kind: 'ended' };
    if (state.kind !== 'leading') return;
    state.deadline.cancel();
    this.#setMasterStatus(false);
    this.#options.onStoppedLeading(why);
  }

  #nextRecord(record?: LeaseRecord): LeaseRecord {
    const { identity, leaseDurationMs } = this.#options;
    const renewTime = this.#microTime();
    const isOurs = record?.holderIdentity === identity;
    return {
      holderIdentity: identity,
      leaseDurationSeconds: Math.ceil(leaseDurationMs / 1000),
      acquireTime: isOurs ? record.acquireTime : renewTime,
      renewTime,
      leaseTransitions: (record?.leaseTransitions ?? 0) + (record === undefined || isOurs ? 0 : 1),
      resourceVersion: record?.resourceVersion,
    };
  }

  #releasedRecord(record: LeaseRecord): LeaseRecord {
    return { ...record, holderIdentity: '', leaseDurationSeconds: 1, renewTime: this.#microTime() };
  }

  #microTime(): string {
    return new Date(this.#options.clock.now()).toISOString().replace('Z', '000Z');
  }

  /** Gives an answer up after half the renew deadline, which leaves a leader time for another attempt. */
  async #limit<T>(answer: Promise<T>): Promise<T> {
    const { clock, renewDeadlineMs } = this.#options;
    const limitMs = renewDeadlineMs / 2;
    const { promise: timeout, reject } = Promise.withResolvers<never>();
    const timer = clock.after(limitMs, () => reject(new BridgeError('TIMEOUT', `no answer within ${limitMs} ms`)));
    try {
      return await Promise.race([answer, timeout]);
    } finally {
      timer.cancel();
    }
  }
}

function isSameClaim(a: LeaseRecord, b: LeaseRecord): boolean {
  return (
    a.holderIdentity === b.holderIdentity &&
    a.renewTime === b.renewTime &&
    a.acquireTime === b.acquireTime &&
    a.leaseDurationSeconds === b.leaseDurationSeconds &&
    a.leaseTransitions === b.leaseTransitions
  );
}
