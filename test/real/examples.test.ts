/**
 * The examples that users copy, applied as they are, with an official SDK as the application on the other side.
 */
import assert from 'node:assert/strict';
import { readFile, readdir, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import type { KubeObject } from '../scenarios/backends.ts';
import { NacosSdk } from '../testbed/nacos-sdk.ts';
import { eventually } from '../eventually.ts';
import { assertReady } from '../acceptance/fleet.ts';
import { kubectl } from './release.ts';
import { nacosVersion, sharedWorld, startLimitMs } from './shared-world.ts';
import type { RealWorld } from './world.ts';

const folder = join(import.meta.dirname, '../../examples');
const namespace = 'examples';
const readyLimitMs = 2000;
const syncLimitMs = 5000;
/** The SDK itself looks at what it listens to every five seconds. */
const sdkLimitMs = 15_000;

interface ConfigExample extends KubeObject {
  readonly spec: { readonly group?: string; readonly dataId?: string; readonly content?: string };
}

describe(`the examples with Nacos ${nacosVersion}`, function () {
  this.timeout(30_000);
  let world: RealWorld;
  let sdk: NacosSdk;
  let configs: ConfigExample[];

  before(async function () {
    this.timeout(startLimitMs);
    world = await sharedWorld();
    const { host, port, username, password } = world.nacos;
    sdk = await NacosSdk.start({ host, port, username, password });
    const files = (await readdir(folder)).filter((file) => file.endsWith('.yaml'));
    const texts = await Promise.all(files.map((file) => readFile(join(folder, file), 'utf8')));
    const objects = texts.flatMap((text) => parseAllDocuments(text).map((document) => document.toJS() as KubeObject));
    configs = objects.filter((object): object is ConfigExample => object.kind === 'NacosConfig');
    await kubectl(world.kubernetes, ['create', 'namespace', namespace]);
  });

  after(async () => {
    await sdk?.stop();
    await kubectl(world.kubernetes, ['delete', 'namespace', namespace]);
  });

  it('are Ready within two seconds after they were applied', async () => {
    const filled = await fillConnectionIn(world);
    await kubectl(world.kubernetes, ['apply', '-n', namespace, '-f', filled]);
    await eventually(readyLimitMs, async () => {
      const list = await kubectl(world.kubernetes, ['get', 'nacos', '-n', namespace, '-o', 'json']);
      const { items } = JSON.parse(list) as { items: KubeObject[] };
      assert.ok(items.length > configs.length, 'all kinds of the category must be listed');
      for (const item of items) assertReady(item);
    });
  });

  it('are read by an official SDK as they were written', async () => {
    const inline = configs.filter((config) => config.spec.content !== undefined);
    assert.ok(inline.length >= 3);
    for (const { metadata, spec } of inline) {
      const content = await sdk.get(spec.group ?? 'DEFAULT_GROUP', spec.dataId ?? metadata.name);
      assert.equal(content, spec.content, metadata.name);
    }
    assert.equal(await sdk.get('shop', 'payments.properties'), 'payments.provider=demo\npayments.retries=2\n');
  });

  it('bring what an official SDK publishes into the mirrored ConfigMap', async () => {
    await sdk.publish('shop', 'features.json', '{"newCheckout": true}');
    await expectMirror('{"newCheckout": true}');
  });

  it('put an edit of the mirrored ConfigMap by hand back', async () => {
    const edit = JSON.stringify({ data: { 'features.json': '{}' } });
    await kubectl(world.kubernetes, ['patch', 'configmap', 'features', '-n', namespace, '--type=merge', '-p', edit]);
    await expectMirror('{"newCheckout": true}');
  });

  it('reach an SDK that listens when they change', async () => {
    await sdk.listen('shop', 'orders.yaml');
    const patch = JSON.stringify({ spec: { content: 'orders: {currency: CHF}\n' } });
    await kubectl(world.kubernetes, ['patch', 'ncfg', 'orders.yaml', '-n', namespace, '--type=merge', '-p', patch]);
    await sdk.push((push) => push.dataId === 'orders.yaml' && push.content.includes('CHF'), sdkLimitMs);
  });

  it('delete their dataIds when they are deleted, but for the one that is retained', async () => {
    await kubectl(world.kubernetes, ['delete', 'ncfg', '-n', namespace, '--all', '--wait', '--timeout=20s']);
    const left = (await world.nacos.admin.listConfigs('')).filter((config) => config.group === 'shop');
    // features.json was edited in Nacos, by the SDK above, after it was last synced: it is not ours to delete.
    // limits.properties belongs to both sides.
    const kept = ['features.json', 'limits.properties', 'tax-rates.toml'];
    assert.deepEqual(left.map((config) => config.dataId).sort(), kept);
    for (const { group, dataId } of left) await world.nacos.admin.remove('', group, dataId);
  });

  async function expectMirror(content: string): Promise<void> {
    await eventually(syncLimitMs, async () => {
      const ref = { apiVersion: 'v1', kind: 'ConfigMap', namespace, name: 'features' };
      const mirror = await world.backends.kubernetes.get(ref);
      assert.deepEqual(mirror?.['data'], { 'features.json': content });
    });
  }
});

/** Puts host, port and credentials into a copy of the connection example, as its comment asks. */
async function fillConnectionIn({ dir, nacos }: RealWorld): Promise<string> {
  const target = join(dir, 'examples');
  await mkdir(target, { recursive: true });
  for (const file of (await readdir(folder)).filter((name) => name.endsWith('.yaml'))) {
    const text = await readFile(join(folder, file), 'utf8');
    const filled = text
      .replace('port: 8848', `port: ${nacos.port}`)
      .replace('password: nacos', `password: ${nacos.password}`);
    await writeFile(join(target, file), file === 'connection.yaml' ? filled : text);
  }
  return target;
}
