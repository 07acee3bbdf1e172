/**
 * NacosConnections that get settings which do not work, or are deleted, while services are published over them: nothing
 * leaves Nacos, and what changes arrives there.
 */
import assert from 'node:assert/strict';
import { setTimeout as pause } from 'node:timers/promises';
import { eventually, hangMs } from '../eventually.ts';
import { ConnectedServices } from './connected-services.ts';
import { describeInWorlds } from './in-worlds.ts';

const count = 20;
/** What is published over a connection that fails was withdrawn after half a minute once. */
const longMs = 45_000;

describeInWorlds('a NacosConnection', ({ isReal, world }) => {
  let services: ConnectedServices;
  const names = Array.from({ length: count }, (_, index) => `service-${index}`);

  beforeEach(async () => {
    const { endpoint } = world();
    services = await ConnectedServices.create(world(), `changing-${Math.random().toString(36).slice(2, 8)}`);
    await services.login(endpoint, endpoint.password);
    // As the default connection: all three share a client.
    await services.connect('main', endpoint);
    await services.connect('twin', endpoint);
    for (const [index, name] of names.entries()) await services.offer(name, 'main', `10.7.0.${index + 1}`);
    await services.offer('of-twin', 'twin', '10.7.1.1');
    await eventually(hangMs, () => services.assertPublished());
  });

  afterEach(() => services?.delete());

  const changes: { title: string; spoil: () => Promise<void>; mend: () => Promise<void> }[] = [
    {
      title: 'a wrong password',
      spoil: () => services.login(world().endpoint, 'wrong'),
      mend: () => services.login(world().endpoint, world().endpoint.password),
    },
    {
      title: 'servers with a typo',
      spoil: () => services.connect('main', { ...world().endpoint, port: world().closedPort }),
      mend: () => services.connect('main', world().endpoint),
    },
    {
      title: 'settings that work, after some that did not',
      spoil: () => services.connect('main', { ...world().endpoint, port: world().closedPort }),
      mend: () => services.connect('main', world().endpoint, { requestTimeoutMs: 9000 }),
    },
  ];
  for (const { title, mend, spoil } of changes) {
    it(`that gets ${title} keeps all that is published, follows it, and says so`, async () => {
      const gaps = services.watchForGaps();
      await spoil();
      // They are counted one by one, as long as each has been there.
      await eventually(hangMs, async () => {
        const { message } = await services.awaitCondition(hangMs, 'main', 'FormerInUse', 'True');
        assert.match(message, new RegExp(`${count} services.*bridge\\.nacos\\.io/drop-former`));
      });
      assert.equal((await services.conditions('main')).get('Ready')?.status, 'False');
      await services.offer('service-0', 'main', '10.7.0.200');
      await services.offer('of-twin', 'twin', '10.7.1.200');
      await eventually(hangMs, () => services.assertPublished());
      await services.retract('service-1');
      await eventually(hangMs, async () => assert.equal(await services.addressOf('service-1'), undefined));
      if (isReal) await pause(longMs);
      await mend();
      await services.awaitCondition(hangMs, 'main', 'Ready', 'True');
      await services.awaitCondition(hangMs, 'main', 'FormerInUse', undefined);
      await eventually(hangMs, () => services.assertPublished());
      assert.deepEqual(await gaps.end(), []);
    });
  }

  it('has what its former credentials hold withdrawn at once when it is annotated so', async () => {
    await services.login(world().endpoint, 'wrong');
    await services.awaitCondition(hangMs, 'main', 'FormerInUse', 'True');
    const annotations = { 'bridge.nacos.io/drop-former': 'true' };
    await world().backends.kubernetes.patch(services.connectionRef('main'), { metadata: { annotations } });
    await eventually(hangMs, async () => {
      for (const name of names) assert.equal(await services.addressOf(name), undefined);
    });
    await services.awaitCondition(hangMs, 'main', 'FormerInUse', undefined);
    assert.equal(
      await services.addressOf('of-twin'),
      '10.7.1.1',
      'another connection with those credentials keeps its own',
    );
  });

  it('that is deleted serves until nobody names it, and says by how many it is named', async () => {
    await services.retract('of-twin');
    const gaps = services.watchForGaps();
    await services.disconnect(hangMs, 'main');
    const { message, reason } = await services.awaitCondition(hangMs, 'main', 'Terminating', 'True');
    assert.equal(reason, 'InUse');
    assert.match(message, new RegExp(`${count} resources name it`));
    await services.offer('service-0', 'main', '10.7.0.200');
    await eventually(hangMs, () => services.assertPublished());
    assert.deepEqual(await gaps.end(), []);
    for (const name of names) await services.retract(name);
    await eventually(hangMs, async () => assert.equal(await services.connection('main'), undefined));
  });

  it('that is deleted by force takes along what is published over it', async () => {
    await services.disconnect(hangMs, 'main');
    await services.awaitCondition(hangMs, 'main', 'Terminating', 'True');
    const annotations = { 'bridge.nacos.io/force-finalize': 'true' };
    await world().backends.kubernetes.patch(services.connectionRef('main'), { metadata: { annotations } });
    await eventually(hangMs, async () => {
      for (const name of names) assert.equal(await services.addressOf(name), undefined);
    });
    assert.equal(await services.connection('main'), undefined);
    assert.equal(await services.addressOf('of-twin'), '10.7.1.1');
  });
});
