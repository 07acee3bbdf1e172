/**
 * Keeps a replica that starts from being Ready while another one has more connections confirmed: a rolling update would end
 * the other one for it, and with that everything that is published with settings that work no more, such as a password that
 * somebody has mistyped since.
 *
 * A connection that does not work for the others either holds up nothing. After ten minutes nothing does: an update of the
 * operator must not wait for ever for a connection of one user.
 */
import { sleep, type Clock } from '../clock.ts';
import { CONFIRMED_CONNECTIONS_ANNOTATION, SCOPE_ANNOTATION } from '../api/names.ts';
import { errorFields, type Logger } from '../logger.ts';
import type { Lease } from '../kube/lease.ts';
import type { ResourceClient } from '../kube/resource-client.ts';
import type { Runnable } from '../runtime/runnable.ts';
import { replicaLeases } from './lease-census.ts';

interface PeerConnectionsOptions {
  leases: Pick<ResourceClient<Lease>, 'list'>;
  namespace: string;
  /** Replicas of another one publish other things, also those of before an upgrade that changes it. */
  scope: string;
  /** Name of the Lease of this replica. */
  ownLease: string;
  /** How many connections this replica has confirmed. */
  confirmed: () => number;
  clock: Clock;
  log: Logger;
}

const ROUND_MS = 2000;
const LIMIT_MS = 600_000;
/** A replica renews its Lease far more often: one that was not renewed since belongs to nobody. */
const DEAD_AFTER_MS = 15_000;

export class PeerConnections implements Runnable {
  readonly name = 'peer connections';
  readonly #options: PeerConnectionsOptions;
  readonly #stopping = new AbortController();
  /** When each Lease was first seen with its time of renewal, on the monotonic clock: clocks of machines differ. */
  readonly #renewals = new Map<string, { readonly renewTime: string | undefined; readonly seenMs: number }>();
  /** The most that another replica has confirmed; undefined until that is known. */
  #most: number | undefined;
  #isOver = false;
  #running: Promise<void> | undefined;

  constructor(options: PeerConnectionsOptions) {
    this.#options = options;
  }

  start(): void {
    const { clock, log } = this.#options;
    clock.after(LIMIT_MS, () => {
      if (this.problem !== undefined)
        log.warn('this replica counts as ready although others have confirmed more connections');
      this.#isOver = true;
    });
    this.#running = this.#run();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
  }

  /** Why this replica is not Ready; once it is, this is never a reason again. */
  get problem(): string | undefined {
    if (this.#isOver) return undefined;
    if (this.#most === undefined) return 'it is not known what the other replicas have confirmed';
    const own = this.#options.confirmed();
    if (own < this.#most) return `another replica has ${this.#most} connections confirmed, this one ${own}`;
    this.#isOver = true;
    return undefined;
  }

  async #run(): Promise<void> {
    const { clock, log } = this.#options;
    const { signal } = this.#stopping;
    while (!signal.aborted && !this.#isOver) {
      await this.#look().catch((error: unknown) => log.warn('the other replicas are not known', errorFields(error)));
      await sleep(clock, ROUND_MS, signal).catch(() => {});
    }
  }

  async #look(): Promise<void> {
    const { clock, ownLease, scope } = this.#options;
    const leases = await replicaLeases(this.#options);
    const counts = leases.map(({ metadata, spec }) => {
      const { renewTime } = spec ?? {};
      const before = this.#renewals.get(metadata.name);
      const renewal = before?.renewTime === renewTime ? before : undefined;
      const { seenMs } = renewal ?? { seenMs: clock.monotonic() };
      this.#renewals.set(metadata.name, { renewTime, seenMs });
      const isEqual = metadata.annotations?.[SCOPE_ANNOTATION] === scope;
      const isPeer = isEqual && metadata.name !== ownLease && clock.monotonic() - seenMs < DEAD_AFTER_MS;
      return isPeer ? Number(metadata.annotations?.[CONFIRMED_CONNECTIONS_ANNOTATION] ?? 0) : 0;
    });
    this.#most = Math.max(0, ...counts.filter((count) => Number.isSafeInteger(count)));
  }
}
