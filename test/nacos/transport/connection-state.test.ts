import assert from 'node:assert/strict';
import { BridgeError } from '../../../operator/errors.ts';
import { transition } from '../../../operator/nacos/transport/connection-state.ts';
import type {
  ClientState,
  ConnectedFacts,
  ConnectionEvent,
} from '../../../operator/nacos/transport/connection-state.ts';

const facts: ConnectedFacts = {
  server: { scheme: 'http', host: 'a', port: 8848, contextPath: '/nacos', grpcPort: 9848 },
  serverVersion: undefined,
  capabilities: { persistentByGrpc: true, fuzzyWatch: false, adminApi: 'none' },
  authenticated: true,
};
const down = new BridgeError('NACOS_UNREACHABLE', 'down');
const closed = new BridgeError('NACOS_GRPC_UNREACHABLE', 'closed');
const denied = new BridgeError('NACOS_UNAUTHENTICATED', 'denied');

const states: Record<ClientState['kind'], ClientState> = {
  idle: { kind: 'idle' },
  connecting: { kind: 'connecting' },
  connected: { kind: 'connected', ...facts },
  disconnected: { kind: 'disconnected', error: down },
  stopped: { kind: 'stopped' },
};
const events: Record<ConnectionEvent['kind'], ConnectionEvent> = {
  start: { kind: 'start' },
  established: { kind: 'established', facts },
  described: { kind: 'described', serverVersion: '3.1.0', adminApi: 'v3' },
  'auth-changed': { kind: 'auth-changed', auth: { authenticated: false, authError: denied } },
  lost: { kind: 'lost', error: down },
  'round-failed': { kind: 'round-failed', error: closed },
  suspend: { kind: 'suspend' },
  stop: { kind: 'stop' },
};

/** Where each event leads; '-' leaves the very same state. */
const table: Record<ConnectionEvent['kind'], Record<ClientState['kind'], ClientState['kind'] | '-'>> = {
  start: { idle: 'connecting', connecting: '-', connected: '-', disconnected: '-', stopped: '-' },
  established: { idle: '-', connecting: 'connected', connected: '-', disconnected: 'connected', stopped: '-' },
  described: { idle: '-', connecting: '-', connected: 'connected', disconnected: '-', stopped: '-' },
  'auth-changed': { idle: '-', connecting: '-', connected: 'connected', disconnected: '-', stopped: '-' },
  lost: { idle: '-', connecting: '-', connected: 'connecting', disconnected: '-', stopped: '-' },
  'round-failed': { idle: '-', connecting: 'disconnected', connected: '-', disconnected: 'disconnected', stopped: '-' },
  suspend: { idle: 'idle', connecting: 'idle', connected: 'idle', disconnected: 'idle', stopped: '-' },
  stop: { idle: 'stopped', connecting: 'stopped', connected: 'stopped', disconnected: 'stopped', stopped: '-' },
};

describe('the connection state', () => {
  for (const event of Object.values(events)) {
    for (const state of Object.values(states)) {
      const next = table[event.kind][state.kind];
      it(`${event.kind} ${next === '-' ? 'leaves' : 'turns'} ${state.kind}${next === '-' ? ' as it is' : ` into ${next}`}`, () => {
        const after = transition(state, event);
        if (next === '-') assert.equal(after, state);
        else assert.equal(after.kind, next);
      });
    }
  }

  it('says why a connection was lost', () => {
    assert.deepEqual(transition(states.connected, events.lost), { kind: 'connecting', lastError: down });
  });

  it('does not change while rounds fail for the same cause', () => {
    const again = new BridgeError('NACOS_UNREACHABLE', 'down');
    assert.equal(transition(states.disconnected, { kind: 'round-failed', error: again }), states.disconnected);
  });

  it('forgets an authentication error that is over', () => {
    const refused = transition(states.connected, events['auth-changed']);
    assert.equal(refused.kind === 'connected' && refused.authError, denied);
    const mended = transition(refused, { kind: 'auth-changed', auth: { authenticated: true } });
    assert.equal(mended.kind === 'connected' && mended.authError, undefined);
    assert.equal(mended.kind === 'connected' && mended.authenticated, true);
  });

  it('learns the version later', () => {
    const described = transition(states.connected, events.described);
    assert.equal(described.kind === 'connected' && described.serverVersion, '3.1.0');
    assert.equal(described.kind === 'connected' && described.capabilities.adminApi, 'v3');
    assert.equal(described.kind === 'connected' && described.capabilities.persistentByGrpc, true);
  });
});
