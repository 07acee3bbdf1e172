/** A namespace goes away with everything in it, on both sides, without help. */
import assert from 'node:assert/strict';
import { eventually } from '../eventually.ts';
import { Fleet } from '../acceptance/fleet.ts';
import { nacosVersion, sharedWorld, startLimitMs } from './shared-world.ts';
import type { RealWorld } from './world.ts';

const deletionLimitMs = 30_000;

describe(`a namespace with Nacos ${nacosVersion}`, function () {
  this.timeout(60_000);
  let world: RealWorld;

  before(async function () {
    this.timeout(startLimitMs);
    world = await sharedWorld();
  });

  it('with 20 NacosConfigs is gone within 30 seconds, and so are their dataIds', async () => {
    const fleet = await Fleet.create(world, 'twenty');
    for (let number = 0; number < 10; number += 1) await fleet.declare(`inline-${number}`, `inline ${number}`);
    for (let number = 0; number < 5; number += 1) await fleet.declareByConfigMap(`map-${number}`, `map ${number}`);
    for (let number = 0; number < 5; number += 1) await fleet.mirror(`mirror-${number}`, `mirror ${number}`);
    await eventually(15_000, () => fleet.assertConverged());

    await world.backends.kubernetes.delete({ apiVersion: 'v1', kind: 'Namespace', namespace: '', name: 'twenty' });
    fleet.declared.clear();
    await eventually(deletionLimitMs, async () => {
      const ref = { apiVersion: 'v1', kind: 'Namespace', namespace: '', name: 'twenty' };
      assert.equal(await world.backends.kubernetes.get(ref), undefined);
    });
    await fleet.assertNacos();
    await fleet.delete();
  });
});
