/**
 * Endpoints that change under two replicas: how long the two differ in the eyes of clients, and how soon a pod that is
 * gone is out of sight.
 *
 * `TEST_CHANGES` says how many changes.
 */
import assert from 'node:assert/strict';
import type { KubeObject } from '../scenarios/backends.ts';
import { kubectl } from './release.ts';
import { changeEndpoints } from './replicas/endpoint-changes.ts';
import { eventually } from '../eventually.ts';
import { figure } from './replicas/figure.ts';
import { sideName } from './replicas/nacos-side.ts';
import { podNode } from './replicas/replica-world.ts';
import type { ReplicaWorld } from './replicas/replica-world.ts';
import { sharedReplicaWorld, startLimitMs } from './replicas/shared-replica-world.ts';
import { describeFindings, longestMs, twins } from './replicas/sights.ts';
import type { Sight } from './replicas/sights.ts';
import { SliceWatch } from './slice-watch.ts';

const changes = Number(process.env['TEST_CHANGES'] ?? 100);
const changeEveryMs = 100;
/** The server gathers changes for 500 ms; the nodes of a cluster tell each other every second. */
const twinLimitMs = sideName === 'cluster' ? 2000 : 600;
const podCount = 10;
const podLimitMs = 2000;

describe(`endpoints that change under two replicas with Nacos ${sideName}`, function () {
  this.timeout(120_000 + 3 * changes * changeEveryMs);
  let world: ReplicaWorld;
  let slices: SliceWatch | undefined;

  before(async function () {
    this.timeout(startLimitMs);
    world = await sharedReplicaWorld();
    await world.settled();
  });

  after(() => slices?.stop());

  it('are listed twice for no longer than it takes to gather changes', async () => {
    const fromMs = performance.now();
    await changeEndpoints(world.services, changes, changeEveryMs);
    await world.settled();
    const sights = world.observers.sights(fromMs);
    const pushes = sights.filter(({ by }) => by === 'push');
    const found = twins(pushes);
    figure('twins.changes', changes, 'changes');
    figure('twins.pushes', pushes.length, 'pushes');
    figure('twins.pushes-with-a-twin', pushes.filter((push) => twins([push]).length > 0).length, 'pushes');
    figure('twins.longest', longestMs(found) / 1000, 's');
    figure(
      'twins.answers-with-a-twin',
      sights.filter((s) => s.by === 'query' && twins([s]).length > 0).length,
      'answers',
    );
    const long = found.filter(({ forMs }) => forMs > twinLimitMs);
    assert.equal(long.length, 0, describeFindings(long, fromMs));
  });

  it(`are out of a subscriber's sight within ${podLimitMs} ms when a pod is deleted without grace`, async () => {
    const { group } = world.services;
    const selector = { app: 'pods' };
    const pods = Array.from({ length: podCount }, (_, number) => `pod-${number}`);
    slices = new SliceWatch(world.rest, group);
    slices.start();
    await world.services.addSelecting('pods', selector);
    for (const name of pods) await world.rest.apply(podOf(name, group, selector));
    await eventually(60_000, async () => assert.equal(slices?.wanted('pods', 'http').length, podCount));
    await world.observers.add('pods');
    const nodes = [...world.nacos.nodes.keys()];
    const told = (node: number): readonly string[] => world.observers.told(node).get('pods') ?? [];
    await eventually(30_000, async () => assert.ok(nodes.every((node) => told(node).length === podCount)));

    const tookMs: number[] = [];
    for (const name of pods) {
      const pod = await world.rest.get({ apiVersion: 'v1', kind: 'Pod', namespace: group, name });
      const status = pod?.['status'] as { readonly podIP: string } | undefined;
      const host = `${status?.podIP}:8080`;
      const beganMs = performance.now();
      await kubectl(world.kubernetes, ['delete', 'pod', name, '-n', group, '--grace-period=0', '--force']);
      await eventually(30_000, async () => assert.ok(nodes.every((node) => !told(node).includes(host))));
      await eventually(30_000, async () => assert.ok(!wantedHosts().includes(host)));
      const pushes = world.observers.sights(beganMs).filter(({ by, service }) => by === 'push' && service === 'pods');
      const outMs = nodes.map((node) => firstWithoutMs(pushes, node, host));
      tookMs.push(Math.max(...outMs) - slices.changedAtMs('pods'));
    }
    figure('pod-deleted.longest', Math.max(...tookMs) / 1000, 's');
    figure('pod-deleted.median', (tookMs.toSorted((a, b) => a - b)[Math.floor(podCount / 2)] ?? 0) / 1000, 's');
    assert.ok(Math.max(...tookMs) <= podLimitMs, tookMs.map(Math.round).join(' ms, '));
  });

  function wantedHosts(): string[] {
    return (slices?.wanted('pods', 'http') ?? []).map((line) => line.split(' ')[0] ?? '');
  }
});

/** When the node's subscriber was told a list without the host, after the last one with it. */
function firstWithoutMs(pushes: readonly Sight[], node: number, host: string): number {
  const own = pushes.filter((push) => push.node === node);
  const last = own.findLastIndex(({ hosts }) => hosts.includes(host));
  return own[last + 1]?.atMs ?? Infinity;
}

function podOf(name: string, namespace: string, labels: Readonly<Record<string, string>>): KubeObject {
  const spec = { nodeName: podNode, containers: [{ name: 'main', image: 'none' }] };
  return { apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace, labels }, spec };
}
