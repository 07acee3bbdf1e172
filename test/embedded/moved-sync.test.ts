/** What a NacosConfigSync has mirrored stays when its connection leads to a Nacos that does not have it. */
import assert from 'node:assert/strict';
import { eventually, hangMs } from '../eventually.ts';
import type { KubeObject } from '../scenarios/backends.ts';
import { startBridgedCluster, type BridgedCluster } from './bridged-cluster.ts';
import { startEmbeddedEndpoint, type EmbeddedEndpoint } from './embedded-endpoint.ts';

const apiVersion = 'bridge.nacos.io/v1alpha1';
const namespace = 'default';
const group = 'shop';
const dataIds = ['a', 'b', 'c'];

interface Status {
  readonly conditions?: readonly { readonly type: string; readonly status: string; readonly reason: string }[];
  readonly place?: { readonly servers: readonly string[] };
}

describe('a NacosConfigSync whose connection leads to another Nacos', () => {
  const started = new AsyncDisposableStack();
  let cluster: BridgedCluster;
  let from: EmbeddedEndpoint;
  let to: EmbeddedEndpoint;

  const ref = { apiVersion, kind: 'NacosConfigSync', namespace, name: 'all' };
  const apply = (object: Partial<KubeObject> & Record<string, unknown>, name: string) =>
    cluster.rest.apply({ ...object, metadata: { name, namespace } } as KubeObject);
  const publish = ({ endpoint }: EmbeddedEndpoint, dataId: string) =>
    endpoint.admin.publish('', group, dataId, `content of ${dataId}`);
  const keys = async () => {
    const object = await cluster.rest.get({ apiVersion: 'v1', kind: 'ConfigMap', namespace, name: 'mirror' });
    return Object.keys((object?.['data'] as Record<string, string> | undefined) ?? {}).sort();
  };
  const status = async () => (await cluster.rest.get(ref))?.['status'] as Status | undefined;
  const condition = async (type: string) => (await status())?.conditions?.find((one) => one.type === type);

  async function connect({ endpoint: { host, port, grpcPort, username, password } }: EmbeddedEndpoint): Promise<void> {
    const login = `login-${port}`;
    await apply({ apiVersion: 'v1', kind: 'Secret', stringData: { username, password } }, login);
    const spec = { servers: [{ host, port, grpcPort }], auth: { password: { secretRef: { name: login } } } };
    await apply({ apiVersion, kind: 'NacosConnection', spec }, 'main');
  }

  before(async () => {
    [from, to] = [await startEmbeddedEndpoint('3.1', 0), await startEmbeddedEndpoint('3.1', 0)];
    for (const { nacos } of [from, to]) started.defer(() => nacos.stop());
    cluster = await startBridgedCluster(from.endpoint);
    started.defer(() => cluster.stop());
    await connect(from);
    for (const dataId of dataIds) await publish(from, dataId);
    const spec = {
      connectionRef: { name: 'main' },
      source: 'Nacos',
      mapping: { preset: 'SingleObject', objectName: 'mirror', group },
      syncDeletion: true,
    };
    await apply({ apiVersion, kind: 'NacosConfigSync', spec }, 'all');
    await eventually(hangMs, async () => {
      assert.equal((await keys()).length, dataIds.length);
      assert.equal((await condition('Ready'))?.status, 'True');
      assert.equal((await status())?.place?.servers.length, 1);
    });
  });

  after(() => started.disposeAsync());

  it('keeps what that one does not have, says so, and removes it when that is confirmed', async () => {
    await connect(to);
    await eventually(hangMs, async () => assert.equal((await condition('DeletionGuard'))?.reason, 'AnotherNacos'));
    assert.equal((await keys()).length, dataIds.length);
    // What is there is not doubted, and the rest still is, also after a restart.
    await publish(to, 'a');
    await cluster.operator.end('SIGKILL');
    await cluster.operator.start();
    await eventually(hangMs, async () => {
      const guard = await condition('DeletionGuard');
      assert.deepEqual([guard?.status, guard?.reason], ['True', 'AnotherNacos']);
      assert.deepEqual((await status())?.place?.servers, [`${from.endpoint.host}:${from.endpoint.port}`]);
    });
    assert.equal((await keys()).length, dataIds.length);
    await cluster.rest.patch(ref, { metadata: { annotations: { 'bridge.nacos.io/confirm-deletion': 'true' } } });
    await eventually(hangMs, async () => assert.equal((await keys()).length, 1));
    await eventually(hangMs, async () => {
      assert.deepEqual((await status())?.place?.servers, [`${to.endpoint.host}:${to.endpoint.port}`]);
    });
  });
});
