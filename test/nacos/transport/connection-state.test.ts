import assert from 'node:assert/strict';
import { BridgeError } from '../../../operator/errors.ts';
import type { Connection } from '../../../operator/nacos/transport/connection.ts';
import { transition } from '../../../operator/nacos/transport/connection-state.ts';
import type { ConnectionEvent, ConnectionState } from '../../../operator/nacos/transport/connection-state.ts';

const [first, second] = ['first', 'second'].map((name) => ({ name }) as unknown as Connection) as [
  Connection,
  Connection,
];
const down = new BridgeError('NACOS_UNREACHABLE', 'down');
const closed = new BridgeError('NACOS_GRPC_UNREACHABLE', 'closed');

const states: Record<ConnectionState['kind'], ConnectionState> = {
  idle: { kind: 'idle' },
  connecting: { kind: 'connecting' },
  connected: { kind: 'connected', connection: first },
  disconnected: { kind: 'disconnected', error: down },
  stopped: { kind: 'stopped' },
};
const events: Record<ConnectionEvent['kind'], ConnectionEvent> = {
  start: { kind: 'start' },
  established: { kind: 'established', connection: second },
  lost: { kind: 'lost', error: down },
  'round-failed': { kind: 'round-failed', error: closed },
  suspend: { kind: 'suspend' },
  stop: { kind: 'stop' },
};

/** Where each event leads; '-' leaves the very same state. */
const table: Record<ConnectionEvent['kind'], Record<ConnectionState['kind'], ConnectionState['kind'] | '-'>> = {
  start: { idle: 'connecting', connecting: '-', connected: '-', disconnected: '-', stopped: '-' },
  established: {
    idle: '-',
    connecting: 'connected',
    connected: 'connected',
    disconnected: 'connected',
    stopped: '-',
  },
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

  it('takes a connection that is established for the one before', () => {
    assert.deepEqual(transition(states.connected, events.established), { kind: 'connected', connection: second });
  });

  it('does not change while rounds fail for the same cause', () => {
    const again = new BridgeError('NACOS_UNREACHABLE', 'down');
    assert.equal(transition(states.disconnected, { kind: 'round-failed', error: again }), states.disconnected);
  });
});
