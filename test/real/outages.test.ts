/** Servers that go away under the running operator and come back: everything is made up for, and nothing is undone. */
import assert from 'node:assert/strict';
import { eventually } from './eventually.ts';
import { Fleet } from './fleet.ts';
import { nacosVersion, sharedWorld, startLimitMs } from './shared-world.ts';
import type { World } from './world.ts';

const recoveryLimitMs = 15_000;

describe(`an outage with Nacos ${nacosVersion}`, function () {
  this.timeout(120_000);
  let world: World;
  let fleet: Fleet;
  let pid: number | undefined;

  before(async function () {
    this.timeout(startLimitMs);
    world = await sharedWorld();
    fleet = await Fleet.create(world, 'outages');
    for (let number = 0; number < 10; number += 1) {
      await fleet.declare(`declared-${number}`, 'first');
      await fleet.mirror(`mirrored-${number}`, 'first');
    }
    await eventually(15_000, () => fleet.assertConverged());
    pid = world.operator.pid;
  });

  after(async () => {
    await fleet?.delete();
  });

  it('of Nacos by kill -9 is over for everything 15 seconds after its return', async () => {
    await world.nacos.kill('SIGKILL');
    await fleet.declare('declared-0', 'changed while Nacos was away');
    await fleet.declare('declared-new', 'created while Nacos was away');
    await fleet.retract('declared-9');
    await world.nacos.start();
    await fleet.publish('mirrored-0', 'changed after its return');
    await eventually(recoveryLimitMs, () => fleet.assertConverged());
    assert.equal(world.operator.pid, pid, 'the operator must not have been restarted');
  });

  it('of Nacos that only breaks connections is not noticed by users', async () => {
    await world.nacos.kill('SIGTERM');
    await world.nacos.start();
    await eventually(recoveryLimitMs, () => fleet.assertConverged());
    await fleet.declare('declared-1', 'after the restart');
    await fleet.publish('mirrored-1', 'after the restart');
    await eventually(recoveryLimitMs, () => fleet.assertConverged());
  });

  it('of the API server by kill -9 is over for everything 15 seconds after its return', async () => {
    const fromMs = Date.now();
    await world.kubernetes.kill('apiserver', 'SIGKILL');
    await fleet.publish('mirrored-2', 'changed while the API server was away');
    await fleet.meddle('declared-2', 'edited while the API server was away');
    await world.kubernetes.start('apiserver');
    world.apiserverOutages.push({ fromMs, toMs: Date.now() });
    await fleet.declare('declared-3', 'changed after its return');
    await eventually(recoveryLimitMs, () => fleet.assertConverged());
    assert.equal(world.operator.pid, pid, 'the operator must not have been restarted');
  });
});
