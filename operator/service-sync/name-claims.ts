/**
 * Who wants which name in Nacos, and who of them has it: of several the one of the least rank, the same on every replica.
 *
 * A name is a service in a group of a Nacos namespace. Connections are of one Nacos when they share a server, whatever else
 * is different about them, also by way of a third one that wants the name. A Service says each time all that it wants, so
 * that a claim ends with what it was made for, whether it had won the name or not.
 */
import { serviceText, type ServiceKey } from '../nacos/index.ts';
import { Listeners } from '../runtime/listeners.ts';
import type { RecordAddress } from './publications.ts';

export interface NameClaim {
  /** Comparable as text. */
  readonly rank: string;
  readonly address: RecordAddress;
  readonly exportId: string;
  /** The Service, `namespace/name`. */
  readonly service: string;
}

export class NameClaims {
  /** By name, then by Service. */
  readonly #claims = new Map<string, Map<string, readonly NameClaim[]>>();
  /** The names that each Service claims. */
  readonly #names = new Map<string, ReadonlySet<string>>();
  readonly #contested = new Listeners<[service: string]>();

  /** Told each Service that may have won or lost a name by what another one wants. Returns how to stop listening. */
  onContest(listener: (service: string) => void): () => void {
    return this.#contested.add(listener);
  }

  /** All that a Service claims from now on. */
  set(service: string, claims: readonly NameClaim[]): void {
    const wanted = Map.groupBy(claims, ({ address }) => serviceText(address.service));
    const contested = new Set<string>();
    for (const name of new Set([...wanted.keys(), ...(this.#names.get(service) ?? [])])) {
      const claimants = this.#claims.get(name) ?? new Map<string, readonly NameClaim[]>();
      const own = wanted.get(name) ?? [];
      if (isSame(claimants.get(service) ?? [], own)) continue;
      if (own.length === 0) claimants.delete(service);
      else claimants.set(service, own);
      if (claimants.size === 0) this.#claims.delete(name);
      else this.#claims.set(name, claimants);
      for (const other of claimants.keys()) if (other !== service) contested.add(other);
    }
    if (wanted.size === 0) this.#names.delete(service);
    else this.#names.set(service, new Set(wanted.keys()));
    for (const other of contested) this.#contested.call(other);
  }

  /** Who has the name at these servers; undefined when nobody wants it there. */
  winner({ servers, service }: { servers: readonly string[]; service: ServiceKey }): NameClaim | undefined {
    const claims = [...(this.#claims.get(serviceText(service))?.values() ?? [])].flat();
    return claimsThere(claims, servers).toSorted((a, b) => (a.rank < b.rank ? -1 : 1))[0];
  }
}

/** Those at any of the servers, at a server of any of those, and so on. */
function claimsThere(claims: readonly NameClaim[], servers: readonly string[]): NameClaim[] {
  const reached = new Set(servers);
  for (;;) {
    const found = claims.filter(({ address }) => address.servers.some((server) => reached.has(server)));
    const before = reached.size;
    for (const { address } of found) for (const server of address.servers) reached.add(server);
    if (reached.size === before) return found;
  }
}

function isSame(before: readonly NameClaim[], after: readonly NameClaim[]): boolean {
  if (before.length !== after.length) return false;
  return before.every(({ address, rank }, index) => {
    const other = after[index];
    if (other?.rank !== rank || other.address.client !== address.client) return false;
    return other.address.servers.join() === address.servers.join();
  });
}
