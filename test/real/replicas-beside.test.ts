/**
 * Two installations beside each other, in one cluster and at one Nacos, each with namespaces of its own: when one of them is
 * cut off the API server, the other one takes nothing of it away.
 */
import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { eventually } from '../eventually.ts';
import { OperatorProcess } from '../operator-process.ts';
import { TcpProxy } from '../testbed/tcp-proxy.ts';
import { sideName } from './replicas/nacos-side.ts';
import { Observers } from './replicas/observers.ts';
import { PublishedServices } from './replicas/published-services.ts';
import type { ReplicaWorld } from './replicas/replica-world.ts';
import { sharedReplicaWorld, startLimitMs } from './replicas/shared-replica-world.ts';
import { describeFindings, removals } from './replicas/sights.ts';

/** For all to know that they are blind, one after the other, and for a relief. */
const outageMs = 40_000;
const settleLimitMs = 60_000;
const namespace = 'beside';

describe(`two installations beside each other with Nacos ${sideName}`, function () {
  this.timeout(300_000);
  const started = new AsyncDisposableStack();
  let world: ReplicaWorld;
  let operator: OperatorProcess;
  let toApiServer: TcpProxy;
  let services: PublishedServices;
  let observers: Observers;

  before(async function () {
    this.timeout(startLimitMs);
    world = await sharedReplicaWorld();
    await world.release.upgrade([`watchNamespaces={${world.services.group}}`]);
    started.defer(() => world.release.upgrade(['watchNamespaces=null']));
    await world.settled();
    services = await PublishedServices.create(world.rest, 10, 3, { group: namespace });
    operator = await install();
    observers = await Observers.start(world.nacos.nodes, namespace, services.names);
    started.defer(() => observers.stop());
    await isOffered();
  });

  after(async () => {
    await started.disposeAsync();
    await world?.settled();
  });

  it('lose nothing of the one that is cut off the API server, whose only replica goes blind', async () => {
    const fromMs = performance.now();
    toApiServer.hold();
    try {
      await pause(outageMs);
      assert.equal(await operator.metric('nacos_bridge_replica_state', 'state="blind"'), 1);
      assertNothingLost(fromMs);
    } finally {
      await toApiServer.release();
    }
    await operator.ready();
    assertNothingLost(fromMs);
  });

  it('lose nothing of the other one, all of whose replicas are cut off', async () => {
    const links = await Promise.all(world.replicas.map((replica) => world.links(replica)));
    const fromMs = performance.now();
    for (const { api } of links) api.hold();
    try {
      await pause(outageMs);
      assert.equal(await operator.metric('nacos_bridge_replica_reliefs_total'), 0);
      assertNothingLost(fromMs);
    } finally {
      for (const { api } of links) await api.release();
    }
    await world.settled();
    assertNothingLost(fromMs);
  });

  /** The second one, in the place of its only pod. */
  async function install(): Promise<OperatorProcess> {
    const { kubernetes, nacos, release } = world;
    const [node] = nacos.nodes;
    assert.ok(node);
    const dir = await mkdtemp(join(tmpdir(), 'nacos-bridge-beside-'));
    started.defer(() => rm(dir, { recursive: true, force: true }));
    const { host, hostname, port } = new URL(kubernetes.server);
    toApiServer = await TcpProxy.start({ target: { host: hostname, port: Number(port) } });
    started.defer(() => toApiServer.close());
    const kubeconfig = await readFile(kubernetes.kubeconfig, 'utf8');
    const proxied = kubeconfig.replaceAll(host, `${hostname}:${toApiServer.port}`);
    await writeFile(join(dir, 'kubeconfig'), proxied, { mode: 0o600 });
    await writeFile(join(dir, 'password'), node.password, { mode: 0o600 });
    const process = new OperatorProcess({
      args: [
        'run',
        `--kubeconfig=${join(dir, 'kubeconfig')}`,
        `--nacos=${nacos.nodes.map((one) => `${one.host}:${one.port}`).join(',')}`,
        `--nacos-username=${node.username}`,
        `--nacos-password-file=${join(dir, 'password')}`,
        `--watch-namespaces=${namespace}`,
        `--lease-namespace=${release.namespace}`,
        `--lease-name=${namespace}`,
        `--identity=${namespace}-1`,
        '--bind-address=127.0.0.1',
        '--metrics-port=0',
        '--health-port=0',
      ],
      env: {},
      logFile: join(dir, 'operator.log'),
    });
    started.defer(async () => void (await process.end('SIGTERM')));
    await process.start();
    return process;
  }

  async function isOffered(): Promise<void> {
    await eventually(settleLimitMs, async () => {
      for (const node of world.nacos.nodes.keys()) assert.deepEqual(observers.told(node), services.wanted());
    });
  }

  /** Of neither. */
  function assertNothingLost(fromMs: number): void {
    const lost = [
      ...removals(world.observers.sights(fromMs), world.services.wanted()),
      ...removals(observers.sights(fromMs), services.wanted()),
    ];
    assert.equal(lost.length, 0, describeFindings(lost, fromMs));
  }
});
