/**
 * The operator without a login between a cluster and Nacos as it is shipped: 3.1 lets every client in and asks for a login
 * at its admin API alone, 2.3 asks nobody. Run with embedded and with real servers of Nacos.
 *
 * What the admin API refuses must cost nothing but what it alone can tell: no publish, no Ready, no reconcile.
 */
import assert from 'node:assert/strict';
import { type BridgedCluster, startBridgedCluster } from '../embedded/bridged-cluster.ts';
import { startApplication } from '../embedded/application.ts';
import { eventually, hangMs } from '../eventually.ts';
import { md5Of } from '../../operator/nacos/index.ts';
import { HttpNacos, type NacosEndpoint } from '../scenarios/nacos-backend.ts';

interface StockNacos {
  /** With the credentials of an administrator, for the test alone. */
  readonly endpoint: NacosEndpoint;
  stop(): Promise<void>;
}

const apiVersion = 'bridge.nacos.io/v1alpha1';
const namespace = 'stock';
const key = (dataId: string) => ({ namespaceId: '', group: namespace, dataId });

interface SyncStatus {
  readonly items?: Readonly<Record<string, number>>;
  readonly problems?: readonly { readonly message: string }[];
}
type Condition = { readonly type: string; readonly status: string; readonly reason: string; readonly message: string };

