import assert from 'node:assert/strict';
import type { NamingClient } from '../../../operator/nacos/naming/naming-client.ts';
import { FakeClock } from '../../fake-clock.ts';
import { clientFor, nacosServer, stopAll, wireServer } from '../client-for.ts';
import { instance, instances, isCode, listen, observerOf, service, writes } from './naming-samples.ts';
import { until } from '../until.ts';

const [register, deregister] = writes;

describe('the naming client', () => {
  afterEach(stopAll);

  describe('publishing', () => {
    it('opens no connection before it is used, and then one of its own', async () => {
      const nacos = await nacosServer();
      const { client, connected } = clientFor([nacos]);
      await connected();
      assert.deepEqual([nacos.connections, client.naming.connections.count], [1, 0]);
      await client.naming.publish(service('s'), [instance('10.0.0.1')]);
      assert.deepEqual([nacos.connections, client.naming.connections.count], [2, 1]);
    });

    it('sends every field that servers compare, in one form, on a connection of module naming', async () => {
      const server = await wireServer();
      const { client, connected } = clientFor([server]);
      await connected();
      await client.naming.publish(service('s'), [instance('10.0.0.1', { metadata: { b: '2', a: '1' }, weight: 0.5 })]);
      assert.equal(
        JSON.stringify(server.bodies(register)[0]),
        '{"namespace":"public","serviceName":"s","groupName":"g","type":"batchRegisterInstance","instances":[{"ip":"10.0.0.1",' +
          '"port":80,"weight":0.5,"healthy":true,"enabled":true,"ephemeral":true,"clusterName":"DEFAULT","serviceName":"s",' +
          '"metadata":{"a":"1","b":"2"}}]}',
      );
      const labels = server.bodies('stream:ConnectionSetupRequest').map((setup) => setup['labels']);
      assert.deepEqual(labels[1], { source: 'sdk', module: 'naming', AppName: 'test' });
    });

    it('replaces the list of a service as a whole', async () => {
      const nacos = await nacosServer();
      const { naming } = clientFor([nacos]).client;
      await naming.publish(service('s'), [instance('10.0.0.1'), instance('10.0.0.2')]);
      await naming.publish(service('s'), [instance('10.0.0.2'), instance('10.0.0.3')]);
      await observerOf(nacos).sees('s', '10.0.0.2,10.0.0.3');
      assert.deepEqual(naming.published, { services: 1, instances: 2 });
    });

    it('tells what a server may have of it: all that was sent, unless it was refused', async () => {
      const nacos = await nacosServer();
      const { naming } = clientFor([nacos]).client;
      const all = ['refused', 'silent', 'confirmed', 'withdrawn', 'other'];
      const mayBeHeld = () => all.filter((name) => naming.mayHold(service(name)));
      const taken = nacos.refuses(register, 400);
      await assert.rejects(naming.publish(service('refused'), instances(1)), isCode('NACOS_INVALID'));
      taken();
      assert.deepEqual(mayBeHeld(), []);
      const answered = nacos.fails('unanswered', register);
      void naming.publish(service('silent'), instances(2)).catch(() => {});
      await until('taken', () => nacos.counts.instances === 2);
      answered();
      for (const name of ['confirmed', 'withdrawn']) await naming.publish(service(name), instances(1));
      await naming.withdraw(service('withdrawn'));
      assert.deepEqual(mayBeHeld(), ['silent', 'confirmed']);
      await nacos.stopServing();
      await until('lost', () => naming.connections.count === 0);
      assert.ok(
        naming.mayHold(service('confirmed')),
        'a server drops what it has of a connection some time after it is lost',
      );
      await naming.withdraw(service('confirmed'));
      assert.equal(naming.mayHold(service('confirmed')), false);
    });

    it('knows of a server that was never reached that it has nothing', async () => {
      const nacos = await nacosServer();
      await nacos.stopServing();
      const { naming } = clientFor([nacos]).client;
      await assert.rejects(naming.publish(service('s'), instances(1)), isCode('CONNECTION_NOT_READY'));
      assert.equal(naming.mayHold(service('s')), false);
    });

    it('sends nothing for a list that is confirmed already', async () => {
      const nacos = await nacosServer();
      const { naming } = clientFor([nacos]).client;
      await naming.publish(service('s'), [instance('10.0.0.1', { metadata: { b: '2', a: '1' } })]);
      await naming.publish(service('s', 'public'), [instance('10.0.0.1', { metadata: { a: '1', b: '2' } })]);
      assert.deepEqual(nacos.only(...writes), [register]);
    });

    for (const [what, withdraw] of [
      ['withdraw', (naming: NamingClient) => naming.withdraw(service('s'))],
      ['an empty list', (naming: NamingClient) => naming.publish(service('s'), [])],
    ] as const) {
      it(`drops the record of a service on ${what}, and leaves other services alone`, async () => {
        const nacos = await nacosServer();
        const { naming } = clientFor([nacos]).client;
        await naming.publish(service('s'), instances(3));
        await naming.publish(service('other'), instances(1));
        await withdraw(naming);
        await withdraw(naming);
        await observerOf(nacos).sees('other', '10.1.0.0');
        assert.equal(nacos.counts.instances, 1);
        assert.deepEqual(nacos.only(...writes).slice(2), [deregister]);
        assert.deepEqual(naming.published, { services: 1, instances: 1 });
      });
    }

    it('withdraws what was never published without asking anybody', async () => {
      const { naming } = clientFor([await nacosServer()]).client;
      await naming.withdraw(service('s'));
      assert.equal(naming.connections.count, 0);
    });

    it('lets a later list supersede those that wait, and all end with it', async () => {
      const nacos = await nacosServer();
      const { client, connected } = clientFor([nacos]);
      await connected();
      await client.naming.publish(service('s'), [instance('10.0.0.9')]);
      const all = [1, 2, 3, 4].map((last) => client.naming.publish(service('s'), [instance(`10.0.0.${last}`)]));
      await Promise.all(all);
      await observerOf(nacos).sees('s', '10.0.0.4');
      assert.deepEqual(nacos.only(...writes), [register, register]);
    });

    it('supersedes a list that is refused by one that is not', async () => {
      const nacos = await nacosServer();
      const { naming } = clientFor([nacos]).client;
      const bad = naming.publish(service('s'), [instance('10.0.0.1', { clusterName: 'no cluster' })]);
      await Promise.all([bad, naming.publish(service('s'), [instance('10.0.0.2')])]);
      await observerOf(nacos).sees('s', '10.0.0.2');
    });

    it('lets a withdrawal supersede a list that waits for a connection', async () => {
      const nacos = await nacosServer();
      const { naming } = clientFor([nacos]).client;
      await Promise.all([naming.publish(service('s'), instances(2)), naming.withdraw(service('s'))]);
      assert.equal(nacos.counts.instances, 0);
    });
  });

  describe('beside the main one', () => {
    it('has connections of its own, which are counted apart and end by its stop or with the client', async () => {
      const nacos = await nacosServer();
      const { client, registry } = clientFor([nacos]);
      const [first, second] = [client.openNaming(async () => {}), client.openNaming(async () => {})];
      await first.publish(service('a'), instances(1));
      await second.publish(service('b'), instances(1));
      assert.deepEqual([client.naming.connections.count, nacos.counts.instances], [0, 2]);
      await first.stop();
      await until('one left', () => nacos.counts.instances === 1);
      await client.stop();
      await until('none left', () => nacos.counts.instances === 0 && nacos.connections === 0);
      const metrics = await registry.metrics();
      assert.match(metrics, /nacos_requests_total\{operation="naming_other",result="ok"\} 2/);
      assert.match(metrics, /^nacos_naming_connections 0$/m);
    });
  });

  describe('failures', () => {
    it('says why a list is refused for one bad member, and the server keeps what it has', async () => {
      const nacos = await nacosServer();
      const { naming } = clientFor([nacos]).client;
      const observer = observerOf(nacos);
      await naming.publish(service('s'), [instance('10.0.0.1')]);
      const list = [instance('10.0.0.1'), instance('10.0.0.2', { clusterName: 'no cluster' })];
      await assert.rejects(
        naming.publish(service('s'), list),
        isCode('NACOS_INVALID', /registration of g\/s: .*Param 'cluster' is illegal/),
      );
      await observer.sees('s', '10.0.0.1');
      await naming.publish(service('s'), [instance('10.0.0.2')]);
      await observer.sees('s', '10.0.0.2');
    });

    it('says in words that a server is too old for lists', async () => {
      const nacos = await nacosServer();
      nacos.refuses(register, 302);
      const { naming } = clientFor([nacos]).client;
      await assert.rejects(
        naming.publish(service('s'), instances(2)),
        isCode('NACOS_UNSUPPORTED', /Nacos 2\.1\.1 or newer/),
      );
    });

    it('says that there is no server, and sends the list by itself once there is one', async () => {
      const nacos = await nacosServer();
      await nacos.stopServing();
      const { naming } = clientFor([nacos]).client;
      await assert.rejects(naming.publish(service('s'), instances(1)), isCode('CONNECTION_NOT_READY', /ECONNREFUSED/));
      await nacos.startServing();
      await until('published', () => nacos.counts.instances === 1);
    });

    it('goes on by itself after a failure of the server', async () => {
      const nacos = await nacosServer();
      const { naming } = clientFor([nacos]).client;
      await naming.publish(service('s'), instances(1));
      nacos.refuses(register, 500, 1);
      await assert.rejects(naming.publish(service('s'), instances(2)), isCode('NACOS_FAILED'));
      await until('published', () => naming.published.instances === 2);
    });

    for (const code of [301, -401]) {
      it(`makes a new connection when the server answers ${code}, and sends everything there`, async () => {
        const nacos = await nacosServer();
        const { naming } = clientFor([nacos]).client;
        await naming.publish(service('a'), instances(1));
        nacos.refuses(register, code, 1);
        await naming.publish(service('b'), instances(1, 2)).catch(() => {});
        await until('both', () => naming.published.services === 2);
        assert.equal(nacos.counts.instances, 2);
        assert.equal(nacos.count('ConnectionSetupRequest'), 3);
      });
    }

    it('sends a write that was not answered once more, and nothing else', async () => {
      const clock = new FakeClock();
      const nacos = await nacosServer();
      const { naming } = clientFor([nacos], { clock }).client;
      for (const name of ['a', 'b', 'c']) await naming.publish(service(name), instances(1));
      const speak = nacos.fails('silence', register);
      let failure: unknown;
      naming.publish(service('d'), instances(1, 2)).catch((error: unknown) => (failure = error));
      const passTime = (): Promise<void> => clock.advance(500);
      await until('sent', () => nacos.count(register) === 4);
      await until('given up', () => failure !== undefined, passTime);
      assert.ok(isCode('TIMEOUT')(failure));
      speak();
      await until('all', () => naming.published.services === 4, passTime);
      assert.deepEqual([nacos.count(register), nacos.count('ConnectionSetupRequest')], [5, 2]);
    });

    for (const [what, then] of [
      ['is not answered again', 'silence'],
      ['is followed by another list', 'another list'],
    ] as const) {
      it(`takes another connection after a write that was not answered and ${what}, before it closes the first`, async () => {
        const clock = new FakeClock();
        const nacos = await nacosServer();
        const { naming } = clientFor([nacos], { clock }).client;
        await naming.publish(service('a'), instances(1));
        const { heard } = await listen(observerOf(nacos).naming, service('a'));
        const speak = nacos.fails('silence', register);
        const passTime = (): Promise<void> => clock.advance(500);
        let failure: unknown;
        naming.publish(service('b'), instances(1, 2)).catch((error: unknown) => (failure = error));
        await until('given up', () => failure !== undefined, passTime);
        if (then === 'silence') await until('connecting', () => nacos.count('ConnectionSetupRequest') === 5, passTime);
        speak();
        const hosts = then === 'silence' ? 1 : 3;
        if (then === 'another list') naming.publish(service('b'), instances(hosts, 2)).catch(() => {});
        const isMoved = (): boolean => naming.published.services === 2 && nacos.count('ConnectionSetupRequest') === 5;
        await until('both', isMoved, passTime);
        await until('one connection', () => nacos.connections === 4 && nacos.counts.instances === 1 + hosts, passTime);
        assert.deepEqual(heard, ['10.1.0.0']);
      });
    }

    it('stays on a connection that the server wants to be left until another holds what it holds', async () => {
      const clock = new FakeClock();
      const nacos = await nacosServer();
      const { naming } = clientFor([nacos], { clock }).client;
      await naming.publish(service('a'), instances(1));
      const { heard } = await listen(observerOf(nacos).naming, service('a'));
      const speak = nacos.fails('silence', register);
      void nacos.resetConnections();
      // Each attempt on a new connection is given up after a time, with the connection.
      const passTime = (): Promise<void> => clock.advance(500);
      await until('tried again and again', () => nacos.count(register) >= 4, passTime);
      assert.deepEqual([nacos.counts.instances, naming.published.services], [1, 1]);
      speak();
      const setups = nacos.count('ConnectionSetupRequest');
      await until('moved', () => nacos.count('ConnectionSetupRequest') > setups && nacos.connections === 4, passTime);
      assert.deepEqual(heard, ['10.1.0.0']);
    });

    it('registers what was refused for its credentials as soon as they are mended', async () => {
      const nacos = await nacosServer({ auth: { password: 'right' } });
      const { client } = clientFor([nacos], { credentials: { username: 'nacos', password: 'wrong' } });
      await assert.rejects(client.naming.publish(service('s'), instances(1)), isCode('NACOS_UNAUTHENTICATED'));
      client.setCredentials({ username: 'nacos', password: 'right' });
      await until('published', () => nacos.counts.instances === 1);
    });

    it('stay for as long as something is asked over them', async () => {
      const clock = new FakeClock();
      const nacos = await nacosServer();
      const { naming } = clientFor([nacos], { clock }).client;
      await naming.query(service('s'));
      const isTime = (): boolean => clock.monotonic() >= 59_000;
      await until('nearly a minute', isTime, () => clock.advance(1_000));
      // By the server's clock, while a minute goes by on ours.
      nacos.faults.add({ on: 'ServiceQueryRequest', fault: { kind: 'slow', delayMs: 300 } });
      const query = naming.query(service('s'));
      await until('asked', () => nacos.count('ServiceQueryRequest') === 2);
      await clock.advance(2_000);
      assert.deepEqual((await query).hosts, []);
      assert.equal(nacos.count('ServiceQueryRequest'), 2);
    });

    it('are not hurt by a listener of its connections that rejects', async () => {
      const nacos = await nacosServer();
      const { client, connected, logged } = clientFor([nacos]);
      await connected();
      client.naming.onChange(() => Promise.reject(new Error('a late one')) as unknown as undefined);
      client.naming.subscribe(service('s'), () => Promise.reject(new Error('another')) as unknown as undefined);
      await client.naming.publish(service('s'), [instance('10.0.0.1')]);
      await until('logged', () =>
        ['a late one', 'another'].every((what) => logged.some((line) => line.includes(what))),
      );
      assert.equal(client.naming.connections.count, 1);
      assert.equal(nacos.only('ConnectionSetupRequest').length, 2);
    });

    it('are not hurt by a listener of its connections that throws', async () => {
      const nacos = await nacosServer();
      const { client, logged } = clientFor([nacos]);
      client.naming.onChange(() => assert.fail('a bad listener'));
      await client.naming.publish(service('s'), instances(1));
      await nacos.restart();
      await until('again', () => nacos.counts.instances === 1 && client.naming.isSettled);
      assert.ok(nacos.count('ConnectionSetupRequest') <= 4, 'no connection was lost for it');
      assert.ok(logged.some((line) => line.includes('a bad listener')));
    });
  });
});
