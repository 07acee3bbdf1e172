import assert from 'node:assert/strict';
import { parseServerAddresses } from '../../../operator/nacos/transport/server-address.ts';
import { ServerList } from '../../../operator/nacos/transport/server-list.ts';
import { FakeClock } from '../../fake-clock.ts';

const servers = parseServerAddresses('a:1,b:2,c:3');
const [a, b, c] = servers as [(typeof servers)[0], (typeof servers)[0], (typeof servers)[0]];

function start(random = 0): { clock: FakeClock; list: ServerList; hosts: () => string } {
  const clock = new FakeClock();
  const list = new ServerList(servers, { clock, random: () => random });
  return {
    clock,
    list,
    hosts: () =>
      list
        .round()
        .map(({ host }) => host)
        .join(''),
  };
}

describe('the list of servers', () => {
  it('begins at random and goes round', () => {
    assert.deepEqual(
      [0, 0.4, 0.99].map((random) => start(random).hosts()),
      ['abc', 'bca', 'cab'],
    );
  });

  it('puts a server that failed last, until it has cooled down', async () => {
    const { clock, hosts, list } = start();
    list.failed(b);
    list.succeeded(a);
    assert.equal(hosts(), 'acb');
    await clock.advance(30_001);
    assert.equal(hosts(), 'abc');
  });

  it('tries the one that cooled longest first when all have failed', async () => {
    const { clock, hosts, list } = start();
    for (const server of [c, a, b]) {
      list.failed(server);
      await clock.advance(10);
    }
    assert.equal(hosts(), 'cab');
  });

  it('goes on behind a server that it leaves', () => {
    const { hosts, list } = start();
    list.leave(a);
    assert.equal(hosts(), 'bca');
  });

  it('follows a hint once, by either port, and only to a server that it knows', () => {
    const { hosts, list } = start();
    list.hint('c', 1003);
    assert.deepEqual([hosts(), hosts()], ['cab', 'abc']);
    list.hint('evil', 3);
    assert.equal(hosts(), 'abc');
  });
});
