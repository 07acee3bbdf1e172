/**
 * The cluster IPs and node ports that Services have. Taking one does not reserve it: a Service that is stored is told by
 * `use`, and one that is gone by `release`, so that a dry run costs nothing.
 */
const firstAddress = 10;
const addresses = 65_534;
const firstPort = 30_000;
const ports = 2768;

export class ServiceAddresses {
  /** Uses of addresses and ports; a number, since an update may be told before the state that it replaces is released. */
  readonly #used = new Map<string, number>();
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
      if (this.#used.has(`port ${port}`)) continue;
      this.#nextPort += tried + 1;
      return port;
    }
    return undefined;
  }

  isInRange(address: string): boolean {
    return address.startsWith('10.96.');
  }

  isUsed(addressOrPort: string | number): boolean {
    return this.#used.has(keyOf(addressOrPort));
  }

  use(addressesAndPorts: Iterable<string | number>): void {
    for (const one of addressesAndPorts) this.#used.set(keyOf(one), (this.#used.get(keyOf(one)) ?? 0) + 1);
  }

  release(addressesAndPorts: Iterable<string | number>): void {
    for (const one of addressesAndPorts) {
      const uses = (this.#used.get(keyOf(one)) ?? 0) - 1;
      if (uses > 0) this.#used.set(keyOf(one), uses);
      else this.#used.delete(keyOf(one));
    }
  }
}

function keyOf(addressOrPort: string | number): string {
  return typeof addressOrPort === 'number' ? `port ${addressOrPort}` : addressOrPort;
}
