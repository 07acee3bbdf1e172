/**
 * Two replicas of the operator take the leadership from each other while many items change on both sides: one is frozen and wakes
 * up again, or loses its connection to the API server and gets it back. Nothing is lost, forgotten or touched
 * (bulk-verdict.ts), and all is settled within a minute, each time.
 *
 * `TEST_ROUNDS=10 npm run test:real -- bulk-leaders`: only when it is named, since it takes long.
 */
import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { BulkChurn } from '../acceptance/bulk-churn.ts';
import { BulkVerdict } from '../acceptance/bulk-verdict.ts';
import { eventually, hangMs } from '../eventually.ts';
import type { OperatorProcess } from '../operator-process.ts';
import { TcpProxy } from '../testbed/tcp-proxy.ts';
import { nacosVersion, sharedWorld, startLimitMs } from './shared-world.ts';
import type { RealWorld } from './world.ts';

const rounds = Number(process.env['TEST_ROUNDS'] ?? 10);
const size = Number(process.env['TEST_ITEMS'] ?? 200);
const settledLimitMs = 60_000;
/** The Lease is free after 15 s. */
const electionLimitMs = 60_000;
const editingMs = 2500;

interface Replica {
  readonly operator: OperatorProcess;
  /** Between it and the API server. */
  readonly api: TcpProxy;
}

describe(`two leaders while ${size} items change on both sides (Nacos ${nacosVersion})`, function () {
  this.timeout(300_000);
  let world: RealWorld;
  let churn: BulkChurn;
  let verdict: BulkVerdict;
  let replicas: readonly Replica[];

  before(async function () {
    this.timeout(startLimitMs + 2 * hangMs);
    world = await sharedWorld();
    const second = world.operator.twin('second-replica');
    await world.operator.end('SIGTERM');
    replicas = await Promise.all(
      [world.operator, second].map((operator, index) => behindProxy(world, operator, index)),
    );
    for (const { operator } of replicas) await operator.start();
    churn = new BulkChurn(world, 'bulk-leaders', size);
    verdict = new BulkVerdict(churn, size);
    await churn.begin();
    await eventually(hangMs, () => verdict.settled());
  });

  after(async () => {
    if (verdict) console.log(`      ${verdict.summary}`);
    await churn?.close();
    await replicas?.[1]?.operator.end('SIGTERM');
    world.operator.image = { ...world.operator.image, args: [] };
    await world.operator.end('SIGTERM');
    await world.operator.start();
    for (const { api } of replicas ?? []) await api.close();
  });

  for (let round = 1; round <= rounds; round += 1) {
    const isFrozen = round % 2 === 1;
    it(`round ${round} of ${rounds}: the leader ${isFrozen ? 'is frozen' : 'loses the API server'} and comes back`, async () => {
      const leader = await eventually(electionLimitMs, () => leaderOf(replicas));
      const other = replicas.find((one) => one !== leader);
      assert.ok(other, 'there must be another replica');
      const editing = churn.edit();
      await sleep(Math.random() * editingMs);
      if (isFrozen) leader.operator.signal('SIGSTOP');
      else leader.api.hold();
      await eventually(electionLimitMs, async () => assert.ok(await leads(other), 'the other replica must lead'));
      await sleep(Math.random() * editingMs);
      if (isFrozen) leader.operator.signal('SIGCONT');
      else await leader.api.release();
      await sleep(Math.random() * editingMs);
      churn.stop();
      await editing;
      await verdict.check(settledLimitMs);
    });
  }
});

async function behindProxy(world: RealWorld, operator: OperatorProcess, index: number): Promise<Replica> {
  const { hostname: host, port } = new URL(world.kubernetes.server);
  const api = await TcpProxy.start({ target: { host, port: Number(port) } });
  const stored = await readFile(join(world.dir, 'operator.kubeconfig'), 'utf8');
  const kubeconfig = join(world.dir, `operator-${index}.kubeconfig`);
  await writeFile(kubeconfig, stored.replace(world.kubernetes.server, `https://${host}:${api.port}`), { mode: 0o600 });
  operator.image = { ...operator.image, args: [`--kubeconfig=${kubeconfig}`] };
  return { operator, api };
}

async function leaderOf(replicas: readonly Replica[]): Promise<Replica> {
  const leading = await Promise.all(replicas.map(leads));
  const [leader, ...others] = replicas.filter((_, index) => leading[index]);
  assert.ok(leader !== undefined && others.length === 0, 'one replica must lead');
  return leader;
}

async function leads({ operator }: Replica): Promise<boolean> {
  return (await operator.metric('leader_election_master_status')) === 1;
}
