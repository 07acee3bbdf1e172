/**
 * The services that somebody wants to hear of: one subscription for each, however many listen.
 *
 * Guarantees: a listener hears what there is, once known, and then every change, each once and in order; nothing older
 * than what it has heard over the same connection. Clocks of two servers differ, so the first word over a new connection
 * counts whatever its time. A failing listener hurts nobody.
 */
import { errorFields, type Logger } from '../../logger.ts';
import { callListener } from '../listeners.ts';
import { isJsonObject, type JsonObject, textOf } from '../transport/json-object.ts';
import type { NamingLink } from './naming-link.ts';
import { parseServiceInfo, saysTheSame } from './naming-service-info.ts';
import { normaliseService, serviceText } from './naming-service-key.ts';
import type { NamingShard } from './naming-shard.ts';
import type { NamingShards } from './naming-shards.ts';
import type { ServiceInfo, ServiceKey } from './naming-types.ts';

export interface NamingSubscription {
  /** Undefined until the server has answered. */
  readonly current: ServiceInfo | undefined;
  /** Asks the server anew, for those to whom a push that is lost would matter; what is new is delivered. */
  refresh(): void;
  /** Idempotent; nothing is delivered afterwards. */
  stop(): void;
}

export type ServiceListener = (info: ServiceInfo) => void;

interface Audience {
  readonly listener: ServiceListener;
  heard: ServiceInfo | undefined;
}

interface Subscribed {
  readonly service: ServiceKey;
  readonly audience: Set<Audience>;
  current: ServiceInfo | undefined;
  /** What `current` came over. */
  link: NamingLink | undefined;
}

export class NamingSubscriptions {
  readonly #shards: NamingShards;
  readonly #log: Logger;
  readonly #subscribed = new Map<string, Subscribed>();
  /** Keys by `GROUP SERVICE`: pushes do not name the namespace. */
  readonly #byName = new Map<string, Set<string>>();

  constructor(shards: NamingShards, log: Logger) {
    this.#shards = shards;
    this.#log = log;
  }

  /** @param preferred where to subscribe, if that is not done. */
  subscribe(service: ServiceKey, listener: ServiceListener, preferred: NamingShard | undefined): NamingSubscription {
    const key = serviceText(service);
    const subscribed = this.#subscribed.get(key) ?? this.#begin(key, normaliseService(service), preferred);
    const own: Audience = { listener, heard: undefined };
    subscribed.audience.add(own);
    queueMicrotask(() => this.#deliver(subscribed, own));
    return {
      get current() {
        return subscribed.current;
      },
      refresh: () => {
        if (subscribed.audience.has(own)) this.#shards.subscribedOn(key)?.refresh(key);
      },
      stop: () => {
        if (subscribed.audience.delete(own) && subscribed.audience.size === 0) this.#end(key, subscribed.service);
      },
    };
  }

  /** What a subscription was answered. */
  answered(key: string, info: ServiceInfo, link: NamingLink, shard: NamingShard): void {
    const subscribed = this.#subscribed.get(key);
    if (!subscribed || this.#shards.subscribedOn(key) !== shard) return;
    const { current, link: last } = subscribed;
    // Where one connection takes the place of another, both are open for a while.
    if (last?.connection.isOpen && last.order > link.order) return;
    if (current && last === link && info.lastRefTimeMs < current.lastRefTimeMs) return;
    const isNews = !current || !saysTheSame(current, info);
    subscribed.link = link;
    // What says the same replaces what was heard, so that it is not delivered again.
    if (!isNews) for (const own of subscribed.audience) if (own.heard === current) own.heard = info;
    subscribed.current = info;
    for (const own of Array.from(subscribed.audience)) this.#deliver(subscribed, own);
  }

  pushed(push: JsonObject, link: NamingLink, shard: NamingShard): void {
    const info = isJsonObject(push['serviceInfo']) ? push['serviceInfo'] : {};
    const name = nameOf(textOf(info['groupName']), textOf(info['name']));
    const namespaceId = textOf(push['namespace']);
    const isMeant = (key: string): boolean =>
      shard.wanted.subscriptions.has(key) &&
      (namespaceId === '' || this.#subscribed.get(key)?.service.namespaceId === namespaceId);
    const keys = [...(this.#byName.get(name) ?? [])].filter(isMeant);
    const [only] = keys;
    if (only !== undefined && keys.length === 1) return this.answered(only, parseServiceInfo(info), link, shard);
    // Services of one name in several namespaces: which of them changed is not said.
    for (const key of keys) shard.refresh(key);
  }

  #begin(key: string, service: ServiceKey, preferred: NamingShard | undefined): Subscribed {
    const subscribed: Subscribed = { service, audience: new Set(), current: undefined, link: undefined };
    this.#subscribed.set(key, subscribed);
    const name = nameOf(service.group, service.serviceName);
    const ofName = this.#byName.get(name) ?? new Set();
    this.#byName.set(name, ofName.add(key));
    (preferred ?? this.#shards.any()).subscribe(service);
    return subscribed;
  }

  #end(key: string, service: ServiceKey): void {
    this.#subscribed.delete(key);
    const name = nameOf(service.group, service.serviceName);
    this.#byName.get(name)?.delete(key);
    if (this.#byName.get(name)?.size === 0) this.#byName.delete(name);
    const shard = this.#shards.subscribedOn(key);
    shard?.unsubscribe(key);
    if (shard) this.#shards.release(shard);
  }

  #deliver(subscribed: Subscribed, own: Audience): void {
    const { audience, current } = subscribed;
    if (!current || own.heard === current || !audience.has(own)) return;
    own.heard = current;
    callListener(
      () => own.listener(current),
      (error) => this.#log.error('a listener of a service failed', errorFields(error)),
    );
  }
}

function nameOf(group: string, serviceName: string): string {
  return `${group} ${serviceName}`;
}
