/** What the HTTP routes of configs work on. */
import type { Generation } from '../generation.ts';
import type { ConfigListeners } from './config-listeners.ts';
import type { ConfigStore } from './config-store.ts';
import type { GrayConfigs } from './gray-configs.ts';
import type { LongPolls } from './long-polls.ts';

export interface ConfigRouteOptions {
  readonly generation: Generation;
  readonly store: ConfigStore;
  readonly grays: GrayConfigs;
  readonly listeners: ConfigListeners;
  readonly longPolls: LongPolls;
}
