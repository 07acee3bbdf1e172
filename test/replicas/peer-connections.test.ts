import assert from 'node:assert/strict';
import type { Lease } from '../../operator/kube/lease.ts';
import { silentLogger } from '../../operator/logger.ts';
import { PeerConnections } from '../../operator/replicas/peer-connections.ts';
import { FakeClock } from '../fake-clock.ts';

const prefix = 'bridge.nacos.io';

describe('the readiness of a replica beside others', () => {
  let clock: FakeClock;
  let leases: Map<string, { confirmed: string; isAlive: boolean; scope?: string }>;
  let own: number;
  let isReachable: boolean;
  let peers: PeerConnections;

  beforeEach(() => {
    clock = new FakeClock();
    leases = new Map([['own', { confirmed: '9', isAlive: true }]]);
    [own, isReachable] = [0, true];
    const list = async () => {
      if (!isReachable) throw new Error('away');
      const items = [...leases].map(([name, { confirmed, scope = 'ours', isAlive }]) => ({
        metadata: {
          name,
          annotations: {
            [`${prefix}/publication-format`]: '1',
            [`${prefix}/confirmed-connections`]: confirmed,
            [`${prefix}/scope`]: scope,
          },
        },
        spec: { renewTime: isAlive ? String(clock.now()) : 'long ago' },
      }));
      return { items: items as unknown as Lease[], resourceVersion: '1' };
    };
    peers = new PeerConnections({
      leases: { list },
      namespace: 'ns',
      scope: 'ours',
      ownLease: 'own',
      confirmed: () => own,
      clock,
      log: silentLogger,
    });
  });

  afterEach(() => peers.stop());

  it('comes as soon as it has as many connections confirmed as each of them, and stays', async () => {
    leases.set('a', { confirmed: '2', isAlive: true });
    leases.set('b', { confirmed: '3', isAlive: true });
    peers.start();
    assert.match(peers.problem ?? '', /not known/);
    await clock.advance(0);
    own = 2;
    assert.match(peers.problem ?? '', /3 connections confirmed, this one 2/);
    own = 3;
    assert.equal(peers.problem, undefined);
    own = 0;
    await clock.advance(60_000);
    assert.equal(peers.problem, undefined);
  });

  it('comes at once where nobody has more: alone, or with a connection that works for nobody', async () => {
    leases.set('a', { confirmed: '0', isAlive: true });
    leases.set('b', { confirmed: '7', isAlive: true, scope: 'another' });
    peers.start();
    await clock.advance(0);
    assert.equal(peers.problem, undefined);
  });

  it('does not wait for a replica that is gone and has left its Lease', async () => {
    leases.set('gone', { confirmed: '5', isAlive: false });
    peers.start();
    await clock.advance(10_000);
    assert.match(peers.problem ?? '', /5 connections/);
    await clock.advance(10_000);
    assert.equal(peers.problem, undefined);
  });

  it('comes after ten minutes, whatever the others have, and whether they are known or not', async () => {
    leases.set('a', { confirmed: '5', isAlive: true });
    peers.start();
    await clock.advance(300_000);
    isReachable = false;
    await clock.advance(299_000);
    assert.match(peers.problem ?? '', /5 connections/);
    await clock.advance(1000);
    assert.equal(peers.problem, undefined);
  });
});
