/**
 * What a shard wants of each of its connections: records and subscriptions, by the text of the service. It outlasts every
 * connection.
 */
import type { InstanceList } from './naming-instance-list.ts';
import type { Wish } from './naming-slots.ts';
import { serviceText } from './naming-service-key.ts';
import type { ServiceKey } from './naming-types.ts';

export interface SubscriptionWish extends Wish {
  readonly service: ServiceKey;
}

export class Wanted {
  readonly #records = new Map<string, InstanceList>();
  readonly #subscriptions = new Map<string, SubscriptionWish>();
  #instances = 0;

  get records(): ReadonlyMap<string, InstanceList> {
    return this.#records;
  }

  get subscriptions(): ReadonlyMap<string, SubscriptionWish> {
    return this.#subscriptions;
  }

  /** How many instances there are, without those of the service `key`. */
  instancesBeside(key: string): number {
    return this.#instances - (this.#records.get(key)?.instances.length ?? 0);
  }

  /** Makes `list` the record of its service, or none. */
  record(key: string, list: InstanceList | undefined): void {
    this.#instances = this.instancesBeside(key) + (list?.instances.length ?? 0);
    if (list) this.#records.set(key, list);
    else this.#records.delete(key);
  }

  /** Returns the text of the service. */
  subscribe(service: ServiceKey): string {
    const text = serviceText(service);
    this.#subscriptions.set(text, { service, text });
    return text;
  }

  unsubscribe(key: string): void {
    this.#subscriptions.delete(key);
  }
}
