/**
 * The naming part of the small Nacos: one slot for each connection and service, as the real one has it.
 *
 * A batch replaces the slot, a deregistration drops it whatever it names, the end of a connection drops all of its slots.
 * The hosts of a service are those of all slots, equal ones once, without those that are not enabled. `history` has every
 * state of every service, in order, so that a test can tell what subscribers could ever have seen.
 */
export type Json = Record<string, unknown>;
export interface Answer {
  readonly type: string;
  readonly body: Json;
}

export interface NamingRequest {
  readonly peer: string;
  readonly type: string;
  /** `NAMESPACE GROUP SERVICE`. */
  readonly service: string;
  readonly body: Json;
}

export class FakeNaming {
  readonly faults = {
    /** Batches of services with this name are refused by code and message. */
    refused: new Map<string, { code: number; message: string }>(),
    losePushes: false,
    /** Added to the clock that pushes and answers tell. */
    clockSkewMs: 0,
    /** Given to the next so many requests, which are not carried out unless it says so. */
    failures: [] as { code: number; message: string; isCarriedOut?: boolean }[],
  };
  /** Slots by connection, then by service. */
  readonly slots = new Map<string, Map<string, Json[]>>();
  readonly persistent = new Map<string, Json[]>();
  readonly requests: NamingRequest[] = [];
  readonly history: { readonly service: string; readonly hosts: readonly string[] }[] = [];
  readonly #subscribers = new Map<string, Set<string>>();
  readonly #send: (peer: string, push: Answer) => void;
  #timeMs = 1_000_000;

  constructor(send: (peer: string, push: Answer) => void) {
    this.#send = send;
  }

  /** `ip:port` of the hosts that subscribers see, sorted. */
  hosts(service: string): string[] {
    return this.#hosts(service)
      .map((host) => `${String(host['ip'])}:${String(host['port'])}`)
      .sort();
  }

  /** Every slot of all connections, as `SERVICE: ip:port,…`, sorted. */
  get records(): string[] {
    const all = [...this.slots.values()].flatMap((slots) => [...slots]);
    return all.map(([service, list]) => `${service}: ${list.map((one) => String(one['ip'])).join(',')}`).sort();
  }

