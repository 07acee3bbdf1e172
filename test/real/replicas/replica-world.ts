/**
 * Replicas of the operator as they run for users: the chart installed by helm, its pods rolled by the real Deployment
 * controller and run by a small kubelet, each with a network of its own to the API server and to each node of a real
 * Nacos; services that they publish; and clients of Nacos that watch all the time.
 */
import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { mainFile } from '../../operator-process.ts';
import type { KubeObject } from '../../scenarios/backends.ts';
import { RestKubernetes } from '../../scenarios/kubernetes-backend.ts';
import type { KubeletPod, Pod, PodProgram } from '../../testbed/kubelet-pod.ts';
import { Kubelet } from '../../testbed/kubelet.ts';
import { startKubernetes } from '../../testbed/kubernetes.ts';
import type { KubernetesServer } from '../../testbed/kubernetes.ts';
import { nodeObject, startKwok } from '../../testbed/kwok.ts';
import type { Kwok } from '../../testbed/kwok.ts';
import { eventually } from '../../eventually.ts';
import { ChartRelease } from './chart-release.ts';
import { startNacosSide } from './nacos-side.ts';
import type { NacosSide, SideName } from './nacos-side.ts';
import { Observers } from './observers.ts';
import { PublishedServices } from './published-services.ts';
import { publishersOf } from '../../testbed/nacos-publishers.ts';
import { ReplicaLinks } from './replica-links.ts';

/** Where kwok plays the pods of published Services. */
export const podNode = 'node-1';
const operatorNode = 'operator-node-1';
const endpointsEach = 3;
const settleLimitMs = 120_000;
const stableMs = 2000;
const electionLimitMs = 30_000;

export interface ReplicaWorldOptions {
  /** @default 50 */
  readonly services?: number;
}

interface Deployment extends KubeObject {
  readonly metadata: KubeObject['metadata'] & { readonly generation?: number };
  readonly status?: Readonly<Record<string, number>>;
}

export class ReplicaWorld {
  readonly side: SideName;
  readonly kubernetes: KubernetesServer;
  readonly nacos: NacosSide;
  readonly rest: RestKubernetes;
  readonly release: ChartRelease;
  readonly #dir: string;
  readonly #links = new Map<string, Promise<ReplicaLinks>>();
  #kwok: Kwok | undefined;
  #kubelet: Kubelet | undefined;
  #services: PublishedServices | undefined;
  #observers: Observers | undefined;
  #replicas = 2;

  private constructor(side: SideName, dir: string, kubernetes: KubernetesServer, nacos: NacosSide) {
    this.side = side;
    this.#dir = dir;
    this.kubernetes = kubernetes;
    this.nacos = nacos;
    this.rest = new RestKubernetes(kubernetes.kubeconfig);
    this.release = new ChartRelease(kubernetes, dir);
  }

  static async start(side: SideName, { services = 50 }: ReplicaWorldOptions = {}): Promise<ReplicaWorld> {
    const dir = await mkdtemp(join(tmpdir(), `nacos-bridge-replicas-${side}-`));
    const starts = await Promise.allSettled([startKubernetes(), startNacosSide(side)] as const);
    const [kubernetes, nacos] = starts;
    if (kubernetes.status === 'rejected' || nacos.status === 'rejected') {
      if (kubernetes.status === 'fulfilled') await kubernetes.value.stop();
      if (nacos.status === 'fulfilled') await nacos.value.stop();
      throw kubernetes.status === 'rejected' ? kubernetes.reason : (nacos as PromiseRejectedResult).reason;
    }
    const world = new ReplicaWorld(side, dir, kubernetes.value, nacos.value);
    try {
      await world.#fill(services);
    } catch (error) {
      await world.stop();
      throw error;
    }
    return world;
  }

