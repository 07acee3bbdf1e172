import assert from 'node:assert/strict';
import type { NacosConfigInventory } from '../../../../operator/api/resources.ts';
import { FormerItems } from '../../../../operator/config-sync/bulk/items/former-items.ts';
import { Leaving } from '../../../../operator/config-sync/bulk/leaving.ts';
import { Allowance, unrestricted } from '../../../../operator/connections/allowance.ts';
import { connectionKey } from '../../../../operator/connections/connection-key.ts';
import { ConnectionDirectory, type ConnectionHandle } from '../../../../operator/connections/connection-directory.ts';
import { BridgeError } from '../../../../operator/errors.ts';
import { type ConfigKey, nameText } from '../../../../operator/nacos/index.ts';
import { FakeClock } from '../../../fake-clock.ts';
import { syncOf } from '../samples.ts';

const mark = 'nacos-bridge-of-the-sync';
const md5 = '1'.repeat(32);

/** Dataids that were published by the connection `former`. */
class World {
  readonly nacos: Map<string, string>;
  readonly claimed = new Set<string>();
  readonly left: string[] = [];
  readonly letGo: string[] = [];
  readonly connections = new ConnectionDirectory();
  readonly clock = new FakeClock();
  readonly leaving = new Leaving(this.clock);
  readonly items: FormerItems;
  isAway = false;

  constructor(count: number, removes = true, allowance = unrestricted) {
    const names = Array.from({ length: count }, (_, index) => `g d${index}`);
    this.nacos = new Map(names.map((name) => [name, mark]));
    const entries = names.map((name, index) => `${name} ConfigMap/map k${index} ${md5} o`);
    const place = { id: 'there', namespaceId: '', servers: ['former:8848'] };
    const header = { connection: 'former', placeId: 'there', servers: place.servers };
    const shards: NacosConfigInventory[] = [{ metadata: { name: 'sync-0-0', uid: 'u' }, status: { header, entries } }];
    const config = {
      readStored: async (key: ConfigKey) => this.#read(key),
      read: async (key: ConfigKey) => this.#read(key),
      remove: async (key: ConfigKey) => void this.nacos.delete(nameText(key)),
    };
    const handle = { title: 'it', servers: ['former:8848'], namespaceId: '', allowance, client: { config } };
    this.connections.set(connectionKey('shop', 'former'), handle as unknown as ConnectionHandle);
    this.items = new FormerItems(shards, {
      shards: { letGo: async ({ metadata }: NacosConfigInventory) => void this.letGo.push(metadata.name) } as never,
      namespace: 'shop',
      connections: this.connections,
      places: { at: async () => ({ ...place, hasUnbound: false }) },
      mark,
      isClaimed: (_, address) => this.claimed.has(nameText(address)),
      term: { isCurrent: () => true },
      leaving: this.leaving,
      removes,
      onLeft: (note) => this.left.push(note),
    });
  }

  /** Everything is in its new place: of `managed` items beside these. */
  async remove(managed = 100, annotations = {}): Promise<void> {
    for (const id of this.items.ids) this.leaving.add(id);
    await this.clock.advance(2000);
    const sync = { ...syncOf(), metadata: { ...syncOf().metadata, annotations } };
    this.leaving.guard(sync, () => managed + this.items.ids.length);
    await this.items.remove(new AbortController().signal);
  }

  #read(key: ConfigKey) {
    if (this.isAway) throw new BridgeError('CONNECTION_NOT_READY', 'connect ECONNREFUSED');
    const srcUser = this.nacos.get(nameText(key));
    const rest = { srcIp: '', tags: [], description: '', appName: '', type: 'text', lastModifiedMs: 1 };
    return srcUser === undefined ? undefined : { content: 'x', md5, srcUser, ...rest };
  }
}

describe('what a NacosConfigSync has published by another connection', () => {
  it('goes, and its shard with it', async () => {
    const world = new World(3);
    await world.remove();
    assert.deepEqual([world.nacos.size, world.letGo, world.left, world.items.ids.length], [0, ['sync-0-0'], [], 0]);
  });

  it('stays where nothing is to be removed, and its shard goes', async () => {
    const world = new World(3, false);
    await world.remove();
    assert.deepEqual([world.nacos.size, world.letGo], [3, ['sync-0-0']]);
  });

  it('is held by the guard until its removal is confirmed', async () => {
    const world = new World(12);
    await world.remove(2);
    assert.deepEqual([world.nacos.size, world.letGo], [12, []]);
    await world.remove(2, { 'bridge.nacos.io/confirm-deletion': 'true' });
    assert.deepEqual([world.nacos.size, world.letGo], [0, ['sync-0-0']]);
  });

  it('is waited for while its Nacos is away', async () => {
    const world = new World(3);
    world.isAway = true;
    await assert.rejects(world.remove(), /ECONNREFUSED/);
    assert.deepEqual(world.letGo, []);
    world.isAway = false;
    await world.remove();
    assert.deepEqual([world.nacos.size, world.letGo], [0, ['sync-0-0']]);
  });

  it('stays where the connection is gone, or is not allowed any more, which is told', async () => {
    const gone = new World(3);
    gone.connections.remove(connectionKey('shop', 'former'));
    const forbidden = new World(3, true, new Allowance({ title: 'NacosConnection', rules: [{ groups: ['others'] }] }));
    for (const world of [gone, forbidden]) {
      await world.remove();
      assert.deepEqual([world.nacos.size, world.letGo, world.left.length], [3, ['sync-0-0'], 1]);
      assert.match(world.left[0] ?? '', /^Left in Nacos, where it was published before: /);
    }
  });

  it('stays where it is declared still: both connections may lead to one Nacos', async () => {
    const world = new World(3);
    world.claimed.add('g d1');
    await world.remove();
    assert.deepEqual([[...world.nacos.keys()], world.left], [['g d1'], []]);
  });
});