export function describeStockNacos(title: string, startNacos: () => Promise<StockNacos>): void {
  describe(title, () => {
    let nacos: StockNacos;
    let http: HttpNacos;
    let cluster: BridgedCluster;

    before(async () => {
      nacos = await startNacos();
      http = new HttpNacos(nacos.endpoint, async () => startApplication(nacos.endpoint));
      cluster = await startBridgedCluster(nacos.endpoint, { logsIn: false });
      await cluster.rest.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } });
      const { grpcPort, host, port } = nacos.endpoint;
      await apply('NacosConnection', 'main', { servers: [{ host, port, grpcPort }] });
    }).timeout(240_000);

    after(async () => {
      await cluster?.stop();
      await http?.close();
      await nacos?.stop();
    });

    function apply(kind: string, name: string, spec: object): Promise<unknown> {
      const object = { apiVersion, kind, metadata: { name, namespace }, spec };
      return cluster.rest.apply(object);
    }

    async function conditions(kind: string, name: string): Promise<Record<string, Condition>> {
      const object = await cluster.rest.get({ apiVersion, kind, namespace, name });
      const status = object?.['status'] as { conditions?: Condition[] } | undefined;
      return Object.fromEntries((status?.conditions ?? []).map((condition) => [condition.type, condition]));
    }

    const declare = (content: string): Promise<unknown> =>
      apply('NacosConfig', 'declared', { connectionRef: { name: 'main' }, group: namespace, content });

    async function assertPublished(content: string): Promise<void> {
      await eventually(hangMs, async () => {
        assert.equal((await http.read(key('declared')))?.content, content);
        const { Ready } = await conditions('NacosConfig', 'declared');
        assert.deepEqual([Ready?.status, Ready?.reason], ['True', 'InSync'], Ready?.message);
      });
    }

    it('publishes a config, and edit after edit', async () => {
      for (const content of ['first', 'second', 'third', 'fourth']) {
        await declare(content);
        await assertPublished(content);
      }
    });

    it('publishes an edit over a restart of the operator', async () => {
      assert.equal((await cluster.operator.end('SIGTERM')).code, 0);
      await declare('fifth');
      await cluster.operator.start();
      await assertPublished('fifth');
      await declare('sixth');
      await assertPublished('sixth');
    });

    it('puts an edit in Nacos back', async () => {
      await http.publish(key('declared'), 'edited');
      await eventually(hangMs, async () => assert.equal((await http.read(key('declared')))?.content, 'sixth'));
      await assertPublished('sixth');
    });

    it('mirrors what somebody publishes', async () => {
      await http.publish(key('mirrored'), 'one');
      const mirror = { configMap: { name: 'mirror', key: 'text' } };
      await apply('NacosConfig', 'mirrored', {
        connectionRef: { name: 'main' },
        group: namespace,
        source: 'Nacos',
        mirror,
      });
      for (const content of ['one', 'two']) {
        await http.publish(key('mirrored'), content);
        await eventually(hangMs, async () => {
          const map = await cluster.rest.get({ apiVersion: 'v1', kind: 'ConfigMap', namespace, name: 'mirror' });
          assert.deepEqual(map?.['data'], { text: content });
        });
      }
    });

    const map = (name: string) => ({ apiVersion: 'v1', kind: 'ConfigMap', namespace, name });
    const sync = (name: string) => ({ apiVersion, kind: 'NacosConfigSync', namespace, name });
    const inNacos = async (name: string, dataId: string) =>
      (await http.read({ namespaceId: '', group: `${namespace}.${name}`, dataId }))?.content;

    /** Of a ConfigMap of the same name. */
    async function synchronise(name: string, data: Record<string, string>, spec: object): Promise<void> {
      const metadata = { name, namespace, labels: { part: name } };
      await cluster.rest.apply({ apiVersion: 'v1', kind: 'ConfigMap', metadata, data });
      await apply('NacosConfigSync', name, {
        connectionRef: { name: 'main' },
        kubernetes: { selector: { matchLabels: { part: name } } },
        mapping: { group: `${namespace}.{name}`, dataId: '{key}' },
        ...spec,
      });
      await inSync(name, Object.keys(data).length);
    }

    async function statusOf(name: string): Promise<SyncStatus> {
      return (await cluster.rest.get(sync(name)))?.['status'] ?? {};
    }

    const inSync = (name: string, count: number): Promise<void> =>
      eventually(hangMs, async () => assert.equal((await statusOf(name)).items?.['synced'], count));

    it('synchronises many both ways', async () => {
      await synchronise('many', { a: 'a1', b: 'b1' }, { source: 'Both', nacos: { groups: [`${namespace}.many`] } });
      await cluster.rest.patch(map('many'), { data: { a: 'a2' } });
      await http.publish({ namespaceId: '', group: `${namespace}.many`, dataId: 'b' }, 'b2');
      await eventually(hangMs, async () => {
        const { data } = (await cluster.rest.get(map('many'))) as { data?: object };
        assert.deepEqual([data, await inNacos('many', 'a')], [{ a: 'a2', b: 'b2' }, 'a2']);
      });
      await inSync('many', 2);
    });

    it('tells a conflict where nobody tells whose content an edit during a restart overwrites, and lets it be decided', async () => {
      assert.equal((await cluster.operator.end('SIGTERM')).code, 0);
      await cluster.rest.patch(map('many'), { data: { a: 'a3' } });
      await cluster.operator.start();
      const isTold = nacos.endpoint.version === '2.3';
      if (!isTold) {
        const [, key, kept, other] = await eventually(hangMs, async () => {
          const { items, problems } = await statusOf('many');
          assert.deepEqual([items?.['conflicts'], await inNacos('many', 'a')], [1, 'a2']);
          const message = problems?.[0]?.message ?? '';
          const command = /annotate configmap many .*bridge\.nacos\.io\/keep=(\w+):(\w+):(\w+)/.exec(message);
          assert.ok(command, message);
          return command;
        });
        const ours = md5Of('a3');
        assert.ok([kept, other].includes(ours), `${kept} ${other}`);
        const keep = [key, ours, kept === ours ? other : kept].join(':');
        await cluster.rest.patch(map('many'), { metadata: { annotations: { 'bridge.nacos.io/keep': keep } } });
      }
      await eventually(hangMs, async () => assert.equal(await inNacos('many', 'a'), 'a3'));
      await inSync('many', 2);
    });

    it('removes many that are deleted, but not what somebody else wrote, and tells that', async () => {
      await synchronise('gone', { a: 'a1', b: 'b1' }, { source: 'Kubernetes', driftPolicy: 'Report' });
      await http.publish({ namespaceId: '', group: `${namespace}.gone`, dataId: 'b' }, 'b2');
      await inSync('gone', 1);
      await cluster.rest.delete(sync('gone'));
      await eventually(hangMs, async () => assert.equal(await cluster.rest.get(sync('gone')), undefined));
      assert.deepEqual([await inNacos('gone', 'a'), await inNacos('gone', 'b')], [undefined, 'b2']);
      await eventually(hangMs, async () => {
        const events = await cluster.rest.list('events.k8s.io/v1', 'Event', namespace);
        const left = events.find((event) => event['reason'] === 'LeftInNacos');
        assert.match(String(left?.['note']), /1 dataIds? .* left in Nacos.*'b'/);
      });
    });

    it('registers the endpoints of a Service', async () => {
      const metadata = { name: 'orders', namespace };
      const annotations = {
        'bridge.nacos.io/export': 'true',
        'bridge.nacos.io/group': namespace,
        'bridge.nacos.io/connection': 'main',
      };
      const ports = [{ name: 'http', port: 80, protocol: 'TCP' }];
      const service = { apiVersion: 'v1', kind: 'Service', metadata: { ...metadata, annotations }, spec: { ports } };
      await cluster.rest.apply(service);
      await cluster.rest.apply({
        apiVersion: 'discovery.k8s.io/v1',
        kind: 'EndpointSlice',
        metadata: { ...metadata, labels: { 'kubernetes.io/service-name': 'orders' } },
        addressType: 'IPv4',
        ports,
        endpoints: [{ addresses: ['10.0.0.1'], conditions: { ready: true } }],
      });
      await eventually(hangMs, async () => {
        const instances = await http.instances({ namespaceId: '', group: namespace, serviceName: 'orders' });
        assert.deepEqual(
          instances.map(({ ip }) => ip),
          ['10.0.0.1'],
        );
      });
    });

    it('says how it stands with the admin API, and of nothing else that it fails', async () => {
      await eventually(hangMs, async () => {
        const { AdminApi, Authenticated, Ready } = await conditions('NacosConnection', 'main');
        assert.deepEqual(
          [Ready?.status, Ready?.reason, Authenticated],
          ['True', 'Connected', undefined],
          Ready?.message,
        );
        if (nacos.endpoint.version === '2.3') return assert.equal(AdminApi?.status, 'True', AdminApi?.message);
        assert.deepEqual([AdminApi?.status, AdminApi?.reason], ['False', 'AuthenticationFailed'], AdminApi?.message);
        assert.match(AdminApi?.message ?? '', /set `spec\.auth`/);
      });
      const failed = 'controller="nacosconfig",result="error"';
      assert.equal(await cluster.operator.metric('controller_runtime_reconcile_total', failed), 0);
      const operations = await cluster.operator.metric(
        'nacos_bridge_nacos_requests_total',
        'result="NACOS_UNAUTHENTICATED"',
      );
      const admin = 'operation="admin_get_config",result="NACOS_UNAUTHENTICATED"';
      assert.equal(await cluster.operator.metric('nacos_bridge_nacos_requests_total', admin), operations);
    });

    it('says that it has the admin API once a user is given, and goes on', async () => {
      const { grpcPort, host, password, port, username } = nacos.endpoint;
      const stringData = { username, password };
      await cluster.rest.apply({
        apiVersion: 'v1',
        kind: 'Secret',
        metadata: { name: 'nacos', namespace },
        stringData,
      });
      const auth = { password: { secretRef: { name: 'nacos' } } };
      await apply('NacosConnection', 'main', { servers: [{ host, port, grpcPort }], auth });
      await declare('seventh');
      await assertPublished('seventh');
      await eventually(hangMs, async () => {
        const { AdminApi, Ready } = await conditions('NacosConnection', 'main');
        assert.deepEqual([Ready?.status, AdminApi?.status], ['True', 'True'], AdminApi?.message);
      });
    });
  });
}
