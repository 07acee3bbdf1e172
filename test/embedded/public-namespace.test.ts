/**
 * The two public namespaces of configs on a server of 2.3: which of them is published to, watched and listed, and what is said
 * where it may be the wrong one.
 */
import assert from 'node:assert/strict';
import { NacosClient } from '../../operator/nacos/client.ts';
import type { PublicNamespace } from '../../operator/nacos/config/public-namespace.ts';
import { eventually, hangMs } from '../eventually.ts';
import { startEmbeddedWorld, type EmbeddedWorld } from './world.ts';

const namespace = 'public-names';
const apiVersion = 'bridge.nacos.io/v1alpha1';

interface Status {
  conditions?: { type: string; status: string; message: string }[];
}

describe('the operator and the two public namespaces of Nacos 2.3', function () {
  this.timeout(4 * hangMs);
  let started: AsyncDisposableStack;
  let world: EmbeddedWorld;
  /** Applications that mean the one or the other. */
  let applications: Record<PublicNamespace, NacosClient>;
  let token: string;

  before(async () => {
    started = new AsyncDisposableStack();
    world = await startEmbeddedWorld('2.3');
    started.defer(() => world.stop());
    const { grpcPort, host, password, port, username } = world.endpoint;
    const server = { scheme: 'http', host, port, grpcPort, contextPath: '/nacos' } as const;
    const clientOf = (publicNamespace: PublicNamespace) => {
      const client = new NacosClient({ servers: [server], credentials: { username, password }, publicNamespace });
      started.defer(() => client.stop());
      client.start();
      return client;
    };
    applications = { Empty: clientOf('Empty'), Literal: clientOf('Literal') };
    const form = new URLSearchParams({ username, password });
    const answer = await fetch(`http://${host}:${port}/nacos/v1/auth/login`, { method: 'POST', body: form });
    token = ((await answer.json()) as { accessToken: string }).accessToken;
    await world.backends.kubernetes.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } });
    await apply('v1', 'Secret', 'login', { stringData: { username, password } });
    const auth = { password: { secretRef: { name: 'login' } } };
    for (const publicNamespace of ['Empty', 'Literal']) {
      const spec = { servers: [{ host, port, grpcPort }], auth, publicNamespace };
      await apply(apiVersion, 'NacosConnection', publicNamespace.toLowerCase(), { spec });
    }
  });
  after(() => started?.disposeAsync());

  const apply = (version: string, kind: string, name: string, rest: object) =>
    world.backends.kubernetes.apply({ apiVersion: version, kind, ...rest, metadata: { name, namespace } });

  /** What the database has under a tenant, named as it is. */
  async function stored(tenant: string, dataId: string): Promise<string | undefined> {
    const { host, port } = world.endpoint;
    const query = new URLSearchParams({ show: 'all', tenant, group: namespace, dataId, accessToken: token });
    const text = await (await fetch(`http://${host}:${port}/nacos/v1/cs/configs?${query.toString()}`)).text();
    return text === '' ? undefined : (JSON.parse(text) as { content: string }).content;
  }

  async function conditionOf(kind: string, name: string, type: string) {
    const object = await world.backends.kubernetes.get({ apiVersion, kind, namespace, name });
    const { conditions = [] } = (object as { status?: Status } | undefined)?.status ?? {};
    return conditions.find((condition) => condition.type === type);
  }

  const isReady = (kind: string, name: string) =>
    eventually(hangMs, async () => {
      const ready = await conditionOf(kind, name, 'Ready');
      assert.equal(ready?.status, 'True', ready?.message);
    });

  it('publishes to the one that the connection means', async () => {
    for (const name of ['empty', 'literal']) {
      const spec = { connectionRef: { name }, group: namespace, dataId: 'both', content: `to ${name}` };
      await apply(apiVersion, 'NacosConfig', `to-${name}`, { spec });
    }
    await isReady('NacosConfig', 'to-empty');
    await isReady('NacosConfig', 'to-literal');
    assert.equal(await stored('', 'both'), 'to empty');
    assert.equal(await stored('public', 'both'), 'to literal');
    const key = { namespaceId: 'public', group: namespace, dataId: 'both' };
    await eventually(hangMs, async () => {
      assert.equal((await applications.Literal.config.query(key))?.content, 'to literal');
      assert.equal((await applications.Empty.config.query(key))?.content, 'to empty');
    });
  });

  it('follows and finds what is in the one that the connection means', async () => {
    const key = { namespaceId: '', group: namespace, dataId: 'edited.yaml' };
    for (const [meant, client] of Object.entries(applications)) {
      await client.config.publish(key, `by: ${meant}`, { cas: 'none', type: 'yaml' });
    }
    const connectionRef = { name: 'literal' };
    const mirror = { configMap: { name: 'followed', key: 'content' } };
    const spec = { connectionRef, group: namespace, dataId: key.dataId, mirror };
    await apply(apiVersion, 'NacosConfig', 'followed', { spec });
    const nacos = { groups: [namespace], dataIds: ['*.yaml'] };
    const mapping = { objectName: 'found' };
    await apply(apiVersion, 'NacosConfigSync', 'found', { spec: { connectionRef, source: 'Nacos', nacos, mapping } });
    const dataOf = async (name: string) => {
      const object = await world.backends.kubernetes.get({ apiVersion: 'v1', kind: 'ConfigMap', namespace, name });
      return (object as { data?: Record<string, string> } | undefined)?.data;
    };
    await eventually(hangMs, async () => {
      assert.deepEqual(await dataOf('followed'), { content: 'by: Literal' });
      assert.deepEqual(await dataOf('found'), { 'edited.yaml': 'by: Literal' });
    });
    await applications.Empty.config.publish(key, 'by: nobody of ours', { cas: 'none', type: 'yaml' });
    await applications.Literal.config.publish(key, 'by: Literal again', { cas: 'none', type: 'yaml' });
    await eventually(hangMs, async () => {
      assert.deepEqual(await dataOf('followed'), { content: 'by: Literal again' });
      assert.deepEqual(await dataOf('found'), { 'edited.yaml': 'by: Literal again' });
    });
  });

  it('removes from the one that the connection means', async () => {
    await world.backends.kubernetes.delete({ apiVersion, kind: 'NacosConfig', namespace, name: 'to-literal' });
    await eventually(hangMs, async () => assert.equal(await stored('public', 'both'), undefined));
    assert.equal(await stored('', 'both'), 'to empty');
  });

  it('says that `public` may be the wrong one, where the connection does not mean it literally', async () => {
    for (const name of ['empty', 'literal']) {
      const spec = { connectionRef: { name }, namespaceId: 'public', group: namespace, content: 'text' };
      await apply(apiVersion, 'NacosConfig', `named-${name}`, { spec });
      await isReady('NacosConfig', `named-${name}`);
    }
    const told = await conditionOf('NacosConfig', 'named-empty', 'PublicNamespaceAmbiguous');
    assert.equal(told?.status, 'True');
    assert.match(told?.message ?? '', /Java clients.*`publicNamespace: Literal`/);
    assert.equal(await conditionOf('NacosConfig', 'named-literal', 'PublicNamespaceAmbiguous'), undefined);
    assert.equal(await conditionOf('NacosConfig', 'to-empty', 'PublicNamespaceAmbiguous'), undefined);
  });
});
