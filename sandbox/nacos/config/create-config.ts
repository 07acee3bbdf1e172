/**
 * The config part of the embedded server: its gRPC requests and its HTTP routes over one store.
 */
import type { Clock } from '../../../operator/clock.ts';
import type { Generation } from '../generation.ts';
import type { HttpRoutes } from '../http-routes.ts';
import type { RpcPart } from '../rpc.ts';
import { ConfigListeners } from './config-listeners.ts';
import { configRequests } from './config-requests.ts';
import { configRoutes } from './config-routes.ts';
import { ConfigStore } from './config-store.ts';
import { ConfigWrites } from './config-writes.ts';
import { FuzzyWatches } from './fuzzy-watches.ts';
import { LongPolls } from './long-polls.ts';

export interface ConfigPartOptions {
  readonly generation: Generation;
  readonly dumpDelayMs: number;
  readonly clock: Clock;
}

export interface ConfigPart {
  readonly part: RpcPart;
  readonly routes: HttpRoutes;
  readonly store: ConfigStore;
  stop(): void;
}

export function createConfig({ clock, dumpDelayMs, generation }: ConfigPartOptions): ConfigPart {
  const store = new ConfigStore({ clock, dumpDelayMs });
  const writes = new ConfigWrites(generation, store);
  const listeners = new ConfigListeners(clock);
  const fuzzyWatches = new FuzzyWatches(store);
  const longPolls = new LongPolls({ clock, store, writes });
  store.onDump((dump) => {
    listeners.changed(dump.key, dump.groupKey);
    fuzzyWatches.dumped(dump);
    longPolls.changed(dump.groupKey);
  });
  return {
    part: {
      handlers: {
        ...configRequests({ store, writes, listeners }),
        ...(generation === '3.1' && { ConfigFuzzyWatchRequest: (request) => fuzzyWatches.handle(request) }),
      },
      connectionClosed(connection) {
        listeners.connectionClosed(connection);
        fuzzyWatches.connectionClosed(connection);
      },
    },
    routes: configRoutes({ generation, store, writes, longPolls }),
    store,
    stop() {
      store.stop();
      longPolls.stop();
    },
  };
}
