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
import { HttpNacos, type NacosEndpoint } from '../scenarios/nacos-backend.ts';

interface StockNacos {
  /** With the credentials of an administrator, for the test alone. */
  readonly endpoint: NacosEndpoint;
  stop(): Promise<void>;
}

const apiVersion = 'bridge.nacos.io/v1alpha1';
const namespace = 'stock';
const key = (dataId: string) => ({ namespaceId: '', group: namespace, dataId });

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
