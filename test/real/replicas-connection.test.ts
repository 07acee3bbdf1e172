/**
 * A NacosConnection under a thousand instances gets settings that do not work, and the operator is restarted and upgraded
 * meanwhile: nothing leaves Nacos for as long as that lasts.
 */
import assert from 'node:assert/strict';
import { setTimeout as pause } from 'node:timers/promises';
import { eventually } from '../eventually.ts';
import { freePorts } from '../testbed/ports.ts';
import { figure } from './replicas/figure.ts';
import { sideName } from './replicas/nacos-side.ts';
import { Observers } from './replicas/observers.ts';
import { PublishedServices } from './replicas/published-services.ts';
import type { ReplicaWorld } from './replicas/replica-world.ts';
import { sharedReplicaWorld, startLimitMs } from './replicas/shared-replica-world.ts';
import { describeFindings, removals, type Hosts } from './replicas/sights.ts';

const group = 'connected';
const services = 100;
const endpointsEach = 10;
/** Longer than it took once until all was withdrawn. */
const lastsMs = 60_000;
const limitMs = 60_000;
const apiVersion = 'bridge.nacos.io/v1alpha1';
const ref = { apiVersion, kind: 'NacosConnection', namespace: group, name: 'main' };

describe(`a connection under a thousand instances with Nacos ${sideName}`, function () {
  this.timeout(600_000);
  let world: ReplicaWorld;
  let published: PublishedServices;
  let observers: Observers | undefined;

  before(async function () {
    this.timeout(startLimitMs + 120_000);
    world = await sharedReplicaWorld();
    await world.rest.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: group } });
    await login(world.nacos.nodes[0]?.password ?? '');
    await connect();
    published = await PublishedServices.create(world.rest, services, endpointsEach, { group, connection: 'main' });
    await eventually(limitMs, assertRegistered);
    observers = await Observers.start(world.nacos.nodes, group, published.names);
    await world.settled();
  });

  after(async () => {
    await observers?.stop();
    await world?.rest.delete({ apiVersion: 'v1', kind: 'Namespace', namespace: '', name: group });
  });

  it('loses none by a wrong password, nor when one of two replicas is restarted meanwhile', async () => {
    const [fromMs, before] = [performance.now(), published.wanted()];
    await login('wrong');
    await formerIs('True');
    const { leader, other } = await world.roles();
    await other.kill('SIGKILL');
    await eventually(limitMs, async () => assert.ok(other.restarts > 0 && other.isRunning));
    const [stays] = published.endpoints('service-0');
    assert.ok(stays);
    await published.write('service-0', [stays, { address: '10.30.0.1' }]);
    await eventually(limitMs, assertRegistered);
    await pause(lastsMs);
    assert.equal(other.isReady, false, 'a replica that does not have what the other one holds must not be Ready');
    assert.equal(leader.isReady, true);
    await login(world.nacos.nodes[0]?.password ?? '');
    await mended(fromMs, before, 'wrong-password');
  });

  it('loses none by a typo in the servers, nor when the operator is upgraded meanwhile', async () => {
    const [closedPort = 1] = await freePorts(1);
    const [fromMs, before] = [performance.now(), published.wanted()];
    await connect(closedPort);
    await formerIs('True');
    await world.release.upgradeVersion();
    await pause(lastsMs);
    await connect();
    await mended(fromMs, before, 'typo-in-servers');
  });

  /** Those that are wanted still. */
  function liveSince(before: Hosts): Hosts {
    const now = published.wanted();
    return new Map([...before].map(([name, hosts]) => [name, hosts.filter((host) => now.get(name)?.includes(host))]));
  }

  async function mended(fromMs: number, before: Hosts, name: string): Promise<void> {
    await formerIs(undefined);
    await world.settled();
    await eventually(limitMs, assertRegistered);
    const lost = removals(observers?.sights(fromMs) ?? [], liveSince(before));
    figure(`connection.${name}.lost`, lost.length, 'instances');
    assert.equal(lost.length, 0, describeFindings(lost, fromMs));
  }

  async function login(password: string): Promise<void> {
    const stringData = { username: world.nacos.nodes[0]?.username, password };
    await world.rest.apply({
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'login', namespace: group },
      stringData,
    });
  }

  async function connect(port?: number): Promise<void> {
    const servers = world.nacos.nodes.map((node) => ({ host: node.host, port: port ?? node.port }));
    const spec = {
      servers: port === undefined ? servers : servers.slice(0, 1),
      auth: { password: { secretRef: { name: 'login' } } },
    };
    await world.rest.apply({ apiVersion, kind: ref.kind, metadata: { name: ref.name, namespace: group }, spec });
  }

  async function formerIs(status: string | undefined): Promise<void> {
    await eventually(limitMs, async () => {
      const found = (await world.rest.get(ref)) as
        { status?: { conditions?: { type: string; status: string }[] } } | undefined;
      assert.equal(found?.status?.conditions?.find(({ type }) => type === 'FormerInUse')?.status, status);
    });
  }

  async function assertRegistered(): Promise<void> {
    const registered = await world.nacos.nodes[0]?.admin.naming.registered('', group);
    const hosts = published.names.map((name) => {
      const instances = registered?.get(name) ?? [];
      return [name, instances.map(({ ip, port }) => `${ip}:${port}`).toSorted()] as const;
    });
    assert.deepEqual(new Map(hosts), published.wanted());
  }
});