  get services(): PublishedServices {
    assert.ok(this.#services);
    return this.#services;
  }

  get observers(): Observers {
    assert.ok(this.#observers);
    return this.#observers;
  }

  /** Those that are to stay, the oldest first. */
  get replicas(): readonly KubeletPod[] {
    return this.#kubelet?.pods ?? [];
  }

  async links(replica: KubeletPod): Promise<ReplicaLinks> {
    return this.#linksOf(replica.name);
  }

  /** The replica that holds the Lease, and the one that does not. @throws Error when none holds it for a while */
  async roles(): Promise<{ leader: KubeletPod; other: KubeletPod }> {
    return eventually(electionLimitMs, async () => {
      const lease = await this.rest.get(this.#lease);
      const holder = (lease?.['spec'] as { readonly holderIdentity?: string } | undefined)?.holderIdentity;
      const leader = this.replicas.find(({ name }) => name === holder);
      const other = this.replicas.find(({ name }) => name !== holder);
      assert.ok(leader && other, `the Lease must be held by one of two replicas; it is held by ${holder ?? 'nobody'}`);
      return { leader, other };
    });
  }

  /** Writes another holder into the Lease. */
  async handLeaseTo({ name }: KubeletPod): Promise<void> {
    await this.rest.patch(this.#lease, { spec: { holderIdentity: name } });
  }

  /** Runs another number of replicas from now on, one or two. */
  async scale(replicas: number): Promise<void> {
    this.#replicas = replicas;
    await this.release.upgrade([`replicaCount=${replicas}`]);
    await this.settled();
  }

  /**
   * Waits until the rollout is over, every replica is Ready and publishes every service, and every node of Nacos shows
   * exactly what the slices say; all that by the same connections for two seconds, since the nodes of a cluster tell each
   * other every second only, and what one of them says may be about a connection that is no more.
   *
   * @throws Error with what is still missing
   */
  async settled(limitMs = settleLimitMs): Promise<void> {
    let before: string[][] = [];
    await eventually(limitMs, async () => {
      await this.#assertRolledOut();
      const after: string[][] = [];
      for (const node of this.nacos.nodes.keys()) after.push(...(await this.assertEqual(node)));
      if (isDeepStrictEqual(before, after)) return;
      before = after;
      await pause(stableMs);
      assert.fail('the publishers must stay the same for a while');
    });
  }

  async #assertRolledOut(): Promise<void> {
    const ready = this.replicas.filter(({ isReady }) => isReady);
    const all = this.#replicas;
    assert.deepEqual([this.replicas.length, ready.length], [all, all], 'replicas, Ready ones');
    const deployment: Deployment | undefined = await this.rest.get(this.#deployment);
    const { observedGeneration, updatedReplicas, readyReplicas, replicas } = deployment?.status ?? {};
    const wanted = [deployment?.metadata.generation, all, all, all];
    assert.deepEqual([observedGeneration, updatedReplicas, readyReplicas, replicas], wanted, 'the rollout');
  }

  /**
   * Looks at one node of Nacos once; returns the publishers of each service.
   *
   * @throws AssertionError when it does not show what the slices say, or not from that many publishers
   */
  async assertEqual(node: number, publishers = this.#replicas): Promise<string[][]> {
    const server = this.nacos.nodes[node];
    assert.ok(server);
    this.assertToldEqual(node);
    const wanted = this.services.wanted();
    const registered = await server.admin.naming.registered('', this.services.group);
    const hosts = this.services.names.map((service) => {
      const instances = registered.get(service) ?? [];
      return [service, instances.map(({ ip, port }) => `${ip}:${port}`).toSorted()] as const;
    });
    assert.deepEqual(new Map(hosts), wanted);
    const found = await Promise.all(
      [...wanted].flatMap(([service, [host]]) =>
        host === undefined ? [] : [publishersOf(server, this.services.group, service, host)],
      ),
    );
    const counts = new Set(found.map((ids) => ids.length));
    assert.deepEqual([...counts], [publishers], `numbers of publishers of a service, by node ${node}`);
    return found;
  }

  /** The same for what subscribers of one node were told last. @throws AssertionError */
  assertToldEqual(node = 0): void {
    const told = this.observers.told(node);
    assert.deepEqual(
      new Map(this.services.names.map((service) => [service, told.get(service)])),
      this.services.wanted(),
    );
  }

  /** Ends everything; the logs of the replicas stay when `TEST_LOGS` names a folder. */
  async stop(): Promise<void> {
    await this.#observers?.stop();
    await this.#kubelet?.stop();
    await this.#kwok?.stop();
    for (const links of this.#links.values()) await (await links).close();
    await this.rest.close();
    await this.kubernetes.stop();
    await this.nacos.stop();
    await rm(this.#dir, { recursive: true, force: true });
  }

  async #fill(services: number): Promise<void> {
    const { nodes } = this.nacos;
    const logDir = process.env['TEST_LOGS'] ?? join(this.#dir, 'logs');
    await mkdir(logDir, { recursive: true });
    await this.release.createNamespace(nodes);
    this.#kwok = await startKwok(this.kubernetes, podNode);
    await this.rest.apply(nodeObject(podNode) as KubeObject);
    this.#kubelet = await Kubelet.start(this.kubernetes, {
      namespace: this.release.namespace,
      node: operatorNode,
      program: (pod) => this.#program(pod),
      logDir,
    });
    await this.release.install(nodes, [`replicaCount=${this.#replicas}`]);
    this.#services = await PublishedServices.create(this.rest, services, endpointsEach);
    this.#observers = await Observers.start(nodes, this.services.group, this.services.names);
    await this.settled();
  }

  async #program(pod: Pod): Promise<PodProgram> {
    const { apiServer, rewrite } = await this.#linksOf(pod.metadata.name);
    return { command: process.execPath, args: [mainFile], env: {}, rewrite, apiServer };
  }

  #linksOf(replica: string): Promise<ReplicaLinks> {
    const links = this.#links.get(replica) ?? ReplicaLinks.start(this.kubernetes, this.nacos.nodes);
    this.#links.set(replica, links);
    // What failed is tried anew.
    links.catch(() => this.#links.delete(replica));
    return links;
  }

  get #lease() {
    const { name, namespace } = this.release;
    return { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', namespace, name };
  }

  get #deployment() {
    const { name, namespace } = this.release;
    return { apiVersion: 'apps/v1', kind: 'Deployment', namespace, name };
  }
}
