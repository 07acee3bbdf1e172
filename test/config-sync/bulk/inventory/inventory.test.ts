import assert from 'node:assert/strict';
import type { NacosConfigInventoryStatus } from '../../../../operator/api/generated/nacos-config-inventory.ts';
import type { NacosConfigInventory } from '../../../../operator/api/resources.ts';
import { Inventory } from '../../../../operator/config-sync/bulk/inventory/inventory.ts';
import { ShardClient } from '../../../../operator/config-sync/bulk/inventory/shard-client.ts';
import { BridgeError } from '../../../../operator/errors.ts';
import { FakeClock } from '../../../fake-clock.ts';
import { ModelApi } from '../model/model-api.ts';
import { syncOf } from '../samples.ts';

const place = { id: 'here', namespaceId: '', servers: ['nacos:8848'], hasUnbound: false };
const one = '1'.repeat(32);
const other = '2'.repeat(32);
const name = 'sync-uidofsyn-0';

function itemOf(index: number, padding = '') {
  return {
    config: { group: `g${padding}`, dataId: `d${index}` },
    ref: { kind: 'ConfigMap' as const, name: 'shop', key: `k${index}` },
  };
}

class World {
  readonly api = new ModelApi();
  readonly clock = new FakeClock();
  readonly changed: string[] = [];
  /** Of the status of shards. */
  writes = 0;
  refuse: (entries: readonly string[]) => boolean = () => false;
  leads = true;
  deposed = 0;

  inventory(isHeld = true, at = place): Inventory {
    const client = this.api.clientOf<NacosConfigInventory>('NacosConfigInventory', { step: async () => {} });
    const counted = Object.assign(Object.create(client) as typeof client, {
      mergePatch: async (...args: Parameters<typeof client.mergePatch>) => {
        const { entries = [] } = (args[2] as { status: NacosConfigInventoryStatus }).status;
        this.writes += 1;
        if (this.refuse(entries)) throw new BridgeError('KUBE_UNAVAILABLE', 'refused');
        return client.mergePatch(...args);
      },
    });
    return new Inventory({
      client: new ShardClient(counted, syncOf(), isHeld),
      clock: this.clock,
      connection: undefined,
      place: at,
      isLeader: async () => this.leads,
      onChanged: (ids) => this.changed.push(...ids),
      onDeposed: () => (this.deposed += 1),
      onWrite: () => {},
    });
  }

  stored(shard = name): readonly string[] {
    const status = this.api.get('NacosConfigInventory', shard)?.status as NacosConfigInventoryStatus | undefined;
    return status?.entries ?? [];
  }

  async load(at = place): Promise<Inventory> {
    const inventory = this.inventory(true, at);
    const client = this.api.clientOf<NacosConfigInventory>('NacosConfigInventory', { step: async () => {} });
    inventory.load(await new ShardClient(client, syncOf(), true).list());
    return inventory;
  }
}

