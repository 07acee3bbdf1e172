/**
 * How things stand between a client and its servers, as seen from outside: the state of its connection, and while there is
 * one what its server says of itself, whether it takes our credentials, and how we stand with the admin API.
 */
import type { AdminStatus } from './admin/admin-standing.ts';
import type { Description } from './admin/server-description.ts';
import type { AuthStatus } from './transport/access.ts';
import type { BridgeError } from '../errors.ts';
import type { ConnectionState } from './transport/connection-state.ts';
import type { ServerAddress } from './transport/server-address.ts';

interface ConnectedFacts extends AuthStatus {
  readonly server: ServerAddress;
  /** Undefined while the server does not tell. */
  readonly serverVersion: string | undefined;
  readonly capabilities: {
    readonly persistentByGrpc: boolean;
    readonly fuzzyWatch: boolean;
    readonly adminApi: Description['adminApi'];
  };
  readonly admin: AdminStatus;
}

export type ClientState =
  Exclude<ConnectionState, { kind: 'connected' }> | ({ readonly kind: 'connected' } & ConnectedFacts);

interface Facts {
  readonly description: Description;
  readonly auth: AuthStatus;
  readonly admin: AdminStatus;
}

export function clientStateOf(state: ConnectionState, { admin, auth, description }: Facts): ClientState {
  if (state.kind !== 'connected') return state;
  const { connection } = state;
  const { adminApi, serverVersion } = description;
  const capabilities = {
    persistentByGrpc: connection.can('supportPersistentInstanceByGrpc'),
    fuzzyWatch: connection.can('fuzzyWatch'),
    adminApi,
  };
  return { kind: 'connected', server: connection.server, serverVersion, capabilities, admin, ...auth };
}

/** Why requests cannot be answered now; undefined when they can, or nothing was tried yet. */
export function errorOf(state: ClientState): BridgeError | undefined {
  switch (state.kind) {
    case 'connected':
      return state.authError;
    case 'disconnected':
      return state.error;
    case 'connecting':
      return state.lastError;
    case 'idle':
    case 'stopped':
      return undefined;
  }
}