  disconnected(peer: string): void {
    const lost = [...(this.slots.get(peer)?.keys() ?? [])];
    this.slots.delete(peer);
    for (const subscribers of this.#subscribers.values()) subscribers.delete(peer);
    for (const service of lost) this.#changed(service);
  }

  answer(peer: string, module: string, type: string, responseType: string, body: Json): Answer {
    const service = `${String(body['namespace'])} ${String(body['groupName'])} ${String(body['serviceName'])}`;
    this.requests.push({ peer, type, service, body });
    if (module !== 'naming')
      return failed('ErrorResponse', -401, `Client [${peer}] connection already disconnect, can't register`);
    const failure = this.faults.failures.shift();
    if (!failure) return this.#handle(peer, type, service, responseType, body);
    if (failure.isCarriedOut) this.#handle(peer, type, service, responseType, body);
    return failed('ErrorResponse', failure.code, failure.message);
  }

  /** Tells every subscriber of the service what there is, or what `info` says. */
  notify(service: string, info: Json = {}): void {
    for (const peer of this.#subscribers.get(service) ?? []) {
      const serviceInfo = { ...this.#serviceInfo(service), ...info };
      this.#send(peer, { type: 'NotifySubscriberRequest', body: { requestId: '17', serviceInfo } });
    }
  }

  #handle(peer: string, type: string, service: string, responseType: string, body: Json): Answer {
    switch (type) {
      case 'BatchInstanceRequest':
        return this.#batch(peer, service, responseType, body);
      case 'InstanceRequest':
        if (typeof body['instance'] !== 'object') return failed('ErrorResponse', 500, 'NullPointerException');
        this.slots.get(peer)?.delete(service);
        this.#changed(service);
        return ok(responseType, { type: body['type'] });
      case 'PersistentInstanceRequest':
        return this.#changePersistent(service, responseType, body);
      case 'SubscribeServiceRequest':
        return this.#subscribe(peer, service, responseType, body);
      case 'ServiceQueryRequest':
        return ok(responseType, { serviceInfo: this.#serviceInfo(service, body['healthyOnly'] === true) });
      default:
        return this.#list(responseType, body);
    }
  }

  #batch(peer: string, service: string, responseType: string, body: Json): Answer {
    const instances = body['instances'] as Json[];
    const refused = this.faults.refused.get(String(body['serviceName']));
    if (refused) return failed('ErrorResponse', refused.code, refused.message);
    const bad = instances.find((instance) => !/^[0-9a-zA-Z-_]+$/.test(String(instance['clusterName'])));
    if (bad) {
      const message = `Param check invalid:Param 'cluster' is illegal, illegal characters should not appear in the param.`;
      return failed(responseType, 400, message);
    }
    const slots = this.slots.get(peer) ?? new Map<string, Json[]>();
    this.slots.set(peer, slots.set(service, instances));
    this.#changed(service);
    return ok(responseType, { type: body['type'] });
  }

  #changePersistent(service: string, responseType: string, body: Json): Answer {
    const instance = body['instance'] as Json;
    const isSame = (other: Json): boolean => other['ip'] === instance['ip'] && other['port'] === instance['port'];
    const others = (this.persistent.get(service) ?? []).filter((other) => !isSame(other));
    this.persistent.set(service, body['type'] === 'registerInstance' ? [...others, instance] : others);
    this.#changed(service);
    return ok(responseType, { type: body['type'] });
  }

  #subscribe(peer: string, service: string, responseType: string, body: Json): Answer {
    const subscribers = this.#subscribers.get(service) ?? new Set();
    this.#subscribers.set(service, subscribers);
    if (body['subscribe'] === true) subscribers.add(peer);
    else subscribers.delete(peer);
    return ok(responseType, { serviceInfo: this.#serviceInfo(service) });
  }

  #list(responseType: string, body: Json): Answer {
    const prefix = `${String(body['namespace'])} ${String(body['groupName'])} `;
    const services = [...this.slots.values()].flatMap((slots) => [...slots.keys()]);
    const names = [...new Set(services)].filter((service) => service.startsWith(prefix));
    const serviceNames = names.map((service) => service.slice(prefix.length));
    const [pageNo, pageSize] = [Number(body['pageNo']), Number(body['pageSize'])];
    const page = serviceNames.slice((pageNo - 1) * pageSize, pageNo * pageSize);
    return ok(responseType, { count: serviceNames.length, serviceNames: page });
  }

  #changed(service: string): void {
    this.history.push({ service, hosts: this.hosts(service) });
    if (!this.faults.losePushes) this.notify(service);
  }

  #hosts(service: string): Json[] {
    const ofSlots = [...this.slots.values()].flatMap((slots) => slots.get(service) ?? []);
    const all = [...ofSlots, ...(this.persistent.get(service) ?? [])];
    const equalOnce = new Map(all.map((host) => [JSON.stringify(host), host]));
    return [...equalOnce.values()].filter((host) => host['enabled'] === true);
  }

  #serviceInfo(service: string, healthyOnly = false): Json {
    const [, groupName, name] = service.split(' ');
    const hosts = this.#hosts(service)
      .filter((host) => !healthyOnly || host['healthy'] === true)
      .map((host) => ({ ...host, instanceId: `${String(host['ip'])}#${String(host['port'])}` }));
    this.#timeMs += 1;
    const lastRefTime = this.#timeMs + this.faults.clockSkewMs;
    return { name, groupName, clusters: '', cacheMillis: 10_000, hosts, lastRefTime, reachProtectionThreshold: false };
  }
}

export function ok(type: string, body: Json = {}): Answer {
  return { type, body: { resultCode: 200, errorCode: 0, success: true, ...body } };
}

export function failed(type: string, errorCode: number, message: string): Answer {
  return { type, body: { resultCode: 500, errorCode, message, success: false } };
}
