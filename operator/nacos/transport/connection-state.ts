/**
 * The states of a connection that is kept up, and the one function that moves between them.
 *
 *   idle ─start─▶ connecting ─established─▶ connected ─lost─▶ connecting
 *                     └─────round-failed──▶ disconnected ─established─▶ connected
 *
 * `connecting` is short: the first attempt, or the one right after a loss; requests wait for its outcome. `disconnected`
 * says that every server was tried and failed; the state stays while rounds go on failing, so that whoever shows it does
 * not flap. `established` while connected is another connection that takes the place of the one before. `suspend` leads
 * back to idle from anywhere. `stopped` is final. An event that does not fit a state leaves it unchanged.
 */
import type { BridgeError } from '../../errors.ts';
import type { Connection } from './connection.ts';

export type ConnectionState =
  | { readonly kind: 'idle' }
  | { readonly kind: 'connecting'; readonly lastError?: BridgeError }
  | { readonly kind: 'connected'; readonly connection: Connection }
  | { readonly kind: 'disconnected'; readonly error: BridgeError }
  | { readonly kind: 'stopped' };

export type ConnectionEvent =
  | { readonly kind: 'start' }
  | { readonly kind: 'established'; readonly connection: Connection }
  | { readonly kind: 'lost'; readonly error: BridgeError }
  | { readonly kind: 'round-failed'; readonly error: BridgeError }
  | { readonly kind: 'suspend' }
  | { readonly kind: 'stop' };

export function transition(state: ConnectionState, event: ConnectionEvent): ConnectionState {
  if (state.kind === 'stopped') return state;
  switch (event.kind) {
    case 'start':
      return state.kind === 'idle' ? { kind: 'connecting' } : state;
    case 'established':
      return state.kind === 'idle' ? state : { kind: 'connected', connection: event.connection };
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

function isSameFailure(state: ConnectionState, error: BridgeError): boolean {
  return state.kind === 'disconnected' && state.error.code === error.code && state.error.message === error.message;
}

function isTrying(state: ConnectionState): boolean {
  return state.kind === 'connecting' || state.kind === 'disconnected';
}
