/** A namespace that is deleted as a whole, with the NacosConnection that its NacosConfigs use and with the Secret of that. */
import assert from 'node:assert/strict';
import { eventually, hangMs } from '../eventually.ts';
import type { ObjectRef } from '../scenarios/backends.ts';
import { describeInWorlds } from './in-worlds.ts';

const apiVersion = 'bridge.nacos.io/v1alpha1';
const group = 'namespace-deletion';

describeInWorlds('a namespace with all that a NacosConfig needs', ({ world }) => {
  let namespace: string;

  beforeEach(async () => {
    const { backends, endpoint } = world();
    const { host, port, grpcPort, username, password } = endpoint;
    namespace = `going-${Math.random().toString(36).slice(2, 8)}`;
    await backends.kubernetes.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } });
    await create('v1', 'Secret', 'login', { stringData: { username, password } });
    const auth = { password: { secretRef: { name: 'login' } } };
    await create(apiVersion, 'NacosConnection', 'main', { spec: { servers: [{ host, port, grpcPort }], auth } });
    const spec = { connectionRef: { name: 'main' }, group, dataId: namespace, content: 'text' };
    await create(apiVersion, 'NacosConfig', 'app', { spec });
    await eventually(hangMs, async () => assert.equal(await content(), 'text'));
    await eventually(hangMs, async () => {
      const found = await backends.kubernetes.get(ref(apiVersion, 'NacosConfig', 'app'));
      assert.match(JSON.stringify(found), /"InSync"/);
    });
  });

  afterEach(async () => {
    await world().backends.nacos.remove({ namespaceId: '', group, dataId: namespace });
  });

  const ref = (version: string, kind: string, name: string): ObjectRef => ({
    apiVersion: version,
    kind,
    namespace,
    name,
  });
  const itself = (): ObjectRef => ({ apiVersion: 'v1', kind: 'Namespace', namespace: '', name: namespace });

  async function create(version: string, kind: string, name: string, fields: object): Promise<void> {
    await world().backends.kubernetes.apply({ apiVersion: version, kind, metadata: { name, namespace }, ...fields });
  }

  async function content(): Promise<string | undefined> {
    return (await world().backends.nacos.read({ namespaceId: '', group, dataId: namespace }))?.content;
  }

  it('goes, and takes the dataIds along', async () => {
    const { kubernetes } = world().backends;
    await kubernetes.delete(itself());
    await eventually(hangMs, async () => assert.equal(await kubernetes.get(itself()), undefined));
    assert.equal(await content(), undefined);
  });

  it('goes when the operator had ended and the Secret went meanwhile, and what stays in Nacos is told', async () => {
    const { backends, operator } = world();
    await operator.end('SIGTERM');
    await backends.kubernetes.delete(itself());
    await eventually(hangMs, async () => {
      assert.equal(await backends.kubernetes.get(ref('v1', 'Secret', 'login')), undefined);
    });
    assert.ok(await backends.kubernetes.get(ref(apiVersion, 'NacosConfig', 'app')), 'the finalizer holds it');
    await operator.start();
    await eventually(hangMs, async () => assert.equal(await backends.kubernetes.get(itself()), undefined));
    assert.equal(await content(), 'text');
    const told = (await operator.log()).split('\n').filter((line) => line.includes('"left in Nacos"'));
    assert.match(told.at(-1) ?? '', new RegExp(`dataId '${namespace}' of group '${group}'.*Secret 'login' is gone`));
  });
});
