import assert from 'node:assert/strict';
import { NameClaims, type NameClaim } from '../../operator/service-sync/name-claims.ts';

const clients = new Map<string, NameClaim['address']['client']>();

/** `where` are the servers. */
function claim(service: string, rank: string, where: string, serviceName = 'orders'): NameClaim {
  const client = clients.get(where) ?? ({} as NameClaim['address']['client']);
  clients.set(where, client);
  const name = { namespaceId: '', group: 'g', serviceName };
  const address = { connection: where, client, servers: where.split(' '), service: name };
  return { rank, address, exportId: `NacosService ${service}`, service };
}

function winnerAt(claims: NameClaims, where: string): string | undefined {
  return claims.winner(claim('', '', where).address)?.service;
}

describe('claims of names', () => {
  it('are won by the least rank', () => {
    const claims = new NameClaims();
    claims.set('a', [claim('a', '2', 's1')]);
    claims.set('b', [claim('b', '1', 's1')]);
    assert.equal(winnerAt(claims, 's1'), 'b');
    assert.equal(winnerAt(claims, 's2'), undefined);
  });

  it('meet where connections share a server, also by way of another one', () => {
    const claims = new NameClaims();
    claims.set('a', [claim('a', '2', 's1')]);
    claims.set('b', [claim('b', '1', 's3')]);
    assert.equal(winnerAt(claims, 's1'), 'a');
    claims.set('c', [claim('c', '3', 's2 s3 s1')]);
    assert.equal(winnerAt(claims, 's1'), 'b');
  });

  it('end with what a Service wants, whether they have won or lost', () => {
    const claims = new NameClaims();
    claims.set('a', [claim('a', '1', 's1')]);
    claims.set('b', [claim('b', '2', 's1')]);
    claims.set('b', [claim('b', '2', 's1', 'another')]);
    claims.set('a', []);
    assert.equal(winnerAt(claims, 's1'), undefined);
  });

  it('tell others of a name that somebody begins or ceases to want, and nobody else', () => {
    const claims = new NameClaims();
    const told: string[] = [];
    claims.onContest((service) => told.push(service));
    claims.set('a', [claim('a', '1', 's1')]);
    claims.set('c', [claim('c', '1', 's1', 'another')]);
    assert.deepEqual(told, []);
    claims.set('b', [claim('b', '2', 's1')]);
    claims.set('b', [claim('b', '2', 's1')]);
    assert.deepEqual(told, ['a']);
    claims.set('b', []);
    assert.deepEqual(told, ['a', 'a']);
  });
});
