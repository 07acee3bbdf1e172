/**
 * Which of the entries in a Nacos namespace count for a replica, of all that Nacos has there.
 *
 *   entry                                                          counts
 *   of another cluster, installation or scope, or without one      no: what it publishes is not what we publish
 *   of our own identity                                            no
 *   older than another one of the same identity                    no; the newer one does, if it was there just now
 *   names blind ones, and was not renewed for half a minute        as one that names nobody
 *
 * An entry outlives its replica where the Nacos server that it was written at ends with it: the other servers keep it for up
 * to three minutes, and then several of one identity are there. So each has a revision that grows, and who names somebody
 * writes its entry again and again: an old name must keep nobody closed.
 */
import type { ReplicaHost } from './replica-entry.ts';
import { isEqual, overlap, type Scope } from './scope.ts';

interface Seen {
  readonly newest: ReplicaHost;
  /** When the newest was seen first, and last, on the monotonic clock. */
  readonly sinceMs: number;
  readonly untilMs: number;
}

/** How often who names somebody writes its entry again. */
export const RENEW_NAMES_MS = 10_000;
/** Three that did not come. */
const NAMES_COUNT_MS = 30_000;
/** One Nacos server may know for so long what another one knew before. */
const LAG_MS = 10_000;
/** Longer than a Nacos server keeps what a client has left there. */
const REMEMBER_MS = 600_000;

export class Peers {
  readonly #identity: string;
  readonly #scope: Scope;
  readonly #seen = new Map<string, Seen>();

  constructor(identity: string, scope: Scope) {
    this.#identity = identity;
    this.#scope = scope;
  }

  /** The newest revision of an entry of our own identity that was seen; a later one must be greater. */
  get ownRevision(): number {
    return this.#seen.get(this.#identity)?.newest.revision ?? 0;
  }

  /** Those that count of `hosts`, which are what Nacos has just now. */
  see(hosts: readonly ReplicaHost[], nowMs: number): readonly ReplicaHost[] {
    const equals = hosts.filter(({ scope }) => isEqual(scope, this.#scope));
    for (const host of equals) this.#remember(host, nowMs);
    for (const [identity, { untilMs }] of this.#seen) if (nowMs - untilMs > REMEMBER_MS) this.#seen.delete(identity);
    const identities = new Set(equals.map(({ entry }) => entry.identity));
    identities.delete(this.#identity);
    return [...identities].flatMap((identity) => this.#newest(identity, nowMs) ?? []);
  }

  /** The other installations of this cluster that publish what is in our namespaces, each once. */
  rivals(hosts: readonly ReplicaHost[]): readonly string[] {
    const others = hosts.filter(({ scope }) => scope.installation !== '' && overlap(scope, this.#scope));
    return [...new Set(others.map(({ scope }) => scope.installation))].toSorted();
  }

  #remember(host: ReplicaHost, nowMs: number): void {
    const { identity } = host.entry;
    const known = this.#seen.get(identity);
    if (known === undefined || host.revision > known.newest.revision) {
      this.#seen.set(identity, { newest: host, sinceMs: nowMs, untilMs: nowMs });
    } else if (host.revision === known.newest.revision) this.#seen.set(identity, { ...known, untilMs: nowMs });
  }

  /** Of one of which there is an entry now, if only an older one. */
  #newest(identity: string, nowMs: number): ReplicaHost | undefined {
    const seen = this.#seen.get(identity);
    if (seen === undefined || nowMs - seen.untilMs >= LAG_MS) return undefined;
    const { newest, sinceMs } = seen;
    const isRenewed = newest.entry.relieves.length === 0 || nowMs - sinceMs < NAMES_COUNT_MS;
    return isRenewed ? newest : { ...newest, entry: { ...newest.entry, relieves: [] } };
  }
}

/** The lease duration: what is seen of the API server by those who see it is not older. */
export const LEAVE_AFTER_MS = 15_000;

/** Whether a replica that has published nothing in a Nacos namespace for that long has nobody to be there for. */
export function mayLeave(peers: readonly ReplicaHost[], idleForMs: number): boolean {
  return idleForMs >= LEAVE_AFTER_MS && peers.every(({ entry }) => entry.connections.length === 0);
}
