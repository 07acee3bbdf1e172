/**
 * Starts the parts of the process in an order in which each finds what it needs, and stops them in reverse.
 *
 *   servers        one after the other: probes and metrics answer from the first second
 *   caches         all at once, and waited for as long as it takes: a permission or a CRD may arrive later, and a
 *                  restart would not bring it sooner. Every 10 s a line names what is not synced
 *   every-replica  one after the other: work that all replicas do, whoever leads
 *   election       if one is configured; a standby waits here, with warm caches
 *   the leader's   one after the other, made anew for each term
 *
 * Guarantees: what was started is stopped, in reverse, when `signal` is aborted or a start fails, within
 * `gracefulShutdownMs`; the lease is released after all work of the leader has ended. When leadership is lost the leader's
 * parts are told to stop at once, since another leader may be at work already, and the process stands again; what every
 * replica does goes on meanwhile. Parts that do not stop end the process: two leaders in one are worse than none.
 */
import type { Clock } from '../clock.ts';
import { BridgeError } from '../errors.ts';
import { errorFields, type Logger } from '../logger.ts';
import type { Controller } from './controller.ts';
import { LeaderElector, type LeaderElectorOptions } from './leader-elector.ts';
import type { Runnable } from './runnable.ts';
import { endlessTerm, type Term } from './term.ts';

export type Group = 'servers' | 'caches' | 'every-replica';

export interface ManagerOptions {
  log: Logger;
  clock: Clock;
  /** Without it this process is the leader. */
  leaderElection?: Omit<LeaderElectorOptions, 'onStartedLeading' | 'onStoppedLeading'>;
  /** @default 30_000 */
  gracefulShutdownMs?: number;
}

const progressPeriodMs = 10_000;

export class Manager {
  readonly #log: Logger;
  readonly #clock: Clock;
  readonly #gracefulShutdownMs: number;
  readonly #election: ManagerOptions['leaderElection'];
  readonly #groups: Record<Group, Runnable[]> = { servers: [], caches: [], 'every-replica': [] };
  #leaderParts: (term: Term) => readonly Runnable[] = () => [];
  readonly #synced = new Set<Runnable>();
  /** What has to be stopped, in the order of its start. */
  readonly #started: Runnable[] = [];
  #elector: LeaderElector | undefined;
  /** Aborted when the leadership of this term is lost. */
  #lost = new AbortController();

  constructor({ log, clock, leaderElection, gracefulShutdownMs = 30_000 }: ManagerOptions) {
    this.#log = log;
    this.#clock = clock;
    this.#gracefulShutdownMs = gracefulShutdownMs;
    this.#election = leaderElection;
  }

  add(group: Group, ...runnables: Runnable[]): this {
    this.#groups[group].push(...runnables);
    return this;
  }

  /** What the leader alone does: `parts` makes it anew for each term. */
  lead(parts: (term: Term) => readonly Runnable[]): this {
    this.#leaderParts = parts;
    return this;
  }

  /** Names of the caches that are not synced yet; for readiness. */
  get notSynced(): readonly string[] {
    return this.#groups.caches.filter((cache) => !this.#synced.has(cache)).map(({ name }) => name);
  }

  /** Of the parts that are started now. */
  get controllers(): readonly Controller[] {
    return this.#started.flatMap(({ controllers = [] }) => controllers);
  }

  /** What failed is tried again, by all controllers, where `hasPassed` says so of the failure. */
  retryFailing(hasPassed: (error: unknown) => boolean): void {
    for (const controller of this.controllers) controller.retryFailing(hasPassed);
  }

  isLeader(): boolean {
    return this.#election === undefined || (this.#elector?.isLeader() ?? false);
  }

  /**
   * Runs until `signal` is aborted and resolves when everything has stopped. Rejects when a start failed, when leadership
   * was lost during the end, and with TIMEOUT when parts did not stop in time. Call it once.
   */
  async run(signal: AbortSignal): Promise<void> {
    let failure: unknown;
    try {
      await this.#start(signal);
      while (!signal.aborted) await this.#term(signal);
    } catch (error) {
      if (!signal.aborted) failure = error;
    }
    // A start that failed has nobody wait who tells the process to end meanwhile.
    const giveUp = failure === undefined ? this.#lost.signal : AbortSignal.any([this.#lost.signal, signal]);
    const late = await this.#stop(this.#started, giveUp);
    failure ??= signal.aborted ? this.#lost.signal.reason : undefined;
    if (failure !== undefined) throw failure;
    if (late.length > 0) throw this.#notStopped(late);
  }

