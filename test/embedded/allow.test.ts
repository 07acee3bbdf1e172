/**
 * Who may use what of the default connection, by rules that the operator is given: for configs, for many of them, and for
 * services; and what becomes of that when a namespace is not meant any more.
 */
import assert from 'node:assert/strict';
import { eventually, hangMs } from '../eventually.ts';
import { HttpNacos } from '../scenarios/nacos-backend.ts';
import { startApplication } from './application.ts';
import { startBridgedCluster, type BridgedCluster } from './bridged-cluster.ts';
import { startEmbeddedEndpoint, type EmbeddedEndpoint } from './embedded-endpoint.ts';
import { FaultWitness } from './fault-witness.ts';

const rules = [
  { allowedNamespaces: { names: ['team-a'] }, groups: ['{namespace}.*', '{namespace}'] },
  { allowedNamespaces: { selector: { matchLabels: { nacos: 'yes' } } }, groups: ['by-label'] },
];

const coreVersions: Readonly<Record<string, string>> = {
  ConfigMap: 'v1',
  Service: 'v1',
  EndpointSlice: 'discovery.k8s.io/v1',
};

interface Condition {
  type: string;
  status: string;
  reason: string;
  message: string;
}

describe('the default connection with rules', function () {
  this.timeout(4 * hangMs);
  let started: AsyncDisposableStack;
  let cluster: BridgedCluster;
  let nacos: HttpNacos;
  let endpoint: EmbeddedEndpoint['endpoint'];
  let operations: FaultWitness;

  before(async () => {
    started = new AsyncDisposableStack();
    const embedded = await startEmbeddedEndpoint('3.1');
    endpoint = embedded.endpoint;
    operations = new FaultWitness(embedded.nacos.faults);
    started.defer(() => embedded.nacos.stop());
    nacos = new HttpNacos(embedded.endpoint, async () => startApplication(embedded.endpoint));
    started.defer(() => nacos.close());
    cluster = await startBridgedCluster(embedded.endpoint, { args: [`--nacos-allow=${JSON.stringify(rules)}`] });
    started.defer(() => cluster.stop());
    await label('labelled', { nacos: 'yes' });
    for (const name of ['team-a', 'team-b']) await label(name, {});
  });
  after(() => started?.disposeAsync());

  const label = (name: string, labels: Record<string, string | null>) =>
    cluster.rest.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels } });

  const ref = (kind: string, namespace: string, name: string) => ({
    apiVersion: coreVersions[kind] ?? 'bridge.nacos.io/v1alpha1',
    kind,
    namespace,
    name,
  });

  async function eventsOf(namespace: string, name: string) {
    const events = (await cluster.rest.list('events.k8s.io/v1', 'Event', namespace)) as unknown as readonly {
      reason: string;
      note?: string;
      regarding: { name: string };
    }[];
    return events.filter(({ regarding }) => regarding.name === name);
  }

  function apply(kind: string, namespace: string, name: string, rest: object): Promise<unknown> {
    const metadata = { name, namespace, ...(rest as { metadata?: object }).metadata };
    const { apiVersion } = ref(kind, namespace, name);
    return cluster.rest.apply({ apiVersion, kind, ...rest, metadata });
  }

  async function conditionOf(kind: string, namespace: string, name: string, type = 'Ready'): Promise<Condition> {
    const object = await cluster.rest.get(ref(kind, namespace, name));
    const { conditions = [] } = (object as { status?: { conditions?: Condition[] } } | undefined)?.status ?? {};
    const found = conditions.find((condition) => condition.type === type);
    assert.ok(found, `${kind} ${name} has no condition ${type}`);
    return found;
  }

  async function isNotAllowed(kind: string, namespace: string, name: string, message: RegExp): Promise<void> {
    await eventually(hangMs, async () => {
      const { reason, ...ready } = await conditionOf(kind, namespace, name);
      assert.equal(reason, 'NotAllowed', ready.message);
      assert.match(ready.message, message);
    });
  }

  const isReady = (kind: string, namespace: string, name: string) =>
    eventually(hangMs, async () => {
      const { message, status } = await conditionOf(kind, namespace, name);
      assert.equal(status, 'True', message);
    });

  const contentOf = async (group: string, dataId: string) =>
    (await nacos.read({ namespaceId: '', group, dataId }))?.content;

  async function exportService(namespace: string, name: string, group: string, others: object = {}): Promise<void> {
    const annotations = { 'bridge.nacos.io/export': 'true', 'bridge.nacos.io/group': group, ...others };
    const ports = [{ name: 'http', port: 80 }];
    await apply('Service', namespace, name, { metadata: { annotations }, spec: { ports } });
    await apply('EndpointSlice', namespace, name, {
      metadata: { labels: { 'kubernetes.io/service-name': name } },
      addressType: 'IPv4',
      ports,
      endpoints: [{ addresses: ['10.0.0.1'], conditions: { ready: true } }],
    });
  }

  const instancesOf = async (group: string, serviceName: string) =>
    (await nacos.instances({ namespaceId: '', group, serviceName })).length;

  it('lets a namespace that no rule means use nothing, and asks Nacos for nothing', async () => {
    await nacos.publish({ namespaceId: '', group: 'team-a.app', dataId: 'secret' }, 'of team-a');
    const mirror = { configMap: { name: 'stolen' } };
    await apply('NacosConfig', 'team-b', 'reads', { spec: { group: 'team-a.app', dataId: 'secret', mirror } });
    await apply('NacosConfigSync', 'team-b', 'reads-all', {
      spec: {
        source: 'Nacos',
        nacos: { groups: ['*'] },
        mapping: { objectName: 'stolen-all' },
      },
    });
    await isNotAllowed('NacosConfig', 'team-b', 'reads', /namespace 'team-b'/);
    await isNotAllowed('NacosConfigSync', 'team-b', 'reads-all', /namespace 'team-b'/);
    const asked = Object.keys(operations.counts()).filter((operation) => operation.startsWith('Config'));
    assert.deepEqual(asked, []);
    for (const name of ['stolen', 'stolen-all']) {
      assert.equal(await cluster.rest.get(ref('ConfigMap', 'team-b', name)), undefined);
    }
  });

  it('lets a namespace use its own groups, and no others', async () => {
    await apply('NacosConfig', 'team-a', 'own', { spec: { group: 'team-a.app', content: 'own' } });
    const others = [
      ['foreign', { group: 'team-b.app' }],
      ['other-case', { group: 'TEAM-A.app' }],
      ['alike', { group: 'team-ab' }],
      ['default-group', {}],
    ] as const;
    for (const [name, spec] of others) {
      await apply('NacosConfig', 'team-a', name, { spec: { ...spec, content: 'not allowed' } });
    }
    await isReady('NacosConfig', 'team-a', 'own');
    assert.equal(await contentOf('team-a.app', 'own'), 'own');
    for (const [name, spec] of others) {
      const { group = 'DEFAULT_GROUP' } = spec as { group?: string };
      await isNotAllowed('NacosConfig', 'team-a', name, new RegExp(`The default connection .*group '${group}'`));
      assert.equal(await contentOf(group, name), undefined);
    }
  });

  it('skips the dataIds outside of a pattern, and items whose template leads outside', async () => {
    await nacos.publish({ namespaceId: '', group: 'team-b', dataId: 'out.yaml' }, 'a: 1');
    await nacos.publish({ namespaceId: '', group: 'team-a', dataId: 'in.yaml' }, 'a: 1');
    await apply('NacosConfigSync', 'team-a', 'inbound', {
      spec: { source: 'Nacos', nacos: { groups: ['team-*'], dataIds: ['*.yaml'] }, mapping: { objectName: 'found' } },
    });
    await apply('ConfigMap', 'team-a', 'team-b.app', { metadata: { labels: { out: 'yes' } }, data: { key: 'text' } });
    await apply('NacosConfigSync', 'team-a', 'outbound', {
      spec: {
        source: 'Kubernetes',
        kubernetes: { selector: { matchLabels: { out: 'yes' } } },
        mapping: { group: '{name}', dataId: '{key}' },
      },
    });
    await eventually(hangMs, async () => {
      const found = (await cluster.rest.get(ref('ConfigMap', 'team-a', 'found'))) as { data?: object };
      assert.deepEqual(Object.keys(found?.data ?? {}), ['in.yaml']);
      for (const name of ['inbound', 'outbound']) {
        const { message, reason } = await conditionOf('NacosConfigSync', 'team-a', name);
        assert.equal(reason, 'Skipped', message);
        assert.match(message, /group 'team-b/);
      }
    });
    assert.equal(await contentOf('team-b.app', 'key'), undefined);
  });

  it('publishes no Service under a group of others, and tells it by an event', async () => {
    await exportService('team-a', 'orders', 'team-a');
    await exportService('team-a', 'elsewhere', 'team-b');
    await eventually(hangMs, async () => {
      assert.equal(await instancesOf('team-a', 'orders'), 1);
      const events = await eventsOf('team-a', 'elsewhere');
      assert.ok(events.some(({ reason, note }) => reason === 'NotAllowed' && /group 'team-b'/.test(note ?? '')));
    });
    assert.equal(await instancesOf('team-b', 'elsewhere'), 0);
  });

  it('lets nobody use a connection of another namespace, whatever its name is', async () => {
    const spec = { servers: [{ host: endpoint.host, port: endpoint.port, grpcPort: endpoint.grpcPort }] };
    await apply('NacosConnection', 'team-a', 'open', { spec });
    await assert.rejects(
      apply('NacosConfig', 'team-b', 'other', { spec: { connectionRef: { name: 'team-a/open' }, content: 'a' } }),
      /connectionRef/,
    );
    await exportService('team-b', 'borrows', 'team-b', { 'bridge.nacos.io/connection': 'team-a/open' });
    await eventually(hangMs, async () => {
      const events = await eventsOf('team-b', 'borrows');
      assert.ok(events.some(({ note }) => /does not exist in this namespace/.test(note ?? '')));
    });
    assert.equal(await instancesOf('team-b', 'borrows'), 0);
  });

  it('follows the labels of a namespace: services go, configs and mirrors stay, nothing waits for its end', async () => {
    await apply('NacosConfig', 'labelled', 'kept', {
      spec: { group: 'by-label', content: 'kept', mirror: { configMap: { name: 'kept' } } },
    });
    await exportService('labelled', 'pays', 'by-label');
    await isReady('NacosConfig', 'labelled', 'kept');
    await eventually(hangMs, async () => assert.equal(await instancesOf('by-label', 'pays'), 1));

    await label('labelled', { nacos: 'no' });
    await isNotAllowed('NacosConfig', 'labelled', 'kept', /namespace 'labelled'/);
    await eventually(hangMs, async () => assert.equal(await instancesOf('by-label', 'pays'), 0));
    assert.ok(await cluster.rest.get(ref('ConfigMap', 'labelled', 'kept')));
    const config = await cluster.rest.get(ref('NacosConfig', 'labelled', 'kept'));
    assert.deepEqual(config?.metadata.finalizers ?? [], []);
    await eventually(hangMs, async () => {
      const events = await eventsOf('labelled', 'kept');
      assert.ok(events.some(({ reason }) => reason === 'LeftInNacos'));
    });

    await label('labelled', { nacos: 'yes' });
    await isReady('NacosConfig', 'labelled', 'kept');
    await eventually(hangMs, async () => assert.equal(await instancesOf('by-label', 'pays'), 1));
    await label('labelled', { nacos: 'no' });
    await isNotAllowed('NacosConfig', 'labelled', 'kept', /namespace 'labelled'/);
    await cluster.rest.delete(ref('NacosConfig', 'labelled', 'kept'));
    await eventually(hangMs, async () =>
      assert.equal(await cluster.rest.get(ref('NacosConfig', 'labelled', 'kept')), undefined),
    );
    assert.equal(await contentOf('by-label', 'kept'), 'kept');
  });
});
