/**
 * This replica's own Lease: renewing it is the proof that the API server can be reached, which the other replicas need
 * before they do without ours, and which we need before we trust our own view.
 *
 * One request for each renewal, whatever the object was: it is applied, so that a Lease that somebody deleted is there
 * again, and nobody else's fields are touched.
 *
 * Guarantees: `lost` is told as soon as no renewal that began within the lease duration has succeeded, however much
 * later the answers come; also after a freeze, before anything that is renewed then counts. Then comes `renewed`, with
 * the time at which the request began. Two of the same renewal never overlap.
 */
import { createHash } from 'node:crypto';
import type { Clock, Timer } from '../clock.ts';
import { messageOf } from '../errors.ts';
import { errorFields, type Logger } from '../logger.ts';
import type { Lease } from '../kube/lease.ts';
import { isObjectName, MAX_NAME_LENGTH } from '../kube/limits.ts';
import type { ResourceClient } from '../kube/resource-client.ts';
import { Listeners } from '../runtime/listeners.ts';

export interface ReplicaLeaseOptions {
  /** Over a connection of its own: a renewal never waits behind other calls. */
  leases: Pick<ResourceClient<Lease>, 'apply' | 'delete' | 'list'>;
  namespace: string;
  name: string;
  /** Who holds it; in a pod that is the name of the pod. */
  identity: string;
  /** Undefined where it is not known: then nobody deletes the Lease with the pod. */
  podUid: string | undefined;
  labels: Readonly<Record<string, string>>;
  /** As they are at each renewal. */
  annotations: () => Readonly<Record<string, string>>;
  fieldManager: string;
  clock: Clock;
  /** A number in [0, 1). @default Math.random */
  random?: () => number;
  log: Logger;
}

export type LeaseEvent =
  /** By a request that began at that time of the monotonic clock. */
  { readonly kind: 'renewed'; readonly begunMs: number } | { readonly kind: 'lost' };

export const LEASE_DURATION_SECONDS = 15;
const RENEW_PERIOD_MS = 2000;
/** More than two renewals that time out take, one after the other, and shorter than any freeze that makes a view old. */
const FAILURE_COUNTS_MS = 13_000;
/** So that the renewals of many replicas do not come at once. */
const RENEW_JITTER = 0.2;

export class ReplicaLease {
  readonly name = 'replica lease';
  readonly #options: ReplicaLeaseOptions;
  readonly #listeners = new Listeners<[event: LeaseEvent]>();
  readonly #acquireTime: string;
  #phase: 'idle' | 'held' | 'lost' | 'stopped' = 'idle';
  /** When the last renewal that succeeded began. */
  #renewedMs = 0;
  /** When the last renewal that failed began: one that was frozen in between says nothing of now. */
  #failedMs = -Infinity;
  #renewing: Promise<void> | undefined;
  /** Whether another renewal is to begin as soon as this one ends. */
  #isAsked = false;
  #next: Timer | undefined;
  #deadline: Timer | undefined;

  constructor(options: ReplicaLeaseOptions) {
    this.#options = options;
    this.#acquireTime = microTime(options.clock);
  }

  get isLost(): boolean {
    return this.#phase === 'lost';
  }

  /** Lost, and a request that was made just now failed as well: there is no use in asking the API server. */
  get isUnreachable(): boolean {
    return this.isLost && this.#options.clock.monotonic() - this.#failedMs < FAILURE_COUNTS_MS;
  }

  /** Returns how to stop listening. */
  onEvent(listener: (event: LeaseEvent) => void): () => void {
    return this.#listeners.add(listener);
  }

