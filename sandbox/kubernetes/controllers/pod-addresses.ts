/**
 * Addresses for pods, of 10.244.0.0/16. An address that was given back comes again as late as possible, as nobody likes to
 * find another pod where one was a moment ago.
 */
const first = 1;
const last = 0xfffe;

export class PodAddresses {
  /** By uid of the pod. */
  readonly #byPod = new Map<string, string>();
  readonly #taken = new Set<string>();
  readonly #free: string[] = [];
  #next = first;

  /** The address of the pod, the same until it is released. */
  of(uid: string): string {
    const known = this.#byPod.get(uid);
    if (known !== undefined) return known;
    const address = this.#take();
    this.reserve(uid, address);
    return address;
  }

  /** The pod has this address already. */
  reserve(uid: string, address: string): void {
    this.#byPod.set(uid, address);
    this.#taken.add(address);
  }

  release(uid: string): void {
    const address = this.#byPod.get(uid);
    if (address === undefined) return;
    this.#byPod.delete(uid);
    this.#taken.delete(address);
    this.#free.push(address);
  }

  #take(): string {
    while (this.#next <= last) {
      const address = `10.244.${this.#next >> 8}.${this.#next & 255}`;
      this.#next += 1;
      if (!this.#taken.has(address)) return address;
    }
    for (let address = this.#free.shift(); address !== undefined; address = this.#free.shift()) {
      if (!this.#taken.has(address)) return address;
    }
    throw new Error('no address is left for a pod');
  }
}
