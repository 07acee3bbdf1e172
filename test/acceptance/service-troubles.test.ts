/**
 * What goes wrong with an exported Service outside of Kubernetes, and heals: what a console user has changed, what stands in
 * the way in Nacos, and a status that somebody has overwritten.
 */
import assert from 'node:assert/strict';
import { eventually } from '../eventually.ts';
import { describeInWorlds } from './in-worlds.ts';

const namespace = 'troubles';
const apiVersion = 'bridge.nacos.io/v1alpha1';

interface Status {
  readonly services?: number;
  readonly overrides?: readonly { readonly member: string; readonly field: string; readonly shown: string }[];
  readonly conditions?: readonly { readonly type: string; readonly status: string; readonly message: string }[];
}

describeInWorlds('an exported Service', ({ limitMs, world }) => {
  before(async () => {
    const { kubernetes } = world().backends;
    await kubernetes.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } });
  });

  after(async () => {
    await world().backends.kubernetes.delete({ apiVersion: 'v1', kind: 'Namespace', namespace: '', name: namespace });
  });

  async function offer(name: string, addresses: readonly string[], metadata: Record<string, string> = {}) {
    const { kubernetes } = world().backends;
    const ports = [{ name: 'http', port: 80, protocol: 'TCP' }];
    await kubernetes.apply({ apiVersion: 'v1', kind: 'Service', metadata: { name, namespace }, spec: { ports } });
    await kubernetes.apply({
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: { name, namespace, labels: { 'kubernetes.io/service-name': name } },
      addressType: 'IPv4',
      ports,
      endpoints: addresses.map((address) => ({ addresses: [address], conditions: { ready: true } })),
    });
    const spec = { group: namespace, metadata, source: { serviceRef: { name } } };
    await kubernetes.apply({ apiVersion, kind: 'NacosService', metadata: { name, namespace }, spec });
  }

  async function statusOf(name: string): Promise<Status> {
    const object = await world().backends.kubernetes.get({ apiVersion, kind: 'NacosService', namespace, name });
    const { status = {} } = (object ?? {}) as { readonly status?: Status };
    return status;
  }

  async function conditionOf(name: string, type: string): Promise<string> {
    const found = (await statusOf(name)).conditions?.find((condition) => condition.type === type);
    return found ? `${found.status}: ${found.message}` : 'none';
  }

  it('says what a console user has changed, and until when', async () => {
    await offer('changed', ['10.6.0.1', '10.6.0.2'], { v: '1' });
    const { naming } = world().endpoint.admin;
    await eventually(limitMs(30_000), async () => assert.match(await conditionOf('changed', 'Ready'), /^True/));
    const service = { group: namespace, serviceName: 'changed' };
    const [own] = (await naming.registered('', namespace, 'changed')).get('changed') ?? [];
    assert.ok(own);
    await naming.override(service, { ...own, weight: 9, metadata: { ...own.metadata, v: '2' } });
    await eventually(limitMs(30_000), async () => {
      const { overrides = [] } = await statusOf('changed');
      const member = `${own.ip}:80`;
      assert.deepEqual(
        overrides.map(({ field, member: at, shown }) => [at, field, shown]),
        [
          [member, 'weight', '9'],
          [member, 'metadata.v', '2'],
        ],
      );
      assert.match(await conditionOf('changed', 'Overridden'), /^True: .*weight.* is '9' in Nacos, and '1' was sent/);
    });
    assert.equal(await world().operator.metric('nacos_bridge_overrides'), 2);
    await naming.override(service, { ...own, enabled: false });
    await eventually(limitMs(30_000), async () => {
      const { overrides = [] } = await statusOf('changed');
      assert.deepEqual(
        overrides.map(({ field, shown }) => [field, shown]),
        [['enabled', 'false']],
      );
    });
    await naming.override(service, own);
    await eventually(limitMs(30_000), async () => assert.equal(await conditionOf('changed', 'Overridden'), 'none'));
  });

  it('is published by itself when a persistent service that was in the way is gone', async () => {
    const { naming } = world().endpoint.admin;
    const service = { group: namespace, serviceName: 'blocked' };
    const at = { ip: '10.6.9.9', port: 9999 };
    await naming.changePersistent('register', service, at);
    await offer('blocked', ['10.6.1.1']);
    await eventually(limitMs(30_000), async () => {
      assert.match(await conditionOf('blocked', 'Ready'), /^False: .*remove the persistent instances of that service/);
    });
    // What a server has taken in must be known to it by then.
    await eventually(limitMs(30_000), () => naming.changePersistent('remove', service, at));
    await eventually(limitMs(90_000), async () => {
      const hosts = (await naming.registered('', namespace, 'blocked')).get('blocked') ?? [];
      assert.deepEqual(
        hosts.map(({ ip }) => ip),
        ['10.6.1.1'],
      );
      assert.match(await conditionOf('blocked', 'Ready'), /^True/);
    });
  });

  it('gets its status back when somebody has overwritten it', async () => {
    await offer('told', ['10.6.2.1']);
    await eventually(limitMs(30_000), async () => assert.match(await conditionOf('told', 'Ready'), /^True/));
    const wrong = { apiVersion, kind: 'NacosService', metadata: { name: 'told', namespace }, status: { services: 99 } };
    await world().backends.kubernetes.applyStatus(wrong);
    await eventually(limitMs(30_000), async () => assert.equal((await statusOf('told')).services, 1));
  });
});
