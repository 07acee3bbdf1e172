/**
 * A NacosConnection that changes while services are published over it: clients of Nacos do not notice.
 */
import assert from 'node:assert/strict';
import { ConnectedServices } from '../acceptance/connected-services.ts';
import { eventually, hangMs } from '../eventually.ts';
import { publishersOf } from '../testbed/nacos-publishers.ts';
import { startEmbeddedWorld } from './world.ts';
import type { EmbeddedWorld } from './world.ts';

const namespace = 'moving';
const service = { namespaceId: '', group: namespace, serviceName: 'orders' };
const host = '10.0.0.1:80';
const changes = 5;

describe('the operator when a NacosConnection changes', () => {
  let world: EmbeddedWorld;

  const apply = (apiVersion: string, kind: string, name: string, rest: { metadata?: object }) =>
    world.backends.kubernetes.apply({ apiVersion, kind, ...rest, metadata: { name, namespace, ...rest.metadata } });

  /** A client of its own belongs to each time limit. */
  function connect(requestTimeoutMs: number) {
    const { grpcPort, host: address, port } = world.endpoint;
    const auth = { password: { secretRef: { name: 'nacos' } } };
    const spec = { servers: [{ host: address, port, grpcPort }], auth, requestTimeoutMs };
    return apply('bridge.nacos.io/v1alpha1', 'NacosConnection', 'main', { spec } as object);
  }

  const publishers = () => publishersOf(world.endpoint, namespace, 'orders', host);

  before(async () => {
    world = await startEmbeddedWorld('3.1');
    const { username, password } = world.endpoint;
    await world.backends.kubernetes.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } });
    await apply('v1', 'Secret', 'nacos', { stringData: { username, password } } as object);
    await connect(10_000);
    const annotations = {
      'bridge.nacos.io/export': 'true',
      'bridge.nacos.io/group': namespace,
      'bridge.nacos.io/connection': 'main',
    };
    const ports = [{ name: 'http', port: 80 }];
    await apply('v1', 'Service', 'orders', { metadata: { annotations }, spec: { ports } } as object);
    await apply('discovery.k8s.io/v1', 'EndpointSlice', 'orders', {
      metadata: { labels: { 'kubernetes.io/service-name': 'orders' } },
      addressType: 'IPv4',
      ports,
      endpoints: [{ addresses: ['10.0.0.1'], conditions: { ready: true } }],
    } as object);
    await eventually(hangMs, async () => assert.equal((await publishers()).length, 1));
  });

  after(() => world?.stop());

  it('publishes over the new connection before it closes the old one', async () => {
    const counts = new Set<number>();
    let isOver = false;
    const looking = (async () => {
      while (!isOver) counts.add((await world.backends.nacos.instances(service)).length);
    })();
    for (let change = 1; change <= changes; change += 1) {
      const [before] = await publishers();
      await connect(10_000 - change);
      await eventually(hangMs, async () => {
        const now = await publishers();
        assert.equal(now.length, 1);
        assert.notEqual(now[0], before);
      });
    }
    isOver = true;
    await looking;
    assert.deepEqual([...counts], [1]);
  });

  it('takes nothing out of Nacos that it was still to be answered for', async () => {
    const { endpoint, nacos } = world;
    const services = await ConnectedServices.create(world, 'unanswered');
    await services.login(endpoint, endpoint.password);
    await services.connect('main', endpoint);
    nacos.faults.add({ on: 'BatchInstanceRequest', fault: { kind: 'unanswered' } });
    // An empty list, of a Service whose endpoints are not seen yet, would be confirmed.
    for (const name of ['a', 'b']) await services.prepare(name, `10.8.0.${name.charCodeAt(0)}`);
    await services.export('main');
    await eventually(hangMs, () => services.assertPublished());
    const gaps = services.watchForGaps();
    await services.login(endpoint, 'wrong');
    await eventually(hangMs, async () => {
      const { message } = await services.awaitCondition(hangMs, 'main', 'FormerInUse', 'True');
      assert.match(message, /not confirmed 2 services/);
    });
    assert.deepEqual(await gaps.end(), []);
  });
});
