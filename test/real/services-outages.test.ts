/** Servers and the operator go away, for long: what clients of Nacos see meanwhile, and how soon it is right again. */
import assert from 'node:assert/strict';
import { setTimeout as pause } from 'node:timers/promises';
import { eventually } from '../eventually.ts';
import { HostsRecorder } from './hosts-recorder.ts';
import { ServiceFleet } from './service-fleet.ts';
import { nacosVersion, sharedWorld, startLimitMs } from './shared-world.ts';
import type { RealWorld } from './world.ts';

const recoveryLimitMs = 15_000;
const awayMs = 60_000;
/** How long an endpoint that is gone may be offered after the operator goes on. */
const staleLimitMs = 2000;
const settleLimitMs = 30_000;

describe(`services in an outage with Nacos ${nacosVersion}`, function () {
  this.timeout(180_000);
  let world: RealWorld;
  let fleet: ServiceFleet;
  let pid: number | undefined;
  const recorders: HostsRecorder[] = [];
  const record = async (service: string, intervalMs?: number): Promise<HostsRecorder> => {
    const recorder = await HostsRecorder.start(world, fleet.namespace, service, intervalMs);
    recorders.push(recorder);
    return recorder;
  };

  before(async function () {
    this.timeout(startLimitMs);
    world = await sharedWorld();
    fleet = await ServiceFleet.create(world, 'services-outages');
    for (let number = 0; number < 10; number += 1) await fleet.add(`pods-${number}`, 2);
    await fleet.addBare('bare');
    await fleet.writeSlice('bare', ['10.9.0.1', '10.9.0.2', '10.9.0.3']);
    for (let number = 0; number < 10; number += 1) await fleet.endpointsAre(`pods-${number}`, { healthy: 2 });
    await eventually(settleLimitMs, () => fleet.assertEqual());
    pid = world.operator.pid;
  });

  after(async () => {
    for (const recorder of recorders) await recorder.stop();
    await fleet?.delete();
  });

  it('of Nacos by kill -9 are back within 15 seconds of its return', async () => {
    await world.nacos.kill('SIGKILL');
    await fleet.scale('pods-0', 3);
    await fleet.writeSlice('bare', ['10.9.0.2', '10.9.0.3', '10.9.0.4']);
    await world.nacos.start();
    const returnedAtMs = performance.now();
    await eventually(recoveryLimitMs, () => fleet.assertEqual());
    report(`Nacos killed: equal ${Math.round(performance.now() - returnedAtMs)} ms after its return`);
    assert.equal(world.operator.pid, pid, 'the operator must not have been restarted');
  });

  it('of a frozen operator of a minute offer nothing that is gone for more than 2 seconds after', async () => {
    await fleet.writeSlice('bare', ['10.9.0.1', '10.9.0.2', '10.9.0.3']);
    await eventually(settleLimitMs, () => fleet.assertEqual());
    const pods = await fleet.offered('pods-1');
    assert.equal(pods.length, 2);
    const watched = [await record('bare', 100), await record('pods-1', 100)];
    world.operator.signal('SIGSTOP');
    const frozenAtMs = performance.now();
    await fleet.writeSlice('bare', ['10.9.0.3']);
    await fleet.scale('pods-1', 0);
    await fleet.endpointsAre('pods-1', { healthy: 0 });
    await pause(frozenAtMs + awayMs - performance.now());
    world.operator.signal('SIGCONT');
    const continuedAtMs = performance.now();
    await eventually(recoveryLimitMs, () => fleet.assertEqual());
    report(`operator frozen: equal ${Math.round(performance.now() - continuedAtMs)} ms after it went on`);
    // As long as anything old might still be sent.
    await pause(5000);
    const deleted = new Set([...pods, '10.9.0.1:80', '10.9.0.2:80']);
    const sights = watched.flatMap((recorder) => [
      ...recorder.answersSince(continuedAtMs),
      ...recorder.pushesSince(continuedAtMs),
    ]);
    const stale = sights.filter(({ hosts }) => hosts.some((host) => deleted.has(host)));
    const lastMs = Math.round(Math.max(0, ...stale.map(({ atMs }) => atMs - continuedAtMs)));
    report(`operator frozen: what was deleted was last offered ${lastMs} ms after it went on (0: never)`);
    assert.ok(lastMs < staleLimitMs, `a deleted endpoint was offered ${lastMs} ms after`);
    assert.ok(watched.every((recorder) => recorder.answersSince(continuedAtMs).length > 20));
    await world.operator.ready();
    await fleet.assertEqual();
  });

  it('of the API server of a minute lose nothing, and changes are there within 15 seconds of its return', async () => {
    const before = await fleet.offered('bare');
    const recorder = await record('bare');
    await eventually(settleLimitMs, async () => assert.deepEqual(recorder.pushesSince(0).at(-1)?.hosts, before));
    const killedAtMs = performance.now();
    await world.servers.apiServer.kill();
    await pause(awayMs);
    const [pushes, answers] = [recorder.pushesSince(killedAtMs), recorder.answersSince(killedAtMs)];
    await world.servers.apiServer.start();
    const returnedAtMs = performance.now();
    assert.deepEqual(pushes, [], 'what a subscriber was told while the API server was away');
    assert.ok(answers.length > awayMs / 500, `${answers.length} queries were answered`);
    for (const { hosts } of answers) assert.deepEqual(hosts, before);

    await fleet.deleteSlice('bare');
    await eventually(recoveryLimitMs, async () => assert.deepEqual(await fleet.offered('bare'), []));
    report(`API server away: right ${Math.round(performance.now() - returnedAtMs)} ms after its return`);
    assert.ok(performance.now() - returnedAtMs < recoveryLimitMs);
    // The watch of this test may take longer to come back.
    await eventually(settleLimitMs, () => fleet.assertEqual());
    assert.equal(world.operator.pid, pid, 'the operator must not have been restarted');
  });
});

function report(line: string): void {
  process.stdout.write(`nacos ${nacosVersion}  note  ${line}\n`);
}
