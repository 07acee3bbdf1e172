/**
 * The cluster IPs and node ports that the Services of a cluster have, so that each gets its own. Giving one does not
 * reserve it: a Service that is stored is told by `use`, and one that is gone by `release`, so that a dry run costs nothing.
 */
import { isJsonObject, listAt, objectAt, stringAt } from '../../../../operator/admission/json.ts';
import type { Cluster } from '../../cluster.ts';

const firstAddress = 10;
const addresses = 65_534;
const firstPort = 30_000;
const ports = 2768;

type Taken = string | number;

export class ServiceAddresses {
  /** Uses of addresses and ports; a number, since an update may be told before the state that it replaces is released. */
  readonly #used = new Map<Taken, number>();
  #nextAddress = 0;
  #nextPort = 0;

  /** @returns undefined when all are in use */
  freeAddress(): string | undefined {
    for (let tried = 0; tried < addresses; tried += 1) {
      const number = 1 + ((firstAddress - 1 + this.#nextAddress + tried) % addresses);
      const address = `10.96.${number >> 8}.${number & 255}`;
      if (this.#used.has(address)) continue;
      this.#nextAddress += tried + 1;
      return address;
    }
    return undefined;
  }

  /** @returns undefined when all are in use */
  freePort(): number | undefined {
    for (let tried = 0; tried < ports; tried += 1) {
      const port = firstPort + ((this.#nextPort + tried) % ports);
      if (this.#used.has(port)) continue;
      this.#nextPort += tried + 1;
      return port;
    }
    return undefined;
  }

  use(taken: Iterable<Taken>): void {
    for (const one of taken) this.#used.set(one, (this.#used.get(one) ?? 0) + 1);
  }

  release(taken: Iterable<Taken>): void {
    for (const one of taken) {
      const uses = (this.#used.get(one) ?? 0) - 1;
      if (uses > 0) this.#used.set(one, uses);
      else this.#used.delete(one);
    }
  }
}

/** Keeps them equal to what the Services of a cluster have. Returns what ends it. */
export function trackServiceAddresses(cluster: Cluster, addresses: ServiceAddresses): () => void {
  const services = cluster.types.find('', 'v1', 'services');
  if (services) for (const service of cluster.list(services)) addresses.use(addressesOf(service));
  return cluster.onChange(({ type, resource, object, previous }) => {
    if (resource !== services) return;
    if (previous) addresses.release(addressesOf(previous));
    if (type !== 'DELETED') addresses.use(addressesOf(object));
  });
}

/** What a Service has taken. */
export function addressesOf(service: unknown): Taken[] {
  const spec = objectAt(service, 'spec');
  const address = stringAt(spec, 'clusterIP');
  const nodePorts = listAt(spec, 'ports').map((port) => isJsonObject(port) && port['nodePort']);
  const taken = nodePorts.filter((port): port is number => typeof port === 'number' && port > 0);
  return address === '' || address === 'None' ? taken : [address, ...taken];
}
