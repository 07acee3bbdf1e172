/** NacosConfigs that go while a NacosConfigSync, which may declare the same dataId, has not read its objects yet. */
import assert from 'node:assert/strict';
import type { NacosConfig } from '../../operator/api/resources.ts';
import type { Heir } from '../../operator/config-sync/claims.ts';
import { Deletions, type DeletionsOptions } from '../../operator/config-sync/deletions.ts';
import type { ConfigEvent, SyncReport } from '../../operator/config-sync/report.ts';
import { silentLogger } from '../../operator/logger.ts';
import { FakeClock } from '../fake-clock.ts';

const unread = { unread: 'ns/sync' };
const resource = {
  metadata: { name: 'app', namespace: 'ns', uid: 'u', deletionTimestamp: 'now', finalizers: ['bridge.nacos.io/nacos'] },
  spec: { group: 'g', content: 'x', deletionPolicy: 'Delete' },
} as unknown as NacosConfig;

class World {
  readonly clock = new FakeClock();
  readonly told: string[] = [];
  heir: Heir | undefined = unread;
  isConnected = true;
  isHeld = true;
  readonly #deletions: Deletions;

  constructor() {
    const client = { state: { kind: 'connected' } };
    this.#deletions = new Deletions({
      claims: { heirOf: () => this.heir },
      clock: this.clock,
      configClient: { get: async () => resource, jsonPatch: async () => void (this.isHeld = false) },
      connections: { findUsable: () => (this.isConnected ? { client } : undefined) },
      delivery: { finalize: async () => {} },
      forget: () => {},
      reporter: {
        report: async (_: unknown, { synced }: SyncReport) => void this.told.push(synced?.message ?? ''),
        event: (_: unknown, { note }: ConfigEvent) => this.told.push(note),
      },
    } as unknown as DeletionsOptions);
  }

  async reconcile(): Promise<number | undefined> {
    const deletion = { key: 'ns/app', resource, base: undefined, mark: 'mark', log: silentLogger };
    return (await this.#deletions.reconcile(deletion))?.requeueAfterMs;
  }
}

describe('the deletion of a NacosConfig beside a NacosConfigSync', () => {
  it('waits until that has read its objects, says so, and leaves the dataId to it', async () => {
    const world = new World();
    assert.ok(await world.reconcile());
    assert.match(world.told.join(), /waits for NacosConfigSync 'ns\/sync'.* to read its objects/);
    assert.equal(world.isHeld, true);
    world.heir = { unread: undefined };
    await world.reconcile();
    assert.deepEqual([world.isHeld, world.told.length], [false, 1]);
  });

  it('waits no longer than a minute in which Nacos answers, and tells what it leaves', async () => {
    const world = new World();
    world.isConnected = false;
    await world.reconcile();
    await world.clock.advance(120_000);
    await world.reconcile();
    world.isConnected = true;
    await world.clock.advance(59_000);
    await world.reconcile();
    assert.equal(world.isHeld, true);
    await world.clock.advance(1000);
    await world.reconcile();
    assert.equal(world.isHeld, false);
    assert.match(world.told.at(-1) ?? '', /^dataId 'app' of group 'g': Left in Nacos: NacosConfigSync 'ns\/sync' may/);
  });
});
