/** A Nacos that does not answer beside one that does: what uses the one waits for nothing that uses the other. */
import assert from 'node:assert/strict';
import { startEmbeddedEndpoint, type EmbeddedEndpoint } from '../embedded/embedded-endpoint.ts';
import { eventually, hangMs } from '../eventually.ts';
import { ConnectedServices } from './connected-services.ts';
import { describeInWorlds } from './in-worlds.ts';

/** Both more than a controller has workers. */
const serviceCount = 200;
const configCount = 40;
const promisedMs = 1000;
/** None of the requests of the slow connection has come to an end by then. */
const requestTimeoutMs = 60_000;

describeInWorlds('a Nacos that does not answer', ({ limitMs, world }) => {
  let services: ConnectedServices;
  let slow: EmbeddedEndpoint;

  before(async () => {
    slow = await startEmbeddedEndpoint('3.1');
    services = await ConnectedServices.create(world(), 'slow-nacos');
    await services.login(slow.endpoint, slow.endpoint.password);
    await services.connect('slow', slow.endpoint, { requestTimeoutMs });
    await eventually(hangMs, async () =>
      assert.equal((await services.conditions('slow')).get('Ready')?.status, 'True'),
    );
  });

  after(async () => {
    slow?.nacos.faults.clear();
    await services?.delete();
    await slow?.nacos.stop();
  });

  const timeouts = (operation: string) =>
    world().operator.metric('nacos_bridge_nacos_requests_total', `operation="${operation}",result="TIMEOUT"`);

  it('delays no service of another connection', async () => {
    const before = await timeouts('naming_register');
    for (let index = 0; index < serviceCount; index += 1)
      await services.prepare(`slow-${index}`, `10.8.0.${index + 1}`);
    slow.nacos.faults.add({ on: '*InstanceRequest', fault: { kind: 'unanswered' } });
    await services.export('slow');
    await eventually(hangMs, async () => assert.ok(slow.nacos.faults.strikes > 10));
    const healthy = await ConnectedServices.create(world(), 'beside-slow-nacos');
    const { endpoint } = world();
    await healthy.login(endpoint, endpoint.password);
    await healthy.connect('main', endpoint);
    await healthy.offer('service', 'main', '10.8.1.1');
    await eventually(hangMs, () => healthy.assertPublished());
    await healthy.offer('service', 'main', '10.8.1.2');
    await eventually(limitMs(promisedMs), () => healthy.assertPublished());
    assert.equal(await timeouts('naming_register'), before, 'it must not have waited for the other connection');
    await healthy.delete();
  });

  it('delays no config of another connection', async () => {
    const before = await timeouts('config_publish');
    const strikes = slow.nacos.faults.strikes;
    slow.nacos.faults.add({ on: 'ConfigPublishRequest', fault: { kind: 'unanswered' } });
    const { kubernetes, nacos } = world().backends;
    const apply = (name: string, spec: object) =>
      kubernetes.apply({
        apiVersion: 'bridge.nacos.io/v1alpha1',
        kind: 'NacosConfig',
        metadata: { name, namespace: services.namespace },
        spec: { group: services.namespace, content: name, deletionPolicy: 'Retain', ...spec },
      });
    for (let index = 0; index < configCount; index += 1)
      await apply(`slow-${index}`, { connectionRef: { name: 'slow' } });
    await eventually(hangMs, async () => assert.ok(slow.nacos.faults.strikes > strikes + 10));
    await apply('healthy', {});
    await eventually(limitMs(promisedMs), async () => {
      const config = await nacos.read({ namespaceId: '', group: services.namespace, dataId: 'healthy' });
      assert.equal(config?.content, 'healthy');
    });
    assert.equal(await timeouts('config_publish'), before, 'it must not have waited for the other connection');
  });
});
