import assert from 'node:assert/strict';
import type { NacosConfigInventory, NacosConfigSync } from '../../../../operator/api/resources.ts';
import { endSync, type EndingOptions } from '../../../../operator/config-sync/bulk/items/ending.ts';
import { unrestricted } from '../../../../operator/connections/allowance.ts';
import { connectionKey } from '../../../../operator/connections/connection-key.ts';
import { ConnectionDirectory, type ConnectionHandle } from '../../../../operator/connections/connection-directory.ts';
import { BridgeError } from '../../../../operator/errors.ts';
import type { ResourceClient } from '../../../../operator/kube/resource-client.ts';
import { type ConfigKey, nameText } from '../../../../operator/nacos/index.ts';
import { syncOf } from '../samples.ts';

const mark = 'nacos-bridge-of-the-sync';
const md5 = '1'.repeat(32);

/** A sync that has published so many dataIds, in shards of 500. */
class World {
  readonly sync = { ...syncOf(), metadata: { ...syncOf().metadata, finalizers: ['bridge.nacos.io/nacos'] } };
  readonly nacos = new Map<string, string>();
  readonly progress: (readonly [number, number])[] = [];
  readonly claimed = new Set<string>();
  stored: NacosConfigInventory[] = [];
  atOnce = 0;
  most = 0;
  isHeld = true;
  isAway = false;

  constructor(entries: number) {
    for (let index = 0; index < entries; index += 1) {
      const shard = Math.floor(index / 500);
      const header = { servers: ['nacos:8848'], placeId: 'here' };
      const metadata = { name: `sync-0-${shard}`, uid: `${shard}` };
      this.stored[shard] ??= { metadata, status: { header, entries: [] } };
      this.stored[shard].status?.entries?.push(`g d${index} ConfigMap/map k${index} ${md5} o`);
      this.nacos.set(`g d${index}`, mark);
    }
  }

  end(signal = new AbortController().signal) {
    return endSync(this.#options(), signal);
  }

  #options(): EndingOptions {
    const connections = new ConnectionDirectory();
    const config = {
      readStored: (key: ConfigKey) => this.#request(() => this.#read(key)),
      read: (key: ConfigKey) => this.#request(() => this.#read(key)),
      remove: (key: ConfigKey) => this.#request(() => void this.nacos.delete(nameText(key))),
    };
    const client = { config, publicTenant: '', state: { kind: 'connected' } };
    const handle = { title: 'it', servers: ['nacos:8848'], namespaceId: '', allowance: unrestricted, client };
    connections.set(connectionKey('shop', undefined), handle as unknown as ConnectionHandle);
    const letGo = async ({ metadata: { uid } }: NacosConfigInventory) => {
      this.stored = this.stored.filter(({ metadata }) => metadata.uid !== uid);
    };
    const jsonPatch = async () => {
      this.isHeld = false;
      return this.sync;
    };
    return {
      sync: this.sync,
      syncs: { get: async () => this.sync, jsonPatch } as unknown as ResourceClient<NacosConfigSync>,
      shards: { list: async () => this.stored, letGo } as unknown as EndingOptions['shards'],
      namespace: 'shop',
      connections,
      places: { at: async () => ({ id: 'here', namespaceId: '', servers: ['nacos:8848'], hasUnbound: false }) },
      mark,
      isClaimed: (_, address) => this.claimed.has(nameText(address)),
      term: { isCurrent: () => true },
      loss: async () => undefined,
      onProgress: (done, total) => this.progress.push([done, total]),
    };
  }

  #read(key: ConfigKey) {
    const srcUser = this.nacos.get(nameText(key));
    const rest = { srcIp: '', tags: [], description: '', appName: '', type: 'text', lastModifiedMs: 1 };
    return srcUser === undefined ? undefined : { content: 'x', md5, srcUser, ...rest };
  }

  async #request<T>(act: () => T): Promise<T> {
    this.atOnce += 1;
    this.most = Math.max(this.most, this.atOnce);
    await new Promise((resolve) => setImmediate(resolve));
    this.atOnce -= 1;
    if (this.isAway) throw new BridgeError('CONNECTION_NOT_READY', 'connect ECONNREFUSED');
    return act();
  }
}

describe('the deletion of a NacosConfigSync', () => {
  it('takes ten thousand dataIds away, 20 at once, and tells how far it is', async () => {
    const world = new World(10_000);
    const ended = await world.end();
    assert.deepEqual([ended.removed, ended.left, world.nacos.size], [10_000, [], 0]);
    assert.ok(world.most > 1 && world.most <= 20, `${world.most} requests at once`);
    assert.deepEqual(world.progress.at(-1), [10_000, 10_000]);
    assert.ok(world.progress.every(([done, total], index) => done === index + 1 && total === 10_000));
    assert.deepEqual([world.stored, world.isHeld], [[], false]);
  });

  it('forgets no dataId when Nacos goes away in the middle, and goes on where it was', async () => {
    const world = new World(1200);
    const first = world.progress;
    const end = world.end();
    while (first.length < 600) await new Promise((resolve) => setImmediate(resolve));
    world.isAway = true;
    await assert.rejects(end, /The deletion waits for its dataIds to be removed .*ECONNREFUSED.*force-finalize=true/);
    const entries = new Set(
      world.stored.flatMap(({ status }) => (status?.entries ?? []).map((line) => line.split(' ')[1])),
    );
    for (const id of world.nacos.keys()) assert.ok(entries.has(id.split(' ')[1]), `${id} was forgotten`);
    assert.equal(world.isHeld, true);
    world.isAway = false;
    await world.end();
    assert.deepEqual([world.nacos.size, world.stored, world.isHeld], [0, [], false]);
  });

  it('leaves what somebody else has written, and tells it', async () => {
    const world = new World(3);
    world.nacos.set('g d1', 'alice');
    const { left, removed } = await world.end();
    assert.deepEqual([removed, [...world.nacos.keys()]], [2, ['g d1']]);
    assert.match(left.join(), /^dataId 'd1' of group 'g': /);
  });

  it('leaves what a NacosConfig declares that has not published it yet', async () => {
    const world = new World(3);
    world.claimed.add('g d1');
    const { left, removed } = await world.end();
    assert.deepEqual([removed, left, [...world.nacos.keys()]], [2, [], ['g d1']]);
  });
});
