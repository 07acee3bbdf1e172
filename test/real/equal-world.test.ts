/**
 * A restart over a world in which nothing has changed writes nothing, on either side, and reads no mirror. The API server's
 * audit log and the history of Nacos are the witnesses.
 */
import assert from 'node:assert/strict';
import type { AuditEvent } from '../testbed/audit.ts';
import { eventually } from './eventually.ts';
import { Fleet } from './fleet.ts';
import { nacosVersion, sharedWorld, startLimitMs } from './shared-world.ts';
import type { World } from './world.ts';

const writingVerbs = ['create', 'update', 'patch', 'delete', 'deletecollection'];
const quietMs = 3000;
const total = 200;
const shownRequests = 10;

describe(`a restart over an equal world of ${total} configs with Nacos ${nacosVersion}`, function () {
  this.timeout(180_000);
  let world: World;
  let fleet: Fleet;

  before(async function () {
    this.timeout(startLimitMs + 120_000);
    world = await sharedWorld();
    fleet = await Fleet.create(world, 'equal');
    const numbers = Array.from({ length: total }, (_, number) => number);
    // In batches, as one `kubectl apply` of a folder would do.
    for (const first of numbers.filter((number) => number % 20 === 0)) {
      await Promise.all(numbers.slice(first, first + 20).map((number) => addConfig(fleet, number)));
    }
    await eventually(60_000, () => fleet.assertConverged());
  });

  after(async () => {
    await fleet?.delete();
  });

  for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
    it(`after ${signal} makes no publish, no remove and no API write but of Leases`, async () => {
      await settled(world, 'before the restart');
      const publishesBefore = await fleet.countWrites();
      const before = (await world.kubernetes.auditEvents()).length;
      await world.operator.end(signal);
      await world.operator.start();
      await eventually(30_000, async () => assert.ok((await countReconciles(world)) >= total));
      await settled(world, 'after the restart');

      const since = (await world.kubernetes.auditEvents()).slice(before);
      const needless = since.filter((event) => isWriteBy(world, event) || isReadOfMirrorBy(world, event));
      const shown = needless.map(({ verb, requestURI }) => `${verb} ${requestURI}`).slice(0, shownRequests);
      assert.deepEqual(shown, []);
      assert.deepEqual(await fleet.countWrites(), publishesBefore);
      await fleet.assertConverged();
    });
  }
});

async function addConfig(fleet: Fleet, number: number): Promise<void> {
  const kinds = [fleet.declare, fleet.declare, fleet.declare, fleet.declareByConfigMap, fleet.mirror];
  await kinds[number % kinds.length]?.call(fleet, `config-${number}`, `content ${number}`);
}

/** Waits until the operator has written nothing for a while. */
async function settled(world: World, when: string): Promise<void> {
  const deadlineMs = performance.now() + 60_000;
  let count = -1;
  let sinceMs = 0;
  while (performance.now() < deadlineMs) {
    const now = (await world.kubernetes.auditEvents()).filter((event) => isWriteBy(world, event)).length;
    if (now !== count) [count, sinceMs] = [now, performance.now()];
    if (performance.now() - sinceMs > quietMs) return;
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
  throw new Error(`the operator does not stop writing ${when}`);
}

function isWriteBy(world: World, { user, verb, objectRef }: AuditEvent): boolean {
  return user.username === world.operatorUsername && writingVerbs.includes(verb) && objectRef?.resource !== 'leases';
}

/** What a mirror holds its metadata proves, which the watch has. */
function isReadOfMirrorBy({ operatorUsername }: World, { user, verb, objectRef }: AuditEvent): boolean {
  const isRead = user.username === operatorUsername && verb === 'get' && objectRef?.resource === 'configmaps';
  return isRead && objectRef.name?.startsWith('mirror-') === true;
}

async function countReconciles(world: World): Promise<number> {
  const lines = (await world.operator.metrics()).split('\n');
  const counts = lines.filter((line) => line.startsWith('controller_runtime_reconcile_total{'));
  return counts.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0);
}
