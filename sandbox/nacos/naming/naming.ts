/**
 * The naming part of the embedded Nacos: services, their instances and who is told of them, over gRPC and over HTTP.
 *
 * Guarantees: in memory; nothing is dialled, so a persistent instance keeps the health that it was registered with; a
 * change costs as much as its service has instances, and bursts are worked off in slices.
 */
import type { Clock } from '../../../operator/clock.ts';
import type { Logger } from '../../../operator/logger.ts';
import type { Generation } from '../generation.ts';
import type { HttpRoute } from '../http-route.ts';
import type { RpcPart } from '../rpc.ts';
import { FuzzyWatches } from './fuzzy-watch.ts';
import { namingRoutes } from './http-routes.ts';
import { InstanceOperations } from './instance-operations.ts';
import { Janitor } from './janitor.ts';
import { Pusher } from './pusher.ts';
import { Registry } from './registry.ts';
import type { RegistryEvents } from './registry.ts';
import { RpcRequests } from './rpc-requests.ts';
import { ServiceInfos } from './service-info.ts';
import { Subscriptions } from './subscriptions.ts';

export interface NamingOptions {
  readonly clock: Clock;
  readonly log: Logger;
  readonly generation: Generation;
  /** How long changes of a service are gathered before they are pushed; 0 is the next turn. @default 500, as real servers */
  readonly pushDelayMs?: number;
}

export interface NamingCounts {
  readonly services: number;
  /** Equal ones of several publishers counted each. */
  readonly instances: number;
  readonly subscriptions: number;
  readonly clients: number;
}

export interface Naming {
  readonly part: RpcPart;
  readonly routes: readonly HttpRoute[];
  readonly counts: NamingCounts;
  /** Final: nothing is pushed or cleaned up any more. */
  stop(): void;
}

const realPushDelayMs = 500;

export function createNaming({ clock, log, generation, pushDelayMs = realPushDelayMs }: NamingOptions): Naming {
  const now = (): number => clock.now();
  const events: RegistryEvents = {
    created: (service) => janitor.created(service),
    published(service, client, publication) {
      janitor.published(service, client, publication);
      pusher.changed(service.key);
      fuzzyWatches.serviceChanged(service.key, 'ADD_SERVICE');
    },
    withdrawn(service, client, publication) {
      janitor.withdrawn(service, client, publication);
      pusher.changed(service.key);
      if (service.publications.size === 0) fuzzyWatches.serviceChanged(service.key, 'DELETE_SERVICE');
    },
  };
  const registry = new Registry(generation, now, events);
  const subscriptions = new Subscriptions();
  const infos = new ServiceInfos(generation, now);
  const janitor = new Janitor({ clock, generation, registry });
  const pusher = new Pusher({ clock, log, delayMs: pushDelayMs, registry, subscriptions, infos });
  const fuzzyWatches = new FuzzyWatches({ clock, delayMs: pushDelayMs, registry });
  const operations = new InstanceOperations({
    generation,
    registry,
    janitor,
    changed: ({ key }) => pusher.changed(key),
  });
  const { handlers } = new RpcRequests({ generation, registry, subscriptions, pusher, fuzzyWatches, infos });
  return {
    part: {
      handlers,
      connectionClosed({ id }) {
        subscriptions.removeConnection(id);
        fuzzyWatches.removeConnection(id);
        registry.removeClient(id);
      },
    },
    routes: namingRoutes({ generation, registry, subscriptions, infos, operations }),
    get counts() {
      return {
        services: registry.serviceCount,
        instances: registry.instanceCount,
        subscriptions: subscriptions.count,
        clients: registry.clients.size,
      };
    },
    stop() {
      janitor.stop();
      pusher.stop();
      fuzzyWatches.stop();
    },
  };
}