describe('An inventory', () => {
  it('says that an item is durable once it is stored, and those of one moment are one write', async () => {
    const world = new World();
    const inventory = world.inventory();
    for (let index = 0; index < 100; index += 1) inventory.add(itemOf(index));
    assert.equal(inventory.isDurable('g d7'), false);
    await world.clock.advance(10);
    assert.equal(inventory.isDurable('g d7'), true);
    assert.deepEqual([world.changed.length, world.writes, world.stored().length], [100, 1, 100]);
  });

  it('writes the first base at once, and others within 250 ms in one write', async () => {
    const world = new World();
    const inventory = world.inventory();
    for (let index = 0; index < 10; index += 1) inventory.add(itemOf(index));
    await world.clock.advance(1000);
    const before = world.writes;
    inventory.record('g d0', { md5: one, isOurs: true });
    await world.clock.advance(10);
    assert.equal(world.writes, before + 1);
    for (let index = 1; index < 10; index += 1) inventory.record(`g d${index}`, { md5: one, isOurs: true });
    await world.clock.advance(250);
    assert.equal(world.writes, before + 2);
    assert.ok(world.stored().every((line) => line.endsWith(`${one} o`)));
    inventory.record('g d0', { md5: one, isOurs: true });
    await world.clock.advance(1000);
    assert.equal(world.writes, before + 2, 'what is equal was written');
  });

  it('does not let new items that are refused hold up bases', async () => {
    const world = new World();
    const inventory = world.inventory();
    inventory.add(itemOf(0));
    await world.clock.advance(1000);
    world.refuse = (entries) => entries.length > 1;
    inventory.add(itemOf(1));
    inventory.record('g d0', { md5: one, isOurs: true });
    await world.clock.advance(600);
    assert.deepEqual(world.stored(), [`g d0 ConfigMap/shop k0 ${one} o`]);
    assert.equal(inventory.isDurable('g d1'), false);
    world.refuse = () => false;
    await world.clock.advance(10_000);
    assert.equal(inventory.isDurable('g d1'), true);
  });

  it('closes a shard at 500 entries, and at 256 KB', async () => {
    const world = new World();
    const inventory = world.inventory();
    for (let index = 0; index < 501; index += 1) inventory.add(itemOf(index));
    await world.clock.advance(10);
    assert.deepEqual([world.stored().length, world.stored('sync-uidofsyn-1').length], [500, 1]);
    const wide = new World();
    const filled = wide.inventory();
    for (let index = 0; index < 400; index += 1) filled.add(itemOf(index, 'x'.repeat(1000)));
    await wide.clock.advance(10);
    assert.ok(wide.stored().join('').length < 260 * 1024, 'the first shard is too large');
    assert.ok(wide.stored('sync-uidofsyn-1').length > 0);
  });

  it('has a finalizer on its shards, where deletion must reach Nacos', async () => {
    for (const isHeld of [true, false]) {
      const world = new World();
      world.inventory(isHeld).add(itemOf(0));
      await world.clock.advance(10);
      const { finalizers = [] } = world.api.get('NacosConfigInventory', name)?.metadata ?? {};
      assert.equal(finalizers.length, isHeld ? 1 : 0);
    }
  });

  it('knows after a start what it was told, and no base where the place is another', async () => {
    const world = new World();
    const inventory = world.inventory();
    inventory.add(itemOf(0));
    inventory.record('g d0', { md5: one, isOurs: false, writtenMs: 5 });
    await world.clock.advance(1000);
    assert.deepEqual((await world.load()).get('g d0')?.base, { md5: one, isOurs: false, writtenMs: 5 });
    const moved = await world.load({ ...place, id: 'there' });
    assert.deepEqual([moved.get('g d0')?.base, moved.isDurable('g d0')], [undefined, true]);
  });

  it('leaves entries of another Nacos namespace to whoever deals with them', async () => {
    const world = new World();
    world.inventory().add(itemOf(0));
    await world.clock.advance(10);
    const client = world.api.clientOf<NacosConfigInventory>('NacosConfigInventory', { step: async () => {} });
    const shards = await new ShardClient(client, syncOf(), true).list();
    const there = { ...place, namespaceId: 'dev' };
    const inventory = world.inventory(true, there);
    const former = inventory.load(shards);
    assert.deepEqual([former.length, former[0]?.status?.entries, inventory.entries()], [1, world.stored(), []]);
    inventory.add(itemOf(0));
    await world.clock.advance(10);
    assert.equal(world.stored('sync-uidofsyn-1').length, 1, 'entries of two namespaces are in one shard');
  });

  it('takes over what another leader has written, but for what it has a newer word on', async () => {
    const world = new World();
    const inventory = world.inventory();
    for (const index of [0, 1, 2]) inventory.add(itemOf(index));
    await world.clock.advance(1000);
    const shard = world.api.get('NacosConfigInventory', name);
    assert.ok(shard);
    const entries = [
      `g d0 ConfigMap/shop k0 ${other} t`,
      `g d1 ConfigMap/shop k1 ${other} t`,
      'g d9 ConfigMap/shop k9',
    ];
    world.api.put('NacosConfigInventory', { ...shard, status: { ...shard.status, entries } });
    inventory.record('g d0', { md5: one, isOurs: true });
    await world.clock.advance(2000);
    assert.equal(inventory.get('g d0')?.base?.md5, one);
    assert.equal(inventory.get('g d1')?.base?.md5, other);
    assert.ok(inventory.get('g d9'), 'an entry was not found');
    assert.ok(world.changed.includes('g d1') && world.changed.includes('g d9'));
    const lines = [
      `g d0 ConfigMap/shop k0 ${one} o`,
      `g d1 ConfigMap/shop k1 ${other} t`,
      'g d2 ConfigMap/shop k2',
      'g d9 ConfigMap/shop k9',
    ];
    assert.deepEqual([...world.stored()].sort(), lines);
  });

  it('writes nothing any more when it was deposed', async () => {
    const world = new World();
    const inventory = world.inventory();
    inventory.add(itemOf(0));
    await world.clock.advance(1000);
    const shard = world.api.get('NacosConfigInventory', name);
    assert.ok(shard);
    world.api.put('NacosConfigInventory', { ...shard, status: { ...shard.status, entries: [] } });
    world.leads = false;
    inventory.record('g d0', { md5: one, isOurs: true });
    await world.clock.advance(20_000);
    assert.deepEqual([world.stored(), world.deposed], [[], 1]);
  });

  it('writes a shard again that somebody has removed', async () => {
    const world = new World();
    const inventory = world.inventory();
    inventory.add(itemOf(0));
    inventory.record('g d0', { md5: one, isOurs: true });
    await world.clock.advance(1000);
    const previous = world.api.get('NacosConfigInventory', name);
    world.api.remove('NacosConfigInventory', name);
    inventory.seen({ key: `shop/${name}`, previous, initial: false });
    await world.clock.advance(1000);
    assert.deepEqual(world.stored(), [`g d0 ConfigMap/shop k0 ${one} o`]);
  });

  it('counts of an entry that is there twice the one without a base', async () => {
    const world = new World();
    const inventory = world.inventory();
    inventory.add(itemOf(0));
    inventory.record('g d0', { md5: one, isOurs: true });
    await world.clock.advance(1000);
    const shard = world.api.get('NacosConfigInventory', name);
    assert.ok(shard);
    const metadata = { ...shard.metadata, name: 'sync-uidofsyn-4' };
    world.api.put('NacosConfigInventory', {
      ...shard,
      metadata,
      status: { ...shard.status, entries: ['g d0 ConfigMap/shop k0'] },
    });
    assert.equal((await world.load()).get('g d0')?.base, undefined);
    await world.clock.advance(1000);
    assert.deepEqual([world.stored(), world.stored('sync-uidofsyn-4')], [['g d0 ConfigMap/shop k0'], []]);
  });

  it('keeps lines that it cannot read, as of a later version', async () => {
    const world = new World();
    world.inventory().add(itemOf(0));
    await world.clock.advance(1000);
    const shard = world.api.get('NacosConfigInventory', name);
    assert.ok(shard);
    const entries = ['g d0 ConfigMap/shop k0', 'v2 something else'];
    world.api.put('NacosConfigInventory', { ...shard, status: { ...shard.status, entries } });
    const inventory = await world.load();
    inventory.record('g d0', { md5: one, isOurs: true });
    await world.clock.advance(1000);
    assert.deepEqual(world.stored(), [`g d0 ConfigMap/shop k0 ${one} o`, 'v2 something else']);
  });

  it('tells why it cannot be written, until it can or nothing is left to be', async () => {
    const world = new World();
    const inventory = world.inventory();
    world.refuse = () => true;
    inventory.add(itemOf(0));
    await world.clock.advance(1000);
    assert.match(inventory.error?.message ?? '', /The inventory cannot be written, .*: refused/);
    inventory.drop('g d0');
    assert.equal(inventory.error, undefined);
    inventory.add(itemOf(1));
    await world.clock.advance(1000);
    assert.ok(inventory.error);
    world.refuse = () => false;
    await world.clock.advance(10_000);
    assert.deepEqual([inventory.error, inventory.isDurable('g d1')], [undefined, true]);
  });

  it('does not say that a base is out when that is refused', async () => {
    const world = new World();
    const inventory = world.inventory();
    inventory.add(itemOf(0));
    inventory.record('g d0', { md5: one, isOurs: true });
    await world.clock.advance(1000);
    world.refuse = () => true;
    await assert.rejects(inventory.takeOutBase('g d0'), /refused/);
    await assert.rejects(inventory.takeOutBase('g d7'), /changed meanwhile/);
  });

  it('takes a base out before it says so', async () => {
    const world = new World();
    const inventory = world.inventory();
    inventory.add(itemOf(0));
    inventory.record('g d0', { md5: one, isOurs: true });
    await world.clock.advance(1000);
    const taken = inventory.takeOutBase('g d0');
    assert.equal(world.stored()[0], `g d0 ConfigMap/shop k0 ${one} o`);
    await world.clock.advance(10);
    await taken;
    assert.equal(world.stored()[0], 'g d0 ConfigMap/shop k0');
  });
});