  /** Does not wait for the API server: a replica that cannot reach it is lost after the lease duration. */
  start(): void {
    if (this.#phase !== 'idle') return;
    this.#phase = 'held';
    this.#extend(this.#options.clock.monotonic());
    void this.renew();
  }

  /** Begins a renewal now, or right after the one that is under way. Resolves when that has ended; never rejects. */
  async renew(): Promise<void> {
    if (this.#renewing) {
      this.#isAsked = true;
      return this.#renewing;
    }
    if (this.#phase === 'idle' || this.#phase === 'stopped') return;
    this.#next?.cancel();
    this.#renewing = this.#renew();
    await this.#renewing;
  }

  async stop(): Promise<void> {
    const { leases, log, name, namespace } = this.#options;
    const wasHeld = this.#phase === 'held';
    this.#phase = 'stopped';
    this.#next?.cancel();
    this.#deadline?.cancel();
    await this.#renewing;
    if (!wasHeld) return;
    try {
      await leases.delete(name, namespace);
    } catch (error) {
      log.warn('the Lease of this replica could not be deleted', { lease: name, ...errorFields(error) });
    }
  }

  async #renew(): Promise<void> {
    const { clock, random = Math.random } = this.#options;
    try {
      do {
        this.#isAsked = false;
        await this.#renewOnce();
      } while (this.#isAsked && this.#phase === 'held');
    } finally {
      this.#renewing = undefined;
    }
    if (this.#phase === 'stopped') return;
    const delayMs = RENEW_PERIOD_MS * (1 + RENEW_JITTER * (random() - 0.5));
    this.#next = clock.after(delayMs, () => void this.renew());
  }

  async #renewOnce(): Promise<void> {
    const { clock, log, name } = this.#options;
    // A process that was frozen comes here before its deadline.
    this.#checkDeadline();
    const begunMs = clock.monotonic();
    try {
      await this.#apply();
    } catch (error) {
      this.#failedMs = begunMs;
      log.debug('the Lease of this replica could not be renewed', { lease: name, ...errorFields(error) });
      this.#checkDeadline(error);
      return;
    }
    if (this.#phase === 'stopped') return;
    this.#checkDeadline();
    // An answer that comes this late says nothing about now.
    if (clock.monotonic() - begunMs >= LEASE_DURATION_SECONDS * 1000) return;
    this.#extend(begunMs);
    if (this.#phase === 'lost') log.info('the Lease of this replica is renewed again', { lease: name });
    this.#phase = 'held';
    this.#listeners.call({ kind: 'renewed', begunMs });
  }

  async #apply(): Promise<void> {
    const { annotations, clock, fieldManager, identity, labels, leases, name, namespace, podUid } = this.#options;
    // Without blockOwnerDeletion, which would need rights on the pod.
    const owner = podUid === undefined ? [] : [{ apiVersion: 'v1', kind: 'Pod', name: identity, uid: podUid }];
    await leases.apply(
      {
        metadata: { name, namespace, labels: { ...labels }, annotations: { ...annotations() }, ownerReferences: owner },
        spec: {
          holderIdentity: identity,
          leaseDurationSeconds: LEASE_DURATION_SECONDS,
          acquireTime: this.#acquireTime,
          renewTime: microTime(clock),
        },
      },
      { fieldManager, force: true },
    );
  }

  #extend(renewedMs: number): void {
    const { clock } = this.#options;
    this.#renewedMs = renewedMs;
    this.#deadline?.cancel();
    const leftMs = renewedMs + LEASE_DURATION_SECONDS * 1000 - clock.monotonic();
    this.#deadline = clock.after(leftMs, () => this.#checkDeadline());
  }

  /** Whether it is lost by now. */
  #checkDeadline(cause?: unknown): void {
    const { clock, log, name } = this.#options;
    if (this.#phase !== 'held') return;
    const ageMs = clock.monotonic() - this.#renewedMs;
    // Timers may fire a fraction of a millisecond early.
    if (ageMs < LEASE_DURATION_SECONDS * 1000 - 1) return;
    this.#phase = 'lost';
    const why = cause === undefined ? undefined : messageOf(cause);
    log.warn('the Lease of this replica is lost: the API server cannot be reached, or refuses it', {
      lease: name,
      why,
    });
    this.#listeners.call({ kind: 'lost' });
  }
}

/**
 * The name of the Lease of a replica. Identities may have characters that names of objects may not; what has to be changed
 * gets a digest of the whole, so that two identities never share a Lease. `prefix` is a legal name itself.
 */
export function leaseNameOf(prefix: string, identity: string): string {
  const name = `${prefix}-${identity}`;
  if (isObjectName(name)) return name;
  const digest = createHash('sha256').update(identity).digest('hex').slice(0, 10);
  const words = identity.toLowerCase().match(/[a-z0-9]+/g) ?? [];
  const readable = [prefix, ...words].join('-').slice(0, MAX_NAME_LENGTH - digest.length - 1);
  return `${readable.replace(/-$/, '')}-${digest}`;
}

/** `meta/v1 MicroTime`. */
function microTime(clock: Clock): string {
  return new Date(clock.now()).toISOString().replace('Z', '000Z');
}
