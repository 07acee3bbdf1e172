import assert from 'node:assert/strict';
import type { ServiceInfo } from '../../../operator/nacos/naming/naming-types.ts';
import { clientFor, fakeNacos, stopAll } from '../client-for.ts';
import { instance, instances, isCode, sent, service } from './naming-samples.ts';
import { until } from '../until.ts';

describe('the naming client', () => {
  afterEach(stopAll);

  describe('publishing', () => {
    it('opens no connection before it is used, and then one of module naming', async () => {
      const fake = await fakeNacos();
      const { client, connected } = clientFor([fake]);
      await connected();
      assert.deepEqual([fake.connections, client.naming.connections.count], [1, 0]);
      await client.naming.publish(service('s'), [instance('10.0.0.1')]);
      assert.deepEqual([fake.connections, client.naming.connections.count], [2, 1]);
      const setups = fake.received.filter(({ type }) => type === 'stream:ConnectionSetupRequest');
      assert.deepEqual(setups[1]?.body['labels'], { source: 'sdk', module: 'naming', AppName: 'test' });
    });

    it('sends every field that servers compare, in one form', async () => {
      const fake = await fakeNacos();
      const { client } = clientFor([fake]);
      await client.naming.publish(service('s'), [instance('10.0.0.1', { metadata: { b: '2', a: '1' }, weight: 0.5 })]);
      assert.equal(
        JSON.stringify(fake.naming.requests[0]?.body),
        '{"namespace":"public","serviceName":"s","groupName":"g","type":"batchRegisterInstance","instances":[{"ip":"10.0.0.1",' +
          '"port":80,"weight":0.5,"healthy":true,"enabled":true,"ephemeral":true,"clusterName":"DEFAULT","serviceName":"s",' +
          '"metadata":{"a":"1","b":"2"}}]}',
      );
    });

    it('replaces the list of a service as a whole', async () => {
      const fake = await fakeNacos();
      const { naming } = clientFor([fake]).client;
      await naming.publish(service('s'), [instance('10.0.0.1'), instance('10.0.0.2')]);
      await naming.publish(service('s'), [instance('10.0.0.2'), instance('10.0.0.3')]);
      assert.deepEqual(fake.naming.hosts('public g s'), ['10.0.0.2:80', '10.0.0.3:80']);
      assert.deepEqual(naming.published, { services: 1, instances: 2 });
    });

    it('sends nothing for a list that is confirmed already', async () => {
      const fake = await fakeNacos();
      const { naming } = clientFor([fake]).client;
      await naming.publish(service('s'), [instance('10.0.0.1', { metadata: { b: '2', a: '1' } })]);
      await naming.publish(service('s', 'public'), [instance('10.0.0.1', { metadata: { a: '1', b: '2' } })]);
      assert.equal(fake.naming.requests.length, 1);
    });

    for (const [what, withdraw] of [
      ['withdraw', (naming: ReturnType<typeof clientFor>['client']['naming']) => naming.withdraw(service('s'))],
      ['an empty list', (naming: ReturnType<typeof clientFor>['client']['naming']) => naming.publish(service('s'), [])],
    ] as const) {
      it(`drops the record of a service on ${what}, and leaves other services alone`, async () => {
        const fake = await fakeNacos();
        const { naming } = clientFor([fake]).client;
        await naming.publish(service('s'), instances(3));
        await naming.publish(service('other'), instances(1));
        await withdraw(naming);
        await withdraw(naming);
        assert.deepEqual(fake.naming.records, ['public g other: 10.1.0.0']);
        assert.deepEqual(sent(fake).slice(2), ['InstanceRequest s']);
        assert.deepEqual(naming.published, { services: 1, instances: 1 });
      });
    }

    it('withdraws what was never published without asking anybody', async () => {
      const fake = await fakeNacos();
      await clientFor([fake]).client.naming.withdraw(service('s'));
      assert.equal(fake.connections, 0);
    });

    it('lets a later list supersede those that wait, and all end with it', async () => {
      const fake = await fakeNacos();
      const { client, connected } = clientFor([fake]);
      await connected();
      await client.naming.publish(service('s'), [instance('10.0.0.9')]);
      const all = [1, 2, 3, 4].map((last) => client.naming.publish(service('s'), [instance(`10.0.0.${last}`)]));
      await Promise.all(all);
      assert.deepEqual(fake.naming.hosts('public g s'), ['10.0.0.4:80']);
      assert.equal(fake.naming.requests.length, 2);
    });

    it('supersedes a list that is refused by one that is not', async () => {
      const fake = await fakeNacos();
      const { naming } = clientFor([fake]).client;
      const bad = naming.publish(service('s'), [instance('10.0.0.1', { clusterName: 'no cluster' })]);
      await Promise.all([bad, naming.publish(service('s'), [instance('10.0.0.2')])]);
      assert.deepEqual(fake.naming.hosts('public g s'), ['10.0.0.2:80']);
    });

    it('lets a withdrawal supersede a list that waits for a connection', async () => {
      const fake = await fakeNacos();
      const { naming } = clientFor([fake]).client;
      await Promise.all([naming.publish(service('s'), instances(2)), naming.withdraw(service('s'))]);
      assert.deepEqual(fake.naming.records, []);
    });
  });

  describe('failures', () => {
    it('says why a list is refused for one bad member, and the server keeps what it has', async () => {
      const fake = await fakeNacos();
      const { naming } = clientFor([fake]).client;
      await naming.publish(service('s'), [instance('10.0.0.1')]);
      const list = [instance('10.0.0.1'), instance('10.0.0.2', { clusterName: 'no cluster' })];
      await assert.rejects(
        naming.publish(service('s'), list),
        isCode('NACOS_INVALID', /registration of g\/s: .*Param 'cluster' is illegal/),
      );
      assert.deepEqual(fake.naming.hosts('public g s'), ['10.0.0.1:80']);
      await naming.publish(service('s'), [instance('10.0.0.2')]);
      assert.deepEqual(fake.naming.hosts('public g s'), ['10.0.0.2:80']);
    });

    it('says in words that a server is too old for lists', async () => {
      const fake = await fakeNacos();
      fake.naming.faults.refused.set('s', { code: 302, message: 'RequestHandler Not Found' });
      const { naming } = clientFor([fake]).client;
      await assert.rejects(
        naming.publish(service('s'), instances(2)),
        isCode('NACOS_UNSUPPORTED', /Nacos 2\.1\.1 or newer/),
      );
    });

    it('says that there is no server, and sends the list by itself once there is one', async () => {
      const fake = await fakeNacos();
      fake.stopGrpc();
      const { naming } = clientFor([fake]).client;
      await assert.rejects(naming.publish(service('s'), instances(1)), isCode('CONNECTION_NOT_READY', /ECONNREFUSED/));
      await fake.startGrpc();
      await until('published', () => fake.naming.hosts('public g s').length === 1);
    });

    it('goes on by itself after a failure of the server', async () => {
      const fake = await fakeNacos();
      const { naming } = clientFor([fake]).client;
      await naming.publish(service('s'), instances(1));
      fake.naming.faults.failures.push({ code: 500, message: 'no' });
      await assert.rejects(naming.publish(service('s'), instances(2)), isCode('NACOS_FAILED'));
      await until('published', () => naming.published.instances === 2);
    });

    for (const code of [301, -401]) {
      it(`makes a new connection when the server answers ${code}, and sends everything there`, async () => {
        const fake = await fakeNacos();
        const { naming } = clientFor([fake]).client;
        await naming.publish(service('a'), instances(1));
        fake.naming.faults.failures.push({ code, message: 'Connection is unregistered.' });
        await naming.publish(service('b'), instances(1, 2)).catch(() => {});
        await until('both', () => naming.published.services === 2);
        assert.deepEqual(fake.naming.records, ['public g a: 10.1.0.0', 'public g b: 10.2.0.0']);
      });
    }

    it('takes another connection after a write that was not answered, before it closes the first', async () => {
      const fake = await fakeNacos();
      const { naming } = clientFor([fake], { requestTimeoutMs: 100 }).client;
      await naming.publish(service('a'), instances(1));
      const [first] = fake.naming.slots.keys();
      fake.faults.silentTypes.add('BatchInstanceRequest');
      await assert.rejects(naming.publish(service('b'), instances(1, 2)), isCode('TIMEOUT'));
      fake.faults.silentTypes.clear();
      await until('another', () => fake.naming.slots.size === 1 && !fake.naming.slots.has(first!));
      assert.deepEqual(fake.naming.records, ['public g a: 10.1.0.0', 'public g b: 10.2.0.0']);
      assert.ok(
        fake.naming.history.filter((state) => state.service.endsWith('a')).every(({ hosts }) => hosts.length > 0),
      );
    });

    it('registers what was refused for its credentials as soon as they are mended', async () => {
      const fake = await fakeNacos({ password: 'right' });
      const { client } = clientFor([fake], { credentials: { username: 'nacos', password: 'wrong' } });
      await assert.rejects(client.naming.publish(service('s'), instances(1)), isCode('NACOS_UNAUTHENTICATED'));
      client.setCredentials({ username: 'nacos', password: 'right' });
      await until('published', () => fake.naming.records.length === 1);
    });
  });

  describe('redo', () => {
    it('sends all records, then all subscriptions, then what is asked, after the connection was lost', async () => {
      const fake = await fakeNacos();
      const { client, registry } = clientFor([fake]);
      const names = Array.from({ length: 40 }, (_, index) => `s${index}`);
      await Promise.all(names.map((name, index) => client.naming.publish(service(name), instances(2, index))));
      for (const name of names.slice(0, 5)) client.naming.subscribe(service(name), () => {});
      await until('subscribed', () => fake.count('SubscribeServiceRequest') === 5);
      const before = fake.naming.requests.length;
      fake.dropConnections('naming');
      await until('dropped', () => client.naming.connections.count === 0);
      await client.naming.query(service('s1'));
      const types = fake.naming.requests.slice(before).map(({ type }) => type);
      const expected = [
        ...names.map(() => 'BatchInstanceRequest'),
        ...Array<string>(5).fill('SubscribeServiceRequest'),
        'ServiceQueryRequest',
      ];
      assert.deepEqual(types, expected);
      assert.deepEqual(client.naming.published, { services: 40, instances: 80 });
      const metrics = await registry.metrics();
      assert.match(metrics, /^naming_redo_total\{kind="record"\} 40$/m);
      assert.match(metrics, /^naming_redo_total\{kind="subscription"\} 5$/m);
      assert.match(metrics, /^nacos_naming_connections 1$/m);
    });

    it('lets its owner bring everything up to date first', async () => {
      const fake = await fakeNacos();
      const gate = Promise.withResolvers<void>();
      let calls = 0;
      const beforeRedo = async (): Promise<void> => {
        calls += 1;
        if (calls > 1) await gate.promise;
      };
      const { naming } = clientFor([fake], { beforeRedo }).client;
      await naming.publish(service('gone'), instances(1));
      await naming.publish(service('changed'), instances(1));
      const before = fake.naming.requests.length;
      fake.dropConnections('naming');
      await until('asked', () => calls === 2);
      const changes = [
        naming.publish(service('changed'), instances(2)),
        naming.withdraw(service('gone')),
        naming.publish(service('new'), instances(3)),
      ];
      assert.equal(fake.naming.requests.length, before);
      gate.resolve();
      await Promise.all(changes);
      assert.deepEqual(sent(fake).slice(before).sort(), ['BatchInstanceRequest changed', 'BatchInstanceRequest new']);
      assert.deepEqual(naming.published, { services: 2, instances: 5 });
    });

    it('goes on with the redo when its owner cannot bring anything up to date', async () => {
      const fake = await fakeNacos();
      const { client, logged } = clientFor([fake], { beforeRedo: () => Promise.reject(new Error('no view')) });
      await client.naming.publish(service('s'), instances(1));
      fake.dropConnections('naming');
      await until('lost', () => fake.naming.slots.size === 0);
      await until('again', () => fake.naming.records.length === 1);
      assert.ok(logged.some((line) => line.includes('no view')));
    });

    it('stops at once while its owner is still busy, and tells it', async () => {
      const fake = await fakeNacos();
      const [asked, told] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
      const beforeRedo = (signal: AbortSignal): Promise<void> => {
        asked.resolve();
        return new Promise(() => signal.addEventListener('abort', () => told.resolve()));
      };
      const { client } = clientFor([fake], { beforeRedo });
      const waiting = client.naming.publish(service('s'), instances(1));
      const refused = assert.rejects(waiting, isCode('CONNECTION_NOT_READY'));
      await asked.promise;
      await Promise.all([client.stop(), told.promise, refused]);
    });

    it('sends the rest when one list is refused', async () => {
      const fake = await fakeNacos();
      const { naming } = clientFor([fake]).client;
      for (const name of ['a', 'b', 'c']) await naming.publish(service(name), instances(1));
      fake.naming.faults.refused.set('b', { code: 400, message: 'Param check invalid: no' });
      fake.dropConnections('naming');
      await until('lost', () => fake.naming.slots.size === 0);
      await until('the rest', () => naming.published.services === 2);
      assert.deepEqual(fake.naming.records, ['public g a: 10.1.0.0', 'public g c: 10.1.0.0']);
    });

    it('publishes on a new connection before it leaves the one that a server resets', async () => {
      const [one, two] = [await fakeNacos(), await fakeNacos()];
      const { naming } = clientFor([one, two]).client;
      const infos: ServiceInfo[] = [];
      for (const name of ['a', 'b']) await naming.publish(service(name), instances(2));
      naming.subscribe(service('a'), (info) => infos.push(info));
      await until('subscribed', () => infos.length === 1);
      one.push('ConnectResetRequest', {}, 'naming');
      await until('left', () => one.naming.slots.size === 0);
      assert.deepEqual(two.naming.records, ['public g a: 10.1.0.0,10.1.0.1', 'public g b: 10.1.0.0,10.1.0.1']);
      const isFirst = one.naming.history.at(-1);
      assert.deepEqual(isFirst?.hosts, []);
      await naming.publish(service('a'), instances(3));
      await until('pushed', () => infos.length === 2);
      assert.equal(infos[1]?.hosts.length, 3);
    });

    it('never leaves a service without a host when its only server resets it', async () => {
      const fake = await fakeNacos();
      const { naming } = clientFor([fake]).client;
      await naming.publish(service('a'), instances(2));
      const [first] = fake.naming.slots.keys();
      fake.push('ConnectResetRequest', {}, 'naming');
      await until('left', () => fake.naming.slots.size === 1 && !fake.naming.slots.has(first!));
      assert.ok(fake.naming.history.every(({ hosts }) => hosts.length === 2));
    });

    it('stays where it is while no server takes another connection', async () => {
      const fake = await fakeNacos();
      const { naming } = clientFor([fake]).client;
      await naming.publish(service('a'), instances(2));
      fake.faults.silentTypes.add('ServerCheckRequest');
      fake.push('ConnectResetRequest', {}, 'naming');
      await until('tried', () => fake.count('ServerCheckRequest') > 2);
      await naming.publish(service('a'), instances(3));
      assert.equal(fake.naming.hosts('public g a').length, 3);
      assert.ok(fake.naming.history.every(({ hosts }) => hosts.length >= 2));
    });
  });
});
