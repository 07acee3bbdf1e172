/**
 * The states of a client's connection and the one function that moves between them.
 *
 *   idle ─start─▶ connecting ─established─▶ connected ─lost─▶ connecting
 *                     └─────round-failed──▶ disconnected ─established─▶ connected
 *
 * `connecting` is short: the first attempt, or the one right after a loss; requests wait for its outcome. `disconnected`
 * says that every server was tried and failed; requests fail at once, and the state stays while rounds go on failing, so
 * that whoever shows it does not flap. `suspend` leads back to idle from anywhere. `stopped` is final. An event that does not fit a state leaves it unchanged.
 */
import type { BridgeError } from '../../errors.ts';
import type { ServerAddress } from './server-address.ts';

export interface Capabilities {
  readonly persistentByGrpc: boolean;
  readonly fuzzyWatch: boolean;
  readonly adminApi: 'v3' | 'v1' | 'none';
}

export interface AuthStatus {
  /** The server took our credentials, or asked for none. */
  readonly authenticated: boolean;
  readonly authError?: BridgeError;
}

/** What the server says of itself over HTTP, which may open later than gRPC. */
export interface Description {
  readonly serverVersion: string | undefined;
  readonly adminApi: Capabilities['adminApi'];
}

/** What is known once a connection is ready for requests. */
export interface ConnectedFacts extends AuthStatus {
  readonly server: ServerAddress;
  readonly serverVersion: string | undefined;
  readonly capabilities: Capabilities;
}

export type ClientState =
  | { readonly kind: 'idle' }
  | { readonly kind: 'connecting'; readonly lastError?: BridgeError }
  | ({ readonly kind: 'connected' } & ConnectedFacts)
  | { readonly kind: 'disconnected'; readonly error: BridgeError }
  | { readonly kind: 'stopped' };

export type ConnectionEvent =
  | { readonly kind: 'start' }
  | { readonly kind: 'established'; readonly facts: ConnectedFacts }
  | ({ readonly kind: 'described' } & Description)
  | { readonly kind: 'auth-changed'; readonly auth: AuthStatus }
  | { readonly kind: 'lost'; readonly error: BridgeError }
  | { readonly kind: 'round-failed'; readonly error: BridgeError }
  | { readonly kind: 'suspend' }
  | { readonly kind: 'stop' };

export function transition(state: ClientState, event: ConnectionEvent): ClientState {
  if (state.kind === 'stopped') return state;
  switch (event.kind) {
    case 'start':
      return state.kind === 'idle' ? { kind: 'connecting' } : state;
    case 'established':
      return isTrying(state) ? { kind: 'connected', ...event.facts } : state;
    case 'described':
      return state.kind === 'connected' ? withDescription(state, event) : state;
    case 'auth-changed':
      return state.kind === 'connected' ? { ...state, authError: undefined, ...event.auth } : state;
    case 'lost':
      return state.kind === 'connected' ? { kind: 'connecting', lastError: event.error } : state;
    case 'round-failed':
      if (!isTrying(state) || isSameFailure(state, event.error)) return state;
      return { kind: 'disconnected', error: event.error };
    case 'suspend':
      return { kind: 'idle' };
    case 'stop':
      return { kind: 'stopped' };
    default:
      return event satisfies never;
  }
}

function withDescription(state: ClientState & { kind: 'connected' }, description: Description): ClientState {
  const { serverVersion, adminApi } = description;
  return { ...state, serverVersion, capabilities: { ...state.capabilities, adminApi } };
}

function isSameFailure(state: ClientState, error: BridgeError): boolean {
  return state.kind === 'disconnected' && state.error.code === error.code && state.error.message === error.message;
}

function isTrying(state: ClientState): boolean {
  return state.kind === 'connecting' || state.kind === 'disconnected';
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