  async #start(ending: AbortSignal): Promise<void> {
    for (const server of this.#groups.servers) await this.#begin(server, ending);
    await this.#startCaches(ending);
    for (const runnable of this.#groups['every-replica']) await this.#begin(runnable, ending);
  }

  /** From the candidacy to the loss of leadership, or to the end of all. */
  async #term(ending: AbortSignal): Promise<void> {
    this.#lost = new AbortController();
    const over = AbortSignal.any([ending, this.#lost.signal]);
    const begun = this.#started.length;
    try {
      await this.#stand(over);
      const term = this.#elector?.term() ?? endlessTerm;
      for (const runnable of this.#leaderParts(term)) await this.#begin(runnable, over);
      this.#log.info('everything is started');
      await aborted(over);
    } catch (error) {
      if (!this.#lost.signal.aborted || ending.aborted) throw error;
    }
    if (ending.aborted) return;
    this.#log.warn('leadership was lost; the work of the leader ends, and this process stands again');
    const late = await this.#stop(this.#started.splice(begun));
    if (late.length > 0) throw this.#notStopped(late);
  }

  /** Resolves when this process leads. */
  async #stand(over: AbortSignal): Promise<void> {
    if (this.#election === undefined) return;
    const elected = Promise.withResolvers<void>();
    this.#elector = new LeaderElector({
      ...this.#election,
      onStartedLeading: () => elected.resolve(),
      onStoppedLeading: (why) => {
        if (why === 'lost') this.#lost.abort(new BridgeError('ABORTED', 'leadership was lost'));
      },
    });
    await this.#begin(this.#elector, over);
    await unlessAborted(over, elected.promise);
  }

  async #startCaches(ending: AbortSignal): Promise<void> {
    const startedMs = this.#clock.monotonic();
    const report = () => {
      const waitedSeconds = Math.round((this.#clock.monotonic() - startedMs) / 1000);
      this.#log.info('waiting for caches', { notSynced: this.notSynced, waitedSeconds });
      timer = this.#clock.after(progressPeriodMs, report);
    };
    let timer = this.#clock.after(progressPeriodMs, report);
    const sync = async (cache: Runnable) => {
      await this.#begin(cache, ending);
      this.#synced.add(cache);
    };
    try {
      await Promise.all(this.#groups.caches.map(sync));
    } finally {
      timer.cancel();
    }
  }

  async #begin(runnable: Runnable, ending: AbortSignal): Promise<void> {
    ending.throwIfAborted();
    this.#started.push(runnable);
    await unlessAborted(ending, Promise.resolve(runnable.start(ending)));
    this.#log.debug('started', { part: runnable.name });
  }

  /** In reverse; returns the names of what had not stopped when the time was over, or `giveUp` was aborted. */
  async #stop(started: readonly Runnable[], giveUp?: AbortSignal): Promise<string[]> {
    const outOfTime = new AbortController();
    const timer = this.#clock.after(this.#gracefulShutdownMs, () => outOfTime.abort());
    const hurry = AbortSignal.any([outOfTime.signal, this.#lost.signal]);
    const over = giveUp ? AbortSignal.any([outOfTime.signal, giveUp]) : outOfTime.signal;
    const late: string[] = [];
    for (const runnable of started.toReversed()) {
      const isStopped = await Promise.race([this.#end(runnable, hurry), aborted(over).then(() => false)]);
      if (!isStopped) late.push(runnable.name);
    }
    timer.cancel();
    return late;
  }

  #notStopped(late: readonly string[]): BridgeError {
    return new BridgeError('TIMEOUT', `not stopped within ${this.#gracefulShutdownMs} ms: ${late.join(', ')}`);
  }

  async #end(runnable: Runnable, hurry: AbortSignal): Promise<boolean> {
    try {
      await runnable.stop(hurry);
      this.#log.debug('stopped', { part: runnable.name });
    } catch (error) {
      this.#log.error('a part failed to stop', { part: runnable.name, ...errorFields(error) });
    }
    return true;
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}

/** The outcome of `work`, or a rejection as soon as `signal` is aborted. */
function unlessAborted(signal: AbortSignal, work: Promise<void>): Promise<void> {
  const givenUp = aborted(signal).then(() => {
    throw new BridgeError('ABORTED', 'the start was given up');
  });
  return Promise.race([work, givenUp]);
}
