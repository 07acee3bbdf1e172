/**
 * What a Secret holds goes to the dataId, and where it is mirrored to: nowhere else. A word that occurs nowhere by itself
 * is looked for in everything that the operator writes and says, when all is well and when it is not.
 */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { eventually } from '../real/eventually.ts';
import { startEmbeddedWorld, type EmbeddedWorld } from './world.ts';

const bridge = 'bridge.nacos.io/v1alpha1';
const namespace = 'secrets';
const limitMs = 20_000;

describe('the content of a Secret', () => {
  const marker = `marker-${randomBytes(12).toString('hex')}`;
  let world: EmbeddedWorld;

  before(async function () {
    this.timeout(90_000);
    world = await startEmbeddedWorld('3.1');
    await world.backends.kubernetes.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } });
  });

  after(async function () {
    this.timeout(90_000);
    await world?.stop();
  });

  /** Each in a Secret and a NacosConfig of its own: how the content looks, and how that ends. */
  const cases: [string, { text: string; format: string; jsonSchema?: object }, string][] = [
    ['valid', { text: `password: ${marker}`, format: 'yaml' }, 'True'],
    ['broken-json', { text: `{"password": ${marker}`, format: 'json' }, 'False'],
    ['broken-yaml', { text: `${marker}: [1\n${marker}: {`, format: 'yaml' }, 'False'],
    ['twice', { text: `${marker}=1\n${marker}=2`, format: 'properties' }, 'False'],
    ['broken-toml', { text: marker, format: 'toml' }, 'False'],
    ['broken-xml', { text: `<${marker}>`, format: 'xml' }, 'False'],
    [
      'against-schema',
      { text: `{"${marker}": "${marker}"}`, format: 'json', jsonSchema: { additionalProperties: false } },
      'False',
    ],
  ];

  it('reaches Nacos and the Secret that mirrors it', async () => {
    for (const [name, { text, format, jsonSchema }] of cases) {
      await apply('v1', 'Secret', name, { stringData: { text } });
      const contentFrom = { secretKeyRef: { name, key: 'text' } };
      const mirror = { secret: { name: `${name}-copy`, key: 'text' } };
      const validation = { jsonSchema };
      const spec = { group: namespace, contentFrom, allowSecretExport: true, format, validation, mirror };
      await apply(bridge, 'NacosConfig', name, { spec });
    }
    await eventually(limitMs, async () => {
      for (const [name, , ready] of cases) assert.equal(await readyOf(name), ready, name);
    });
    const config = await world.backends.nacos.read({ dataId: 'valid', group: namespace, namespaceId: '' });
    assert.equal(config?.content, `password: ${marker}`);
    const copy = await get('v1', 'Secret', 'valid-copy');
    const { data = {} } = (copy ?? {}) as { data?: Record<string, string> };
    assert.equal(decode(data['text']), `password: ${marker}`);
  }).timeout(30_000);

  it('is put back, and left when it was edited, without a word about it', async () => {
    const key = { dataId: 'valid', group: namespace, namespaceId: '' };
    await world.backends.nacos.publish(key, `edited: ${marker}-edited`);
    await eventually(limitMs, async () => {
      assert.equal((await world.backends.nacos.read(key))?.content, `password: ${marker}`);
    });
    await world.backends.kubernetes.patch(refOf(bridge, 'NacosConfig', 'valid'), { spec: { driftPolicy: 'Report' } });
    await eventually(limitMs, async () => assert.equal(await readyOf('valid'), 'True'));
    await world.backends.nacos.publish(key, `edited: ${marker}-again`);
    await eventually(limitMs, async () => assert.equal(await readyOf('valid'), 'False'));
  }).timeout(30_000);

  it('is in no status, no event, no ConfigMap, no log line and no metric', async () => {
    const { kubernetes } = world.backends;
    const lists = await Promise.all([
      kubernetes.list(bridge, 'NacosConfig', namespace),
      kubernetes.list('events.k8s.io/v1', 'Event', namespace),
      kubernetes.list('v1', 'ConfigMap', namespace),
    ]);
    const objects = lists.flat();
    assert.ok(objects.length > 2 * cases.length, 'there are events');
    const said = [...objects.map((object) => JSON.stringify(object)), await world.operator.metrics()];
    const logged = (await world.operator.log()).split('\n');
    assert.ok(logged.length > cases.length);
    const encoded = Buffer.from(marker).toString('base64').slice(0, 24);
    const leaks = [...said, ...logged].filter((text) => text.includes(marker) || text.includes(encoded));
    assert.deepEqual(leaks, []);
  });

  async function readyOf(name: string): Promise<string | undefined> {
    const object = await get(bridge, 'NacosConfig', name);
    const { conditions = [] } = (object?.['status'] ?? {}) as { conditions?: { type: string; status: string }[] };
    return conditions.find(({ type }) => type === 'Ready')?.status;
  }

  async function apply(apiVersion: string, kind: string, name: string, body: object): Promise<void> {
    await world.backends.kubernetes.apply({ apiVersion, kind, metadata: { name, namespace }, ...body });
  }

  function get(apiVersion: string, kind: string, name: string) {
    return world.backends.kubernetes.get(refOf(apiVersion, kind, name));
  }
});

function refOf(apiVersion: string, kind: string, name: string) {
  return { apiVersion, kind, namespace, name };
}

function decode(base64 = ''): string {
  return Buffer.from(base64, 'base64').toString('utf8');
}
