/**
 * What the client counts, for whoever wants to know: an interface, and the one that counts nothing.
 *
 * All that may become a label is bounded: operations are those listed here, servers those of the options.
 */
import type { ConnectionState } from './transport/connection-state.ts';

export type Operation =
  | 'config_query'
  | 'config_publish'
  | 'config_remove'
  | 'config_listen'
  | 'config_fuzzy_watch'
  | 'naming_register'
  | 'naming_deregister'
  | 'naming_register_persistent'
  | 'naming_deregister_persistent'
  | 'naming_subscribe'
  | 'naming_unsubscribe'
  | 'naming_query'
  | 'naming_list'
  /** Whatever is asked over the connections of `openNaming`. */
  | 'naming_other'
  | 'admin_get_config'
  | 'admin_list_configs'
  | 'admin_server_state'
  | 'login';

export interface NacosMetrics {
  /** Counts and times `work`; the result is `ok` or the code of the failure. */
  measure<Result>(operation: Operation, work: () => Promise<Result>): Promise<Result>;
  /** The type of the message; a later server may have others than we know. */
  pushed(type: string): void;
  reconnected(): void;
  namingConnectionOpened(): void;
  namingConnectionClosed(): void;
  /** So many were made again on a new connection. */
  redone(kind: 'record' | 'subscription', count: number): void;
  /** `servers` is the list as configured, `HOST:PORT,…`. */
  stateChanged(servers: string, before: ConnectionState['kind'], after: ConnectionState['kind']): void;
}

export const noMetrics: NacosMetrics = {
  measure: (_operation, work) => work(),
  pushed: () => {},
  reconnected: () => {},
  namingConnectionOpened: () => {},
  namingConnectionClosed: () => {},
  redone: () => {},
  stateChanged: () => {},
};
