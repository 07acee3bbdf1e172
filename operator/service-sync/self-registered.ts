/**
 * Addresses that applications have registered themselves, in services that leave such addresses to them
 * (`selfRegistered: Yield`). Every replica follows these services by itself.
 *
 * Guarantees: an address is left out only while a healthy host of somebody else is seen at it, so what is not known is
 * published; and never to a host that any bridge has registered, or two of them would each leave it to the other. Replicas
 * see the same at slightly different times, in which the address stands there twice, or is published by one of them alone.
 * When the application goes, its address is back after the push that tells of it, about half a second.
 */
import type { Host, Instance, ServiceInfo } from '../nacos/index.ts';
import { METADATA_KEYS } from '../api/names.ts';
import { Listeners } from '../runtime/listeners.ts';
import { memberText } from './problem.ts';
import { addressText, type Publication, type RecordAddress } from './publications.ts';

interface Followed {
  readonly stop: () => void;
  taken: ReadonlySet<string>;
}

export class SelfRegistered {
  /** By Service, then by the text of the address of the record. */
  readonly #followed = new Map<string, Map<string, Followed>>();
  readonly #changed = new Listeners<[service: string]>();

  /** Told a Service of which other addresses are left to applications now. Returns how to stop listening. */
  onChange(listener: (service: string) => void): () => void {
    return this.#changed.add(listener);
  }

  has(service: string, address: RecordAddress, at: Pick<Instance, 'ip' | 'port'>): boolean {
    return this.#followed.get(service)?.get(addressText(address))?.taken.has(memberText(at)) ?? false;
  }

  /** From now on these are the publications of a Service. */
  follow(service: string, publications: readonly Publication[]): void {
    const yielding = publications.filter((publication) => publication.export.selfRegistered === 'Yield');
    const before = this.#followed.get(service);
    if (yielding.length === 0 && before === undefined) return;
    const after = new Map<string, Followed>();
    for (const [name, { address }] of yielding.flatMap(({ records }) => [...records])) {
      after.set(name, before?.get(name) ?? this.#begin(service, name, address));
    }
    for (const [name, { stop }] of before ?? []) if (!after.has(name)) stop();
    if (after.size === 0) this.#followed.delete(service);
    else this.#followed.set(service, after);
  }

  stop(): void {
    for (const service of this.#followed.keys()) this.follow(service, []);
  }

  #begin(service: string, name: string, address: RecordAddress): Followed {
    const subscription = address.client.naming.subscribe(address.service, ({ hosts }: ServiceInfo) => {
      const followed = this.#followed.get(service)?.get(name);
      if (followed === undefined) return;
      const taken = new Set(hosts.filter(isOfApplication).map(memberText));
      const isSame = taken.size === followed.taken.size && [...taken].every((member) => followed.taken.has(member));
      followed.taken = taken;
      if (!isSame) this.#changed.call(service);
    });
    return { stop: () => subscription.stop(), taken: new Set() };
  }
}

function isOfApplication({ healthy, metadata }: Host): boolean {
  return healthy && metadata[METADATA_KEYS.cluster] === undefined;
}
