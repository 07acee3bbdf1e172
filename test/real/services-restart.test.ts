/** Much change, and ends of the operator: what is sent to Nacos is what changed, and after a start everything once. */
import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { eventually, hangMs } from '../eventually.ts';
import { HostsRecorder } from './hosts-recorder.ts';
import type { Sight } from './hosts-recorder.ts';
import { ServiceFleet } from './service-fleet.ts';
import { nacosVersion, sharedWorld, startLimitMs } from './shared-world.ts';
import type { RealWorld } from './world.ts';

const changing = Array.from({ length: 10 }, (_, number) => `changing-${number}`);
const quiet = Array.from({ length: 5 }, (_, number) => `quiet-${number}`);
const churnMs = 30_000;
const settleLimitMs = 20_000;
const returnLimitMs = 30_000;

describe(`many services with Nacos ${nacosVersion}`, function () {
  this.timeout(240_000);
  let world: RealWorld;
  let fleet: ServiceFleet;
  let recorder: HostsRecorder | undefined;

  before(async function () {
    this.timeout(startLimitMs + 60_000);
    world = await sharedWorld();
    fleet = await ServiceFleet.create(world, 'many');
    for (const name of [...changing, ...quiet]) await fleet.add(name, 1);
    for (const name of [...changing, ...quiet]) await fleet.endpointsAre(name, { healthy: 1 });
    await eventually(settleLimitMs, () => fleet.assertEqual());
  });

  after(async () => {
    await recorder?.stop();
    await fleet?.delete();
  });

  it('are equal after 30 seconds of random scaling, without a request for what did not change', async () => {
    await onlyOursAreLeft(world);
    const operations = ['naming_register', 'naming_deregister', 'naming_subscribe', 'naming_query'];
    const counts = async () => Promise.all(operations.map((name) => countRequests(world, name)));
    const [before, changesBefore] = [await counts(), fleet.slices.changes];
    const endMs = performance.now() + churnMs;
    while (performance.now() < endMs) {
      await fleet.scale(changing[randomInt(changing.length)] ?? '', randomInt(5));
      await pause(randomInt(600));
    }
    for (const [index, name] of changing.entries()) await fleet.scale(name, index % 4);
    for (const [index, name] of changing.entries()) await fleet.endpointsAre(name, { healthy: index % 4 });
    await eventually(settleLimitMs, () => fleet.assertEqual());
    const after = await counts();
    const changes = fleet.slices.changes - changesBefore;
    const made = operations.map((name, index) => [name, (after[index] ?? 0) - (before[index] ?? 0)] as const);
    const requests = made.reduce((sum, [, number]) => sum + number, 0);
    const words = made.map(([name, number]) => `${number} ${name}`).join(', ');
    report(`${changes} changes of EndpointSlices, ${requests} requests to Nacos: ${words}`);
    assert.ok(requests <= changes, `${requests} requests for ${changes} changes: ${words}`);
  });

  it('are each sent once by a restart over an equal world', async () => {
    await onlyOursAreLeft(world);
    await world.operator.end('SIGTERM');
    await world.operator.start();
    await eventually(returnLimitMs, () => fleet.assertEqual());
    // What is still under way is seen in the counts of a second look.
    await pause(2000);
    // A service without instances is not sent.
    assert.equal(await countRequests(world, 'naming_register'), (await fleet.registered()).size);
    assert.equal(await countRequests(world, 'naming_deregister'), 0);
    assert.equal(await world.operator.metric('nacos_bridge_naming_redo_total'), 0);
  });

  it('are gone after kill -9 of the one replica until its successor has published', async () => {
    await fleet.scale('changing-0', 3);
    await fleet.endpointsAre('changing-0', { healthy: 3 });
    await eventually(settleLimitMs, () => fleet.assertEqual());
    const hosts = await fleet.offered('changing-0');
    recorder = await HostsRecorder.start(world, fleet.namespace, 'changing-0', 50);
    const both = (sinceMs: number): (readonly Sight[])[] => {
      return recorder ? [recorder.pushesSince(sinceMs), recorder.answersSince(sinceMs)] : [];
    };
    const allAreBack = async (sinceMs: number): Promise<void> => {
      for (const sights of both(sinceMs)) assert.deepEqual(sights.at(-1)?.hosts, hosts);
    };
    await eventually(settleLimitMs, () => allAreBack(0));
    const killedAtMs = performance.now();
    await world.operator.end('SIGKILL');
    await eventually(settleLimitMs, async () => {
      for (const sights of both(killedAtMs)) assert.deepEqual(sights.at(-1)?.hosts, []);
    });
    const goneAtMs = performance.now();
    await world.operator.start();
    await eventually(returnLimitMs, () => allAreBack(goneAtMs));
    for (const [index, who] of ['a subscriber', 'a client that asks'].entries()) {
      const sights = both(killedAtMs)[index] ?? [];
      const gone = sights.find((sight) => sight.hosts.length === 0)?.atMs ?? NaN;
      const back = sights.find((sight) => sight.atMs > gone && sight.hosts.length === hosts.length)?.atMs ?? NaN;
      const waitedMs = Math.round(goneAtMs - killedAtMs);
      report(
        `kill -9: ${who} misses them after ${Math.round(gone - killedAtMs)} ms; the successor is started after ` +
          `${waitedMs} ms, and they are back ${Math.round(back - goneAtMs)} ms after that`,
      );
    }
    // The others are sent besides, in no order.
    await eventually(settleLimitMs, () => fleet.assertEqual());
  });
});

/** Namespaces of earlier tests take a while to go. */
async function onlyOursAreLeft(world: RealWorld): Promise<void> {
  await eventually(hangMs, async () => {
    const records = await world.operator.metric('nacos_bridge_service_records');
    assert.equal(records, changing.length + quiet.length, 'services that the operator publishes');
  });
}

async function countRequests(world: RealWorld, operation: string): Promise<number> {
  return world.operator.metric('nacos_bridge_nacos_requests_total', `operation="${operation}"`);
}

function report(line: string): void {
  process.stdout.write(`nacos ${nacosVersion}  note  ${line}\n`);
}
