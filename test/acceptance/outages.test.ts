/** Servers that go away under the running operator and come back: everything is made up for, and nothing is undone. */
import assert from 'node:assert/strict';
import { eventually } from '../eventually.ts';
import { Fleet } from './fleet.ts';
import { describeInWorlds } from './in-worlds.ts';

const recoveryLimitMs = 15_000;

describeInWorlds('an outage', ({ limitMs, world }) => {
  let fleet: Fleet;
  let pid: number | undefined;

  before(async () => {
    fleet = await Fleet.create(world(), 'outages');
    for (let number = 0; number < 10; number += 1) {
      await fleet.declare(`declared-${number}`, 'first');
      await fleet.mirror(`mirrored-${number}`, 'first');
    }
    await fleet.offer('service', ['10.9.0.1', '10.9.0.2']);
    await converged();
    ({ pid } = world().operator);
  });

  after(() => fleet?.delete());

  const converged = () => eventually(limitMs(recoveryLimitMs), () => fleet.assertConverged());

  it('of Nacos by kill -9 is over for everything 15 seconds after its return', async () => {
    const { nacos } = world().servers;
    await nacos.kill();
    await fleet.declare('declared-0', 'changed while Nacos was away');
    await fleet.declare('declared-new', 'created while Nacos was away');
    await fleet.retract('declared-9');
    await fleet.offer('service', ['10.9.0.2', '10.9.0.3']);
    await nacos.start();
    await fleet.publish('mirrored-0', 'changed after its return');
    await converged();
    assert.equal(world().operator.pid, pid, 'the operator must not have been restarted');
  });

  it('of Nacos that only breaks connections is not noticed by users', async () => {
    const { nacos } = world().servers;
    await nacos.stop();
    await nacos.start();
    await converged();
    await fleet.declare('declared-1', 'after the restart');
    await fleet.publish('mirrored-1', 'after the restart');
    await fleet.offer('service', ['10.9.0.1', '10.9.0.3']);
    await converged();
  });

  it('of the API server by kill -9 is over for everything 15 seconds after its return', async () => {
    const { apiServer } = world().servers;
    await apiServer.kill();
    await fleet.publish('mirrored-2', 'changed while the API server was away');
    await fleet.meddle('declared-2', 'edited while the API server was away');
    await apiServer.start();
    await fleet.declare('declared-3', 'changed after its return');
    await fleet.offer('service', ['10.9.0.4']);
    await converged();
    assert.equal(world().operator.pid, pid, 'the operator must not have been restarted');
  });
});
