/**
 * The state of the naming part over HTTP, and its switches as far as they mean something here: the active health checks,
 * which are always off.
 */
import type { HttpRoute } from '../http-route.ts';
import type { HttpFamily } from './http-family.ts';
import type { NamingClient } from './naming-client.ts';
import { Refusal } from './refusal.ts';
import type { Registry } from './registry.ts';
import type { Subscriptions } from './subscriptions.ts';

const switches = {
  name: '00-00---000-NACOS_SWITCH_DOMAIN-000---00-00',
  healthCheckEnabled: false,
  pushEnabled: true,
  lightBeatEnabled: true,
  defaultInstanceEphemeral: true,
  defaultPushCacheMillis: 10_000,
  clientBeatInterval: 5_000,
} as const;

export class OperationRoutes {
  readonly #registry: Registry;
  readonly #subscriptions: Subscriptions;

  constructor(registry: Registry, subscriptions: Subscriptions) {
    this.#registry = registry;
    this.#subscriptions = subscriptions;
  }

  metrics(family: HttpFamily, path: string): HttpRoute {
    return family.route('GET', path, (parameters) => {
      return parameters.isTrue('onlyStatus', true) ? { status: 'UP' } : { status: 'UP', ...this.#counts };
    });
  }

  switches(family: HttpFamily, path: string): HttpRoute[] {
    return [
      family.route('GET', path, () => switches),
      family.route('PUT', path, (parameters) => {
        const isOff = parameters.required('entry') === 'check' && parameters.required('value') === 'false';
        if (isOff) return 'ok';
        throw new Refusal('parameter validate error', 'the embedded server has no switches: health checks stay off');
      }),
    ];
  }

  get #counts(): Record<string, number> {
    const { clients, instanceCount, serviceCount } = this.#registry;
    const count = (wanted: NamingClient['kind']): number => {
      return [...clients.values()].filter(({ kind }) => kind === wanted).length;
    };
    return {
      serviceCount,
      instanceCount,
      subscribeCount: this.#subscriptions.count,
      clientCount: clients.size,
      connectionBasedClientCount: count('connection'),
      ephemeralIpPortClientCount: count('ephemeral'),
      persistentIpPortClientCount: count('persistent'),
      responsibleClientCount: clients.size,
    };
  }
}
