/**
 * The naming part of the embedded Nacos: services, their instances and who is told of them, over gRPC and over HTTP.
 *
 * Guarantees: in memory; nothing is dialled, so a persistent instance keeps the health that it was registered with; a
 * change costs as much as its service has instances, and bursts are worked off in slices.
 */
import type { Clock } from '../../../operator/clock.ts';
import type { Logger } from '../../../operator/logger.ts';
import type { Generation } from '../generation.ts';
import type { HttpRoutes } from '../http-routes.ts';
import type { RpcPart } from '../rpc.ts';
import { Janitor } from './janitor.ts';
import { namingRequests } from './naming-requests.ts';
import { namingRoutes } from './naming-routes.ts';
import { Pusher } from './pusher.ts';
import { Registry } from './registry.ts';
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
  /** Those that publish. */
  readonly clients: number;
}

export interface Naming {
  readonly part: RpcPart;
  readonly routes: HttpRoutes;
  readonly counts: NamingCounts;
  /** Final: nothing is pushed or cleaned up any more. */
  stop(): void;
}

const realPushDelayMs = 500;

export function createNaming({ clock, log, generation, pushDelayMs = realPushDelayMs }: NamingOptions): Naming {
  const now = (): number => clock.now();
  const registry = new Registry({
    created: (service) => janitor.created(service),
    published(service, client) {
      janitor.published(service, client);
      pusher.changed(service.key);
    },
    withdrawn(service, client) {
      janitor.withdrawn(service, client);
      pusher.changed(service.key);
    },
    overridden: (service) => pusher.changed(service.key),
  });
  const subscriptions = new Subscriptions();
  const janitor = new Janitor({ clock, registry });
  const pusher = new Pusher({ clock, log, delayMs: pushDelayMs, registry, subscriptions });
  return {
    part: {
      handlers: namingRequests({ registry, subscriptions, pusher, now }),
      connectionClosed({ id }) {
        subscriptions.removeConnection(id);
        registry.removeClient(id);
      },
    },
    routes: namingRoutes({ generation, registry, janitor, now }),
    get counts() {
      return {
        services: registry.serviceCount,
        instances: registry.instanceCount,
        subscriptions: subscriptions.count,
        clients: registry.clientCount,
      };
    },
    stop() {
      janitor.stop();
      pusher.stop();
    },
  };
}
