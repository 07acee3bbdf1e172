/**
 * Whether this replica sees the API server: it renews its own Lease, and every view that it publishes from is confirmed.
 * From both, and from lists that are made for it, come the events of relief.ts that are the same for all connections.
 *
 * Guarantees: `lost` is told half a second after the Lease or a view has become too old; `synced` when the Lease is renewed
 * and all views are confirmed again, after `publishing` knows what they ask for; `listed` when every view was listed by
 * requests that began at that time.
 */
import { sleep, type Clock, type Timer } from '../clock.ts';
import type { View } from '../kube/reflector.ts';
import { errorFields, type Logger } from '../logger.ts';
import { Backoff } from '../runtime/backoff.ts';
import type { ReplicaEvent } from './relief.ts';
import type { LeaseEvent, ReplicaLease } from './replica-lease.ts';
import { nearlyTooOld, relist, tooOld } from './views.ts';

interface SightOptions {
  lease: Pick<ReplicaLease, 'isLost' | 'onEvent' | 'renew'>;
  /** Asked each time: which there are depends on what exports need. */
  views: () => readonly View[];
  /** Makes what the views ask for known to the clients before it returns. */
  reconcileAll: () => void;
  /** What a relief waits for. */
  awaited: () => { readonly renewal: boolean; readonly list: boolean };
  onEvent: (event: ReplicaEvent) => void;
  clock: Clock;
  log: Logger;
}

/** What `blindness` calls the Lease. */
const LEASES = 'leases.coordination.k8s.io';
const LOOK_MS = 500;

export class Sight {
  readonly #options: SightOptions;
  readonly #stopping = new AbortController();
  /** Set for as long as we are blind. */
  #lost: (ReplicaEvent & { kind: 'lost' }) | undefined;
  /** Whether the Lease was lost since then: no view is trusted after that. */
  #wasLeaseLost = false;
  #lastEpoch = 0;
  #isListing = false;
  #isRenewing = false;
  readonly #refreshing = new Set<View>();
  #next: Timer | undefined;
  #unsubscribe: () => void = () => {};

  constructor(options: SightOptions) {
    this.#options = options;
  }

  start(): void {
    this.#unsubscribe = this.#options.lease.onEvent((event) => this.#leaseEvent(event));
    this.#lookAgain();
  }

  stop(): void {
    this.#unsubscribe();
    this.#next?.cancel();
    this.#stopping.abort();
  }

  /** How a part that begins now learns that we are blind. */
  get lost(): ReplicaEvent | undefined {
    return this.#lost;
  }

  /** What is not seen, while we are blind: resources, as `kubectl` names them. */
  get blindness(): readonly string[] {
    if (!this.#lost) return [];
    const { clock, lease, views } = this.#options;
    const old = tooOld(views(), clock.monotonic()).map(({ resource }) => resource);
    return lease.isLost ? [LEASES, ...old] : old;
  }

  /** To be called when what a relief waits for may be another thing. */
  check(): void {
    if (this.#options.awaited().renewal) this.#renewSoon();
    this.#listWhileNeeded();
  }

  #leaseEvent(event: LeaseEvent): void {
    if (event.kind === 'renewed' && !this.#lost) this.#options.onEvent(event);
    this.#look();
  }

  #lookAgain(): void {
    this.#look();
    this.#next = this.#options.clock.after(LOOK_MS, () => this.#lookAgain());
  }

  #look(): void {
    const { clock, lease, log, onEvent, views } = this.#options;
    const old = tooOld(views(), clock.monotonic());
    this.#wasLeaseLost ||= lease.isLost;
    if (!this.#lost && (lease.isLost || old.length > 0)) {
      if (old.length > 0) log.warn('the API server is not seen', { resources: old.map(({ resource }) => resource) });
      this.#lost = { kind: 'lost', epoch: this.#newEpoch() };
      onEvent(this.#lost);
    }
    if (!this.#lost) this.#keepConfirmed();
    this.#listWhileNeeded();
  }

  /** Later ones are greater, also those of a process that has taken the place of this one. */
  #newEpoch(): string {
    this.#lastEpoch = Math.max(this.#lastEpoch + 1, this.#options.clock.now());
    return String(this.#lastEpoch);
  }

  #keepConfirmed(): void {
    const { clock, views } = this.#options;
    for (const view of nearlyTooOld(views(), clock.monotonic())) {
      if (this.#refreshing.has(view)) continue;
      this.#refreshing.add(view);
      const end = () => void this.#refreshing.delete(view);
      view.refresh().then(end, end);
    }
  }

  /** What begins at the very moment at which a peer was seen does not count as begun after it. */
  #renewSoon(): void {
    const { awaited, clock, lease } = this.#options;
    if (this.#isRenewing) return;
    this.#isRenewing = true;
    clock.after(1, () => {
      this.#isRenewing = false;
      if (awaited().renewal) void lease.renew();
    });
  }

  get #needsList(): boolean {
    const { awaited, lease } = this.#options;
    if (lease.isLost || this.#stopping.signal.aborted) return false;
    return this.#lost !== undefined || awaited().list;
  }

  #listWhileNeeded(): void {
    if (this.#isListing || !this.#needsList) return;
    this.#isListing = true;
    void this.#list().finally(() => (this.#isListing = false));
  }

  async #list(): Promise<void> {
    const { log } = this.#options;
    const backoff = new Backoff({ initialMs: 500, maxMs: 5000 });
    await this.#pause(1);
    while (this.#needsList) {
      const isDone = await this.#listOnce().catch((error: unknown) => {
        log.warn('the API server cannot be listed', errorFields(error));
        return false;
      });
      await this.#pause(isDone ? 1 : backoff.nextMs());
    }
  }

  /** Resolves to whether it could be had of everything. */
  async #listOnce(): Promise<boolean> {
    const { clock, lease, onEvent, reconcileAll, views } = this.#options;
    const begunMs = clock.monotonic();
    const listed = views().filter((view) => view.lastConfirmedMonotonicMs !== undefined);
    const lost = this.#lost;
    const isAboutAll = !lost || this.#wasLeaseLost;
    const isComplete = await relist(isAboutAll ? listed : tooOld(listed, begunMs));
    reconcileAll();
    // What is wanted already is confirmed when this turn is over, and what is not is on its way.
    await this.#pause(1);
    // What was lost while it was listed must be listed again.
    if (lost && !lease.isLost && (isAboutAll || !this.#wasLeaseLost)) {
      this.#lost = undefined;
      this.#wasLeaseLost = false;
      onEvent({ kind: 'synced' });
    }
    if (isAboutAll && isComplete) onEvent({ kind: 'listed', begunMs });
    return isComplete;
  }

  /** Ends early at the stop, without rejecting. */
  async #pause(delayMs: number): Promise<void> {
    await sleep(this.#options.clock, delayMs, this.#stopping.signal).catch(() => {});
  }
}
