/**
 * The config part of the embedded server: its gRPC requests and its HTTP routes over one store.
 */
import type { Clock } from '../../../operator/clock.ts';
import type { Generation } from '../generation.ts';
import type { HttpRoute } from '../http-route.ts';
import type { RpcPart } from '../rpc.ts';
import { adminRoutes } from './admin-routes.ts';
import { ConfigListeners } from './config-listeners.ts';
import { ConfigRequests } from './config-requests.ts';
import { ConfigStore } from './config-store.ts';
import { FuzzyWatches } from './fuzzy-watches.ts';
import { GrayConfigs } from './gray-configs.ts';
import { LongPolls } from './long-polls.ts';
import { v1Routes } from './v1-routes.ts';
import { v2Routes } from './v2-routes.ts';

export interface ConfigPartOptions {
  readonly generation: Generation;
  readonly dumpDelayMs: number;
  readonly clock: Clock;
}

export interface ConfigPart {
  readonly part: RpcPart;
  readonly routes: readonly HttpRoute[];
  readonly store: ConfigStore;
  /** What a start of the server does: what waits is dumped. */
  restarted(): void;
  stop(): void;
}

export function createConfig({ clock, dumpDelayMs, generation }: ConfigPartOptions): ConfigPart {
  const store = new ConfigStore({ clock, dumpDelayMs });
  const listeners = new ConfigListeners(clock);
  const grays = new GrayConfigs(clock);
  const fuzzyWatches = new FuzzyWatches(store);
  const longPolls = new LongPolls({ clock, generation, store });
  const requests = new ConfigRequests({ generation, grays, listeners, store });
  store.onDump((dump) => {
    listeners.changed(dump.key, dump.groupKey);
    fuzzyWatches.dumped(dump);
    longPolls.changed(dump.groupKey);
  });
  const handlers: RpcPart['handlers'] = {
    ConfigQueryRequest: (request) => requests.query(request),
    ConfigPublishRequest: (request) => requests.publish(request),
    ConfigRemoveRequest: (request) => requests.remove(request),
    ConfigBatchListenRequest: (request) => requests.listen(request),
  };
  const part: RpcPart = {
    handlers:
      generation === '3.1'
        ? { ...handlers, ConfigFuzzyWatchRequest: (request) => fuzzyWatches.handle(request) }
        : handlers,
    connectionClosed(connection) {
      listeners.connectionClosed(connection);
      fuzzyWatches.connectionClosed(connection);
    },
  };
  const routeOptions = { generation, grays, listeners, longPolls, store };
  const routes = generation === '3.1' ? adminRoutes(routeOptions) : v2Routes(routeOptions);
  return {
    part,
    routes: [...routes, ...v1Routes(routeOptions)],
    store,
    restarted: () => store.dumpAll(),
    stop() {
      store.stop();
      longPolls.stop();
    },
  };
}
