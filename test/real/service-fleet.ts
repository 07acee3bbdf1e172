/**
 * A namespace of Services with pods that kwok plays, all published by one NacosService in a group of the namespace's name.
 * EndpointSlices are made by Kubernetes' own controller, but for those that a test writes by hand.
 */
import assert from 'node:assert/strict';
import type { KubeObject, ObjectRef } from '../scenarios/backends.ts';
import { RestKubernetes } from '../scenarios/kubernetes-backend.ts';
import type { NacosInstance } from '../testbed/nacos-naming-admin.ts';
import { eventually } from '../eventually.ts';
import { SliceWatch } from './slice-watch.ts';
import { nodeName } from './world.ts';
import type { RealWorld } from './world.ts';

const podLimitMs = 30_000;
const label = 'fleet.test/published';

export interface ServicePort {
  readonly name: string;
  readonly port: number;
}

export class ServiceFleet {
  /** Also the group in Nacos. */
  readonly namespace: string;
  readonly slices: SliceWatch;
  readonly #world: RealWorld;
  readonly #kubernetes: RestKubernetes;
  /** Names of the ports by Service. */
  readonly #services = new Map<string, readonly ServicePort[]>();

  private constructor(world: RealWorld, namespace: string) {
    this.#world = world;
    this.namespace = namespace;
    this.#kubernetes = new RestKubernetes(world.kubernetes.kubeconfig);
    this.slices = new SliceWatch(this.#kubernetes, namespace);
  }

  static async create(world: RealWorld, namespace: string): Promise<ServiceFleet> {
    const fleet = new ServiceFleet(world, namespace);
    await fleet.#apply('v1', 'Namespace', '', { metadata: { name: namespace } });
    fleet.slices.start();
    const source = { serviceSelector: { matchExpressions: [{ key: label, operator: 'Exists' }] } };
    await fleet.#apply('bridge.nacos.io/v1alpha1', 'NacosService', 'fleet', { spec: { group: namespace, source } });
    return fleet;
  }

  /** A Service whose EndpointSlices are written with `writeSlice`. */
  async addBare(name: string, ports: readonly ServicePort[] = [{ name: 'http', port: 80 }]): Promise<void> {
    this.#services.set(name, ports);
    await this.#apply('v1', 'Service', name, { metadata: { labels: { [label]: 'true' } }, spec: { ports } });
  }

  async writeSlice(service: string, addresses: readonly string[]): Promise<void> {
    const labels = { 'kubernetes.io/service-name': service, 'endpointslice.kubernetes.io/managed-by': 'test' };
    const ports = this.#services.get(service)?.map(({ name, port }) => ({ name, port, protocol: 'TCP' }));
    const endpoints = addresses.map((address) => ({ addresses: [address], conditions: { ready: true } }));
    const body = { metadata: { labels }, addressType: 'IPv4', ports, endpoints };
    await this.#apply('discovery.k8s.io/v1', 'EndpointSlice', service, body);
  }

  async deleteSlice(service: string): Promise<void> {
    await this.#delete('discovery.k8s.io/v1', 'EndpointSlice', service);
  }

  /** A Service with a Deployment of pods that are ready within a second or two. */
  async add(
    name: string,
    replicas: number,
    ports: readonly ServicePort[] = [{ name: 'http', port: 80 }],
  ): Promise<void> {
    this.#services.set(name, ports);
    const [labels, metadata] = [{ app: name }, { labels: { [label]: 'true' } }];
    await this.#apply('v1', 'Service', name, { metadata, spec: { selector: labels, ports } });
    const containers = [{ name: 'main', image: 'none' }];
    const template = { metadata: { labels }, spec: { nodeName, containers, terminationGracePeriodSeconds: 1 } };
    const spec = { replicas, selector: { matchLabels: labels }, template };
    await this.#apply('apps/v1', 'Deployment', name, { spec });
  }

  async scale(name: string, replicas: number): Promise<void> {
    await this.#kubernetes.patch(this.#ref('apps/v1', 'Deployment', name), { spec: { replicas } });
  }

  async pods(name: string): Promise<KubeObject[]> {
    const pods = await this.#kubernetes.list('v1', 'Pod', this.namespace);
    const isOurs = ({ metadata }: KubeObject): boolean => (metadata['labels'] as { app?: string }).app === name;
    return pods.filter(isOurs).sort((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1));
  }

  /** As a failing probe would. */
  async makeUnready(pod: string): Promise<void> {
    const status = { conditions: [{ type: 'Ready', status: 'False', lastTransitionTime: new Date().toISOString() }] };
    await this.#kubernetes.applyStatus({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: pod, namespace: this.namespace },
      status,
    });
  }

  /** Begins the end of a pod, which stays terminating until `release`. */
  async holdAndDelete(pod: string): Promise<void> {
    await this.#kubernetes.patch(this.#ref('v1', 'Pod', pod), { metadata: { finalizers: ['fleet.test/hold'] } });
    await this.#delete('v1', 'Pod', pod);
  }

  async release(pod: string): Promise<void> {
    await this.#kubernetes.patch(this.#ref('v1', 'Pod', pod), { metadata: { finalizers: null } });
  }

  /** Waits until Kubernetes lists exactly these numbers of endpoints for the Service. */
  async endpointsAre(
    service: string,
    counts: { healthy: number; unhealthy?: number; disabled?: number },
  ): Promise<void> {
    await eventually(podLimitMs, async () => {
      const { healthy, unhealthy = 0, disabled = 0 } = counts;
      const found = this.slices.wanted(service, this.#services.get(service)?.[0]?.name ?? '');
      const states = ['healthy', 'unhealthy', 'disabled'] as const;
      const actual = states.map((state) => found.filter((line) => line.endsWith(` ${state}`)).length);
      assert.deepEqual(actual, [healthy, unhealthy, disabled], `the endpoints of ${service} by state`);
    });
  }

  /** Compares all services of the group in Nacos with all EndpointSlices. @throws AssertionError */
  async assertEqual(): Promise<void> {
    const registered = await this.registered();
    const wanted = [...this.#services].flatMap(([service, ports]) =>
      ports.map(({ name }, position): [string, string[]] => [
        position === 0 ? service : `${service}-${name}`,
        this.slices.wanted(service, name),
      ]),
    );
    const actual = wanted.map(([service]) => [service, (registered.get(service) ?? []).map(lineOf).sort()]);
    assert.deepEqual(actual, wanted, 'the instances of each service');
    const names = new Set(wanted.map(([service]) => service));
    assert.deepEqual(
      [...registered.keys()].filter((service) => !names.has(service)),
      [],
      'services of nobody',
    );
  }

  /** Waits until both sides are equal; returns how long after the last change of the Service's slices, in milliseconds. */
  async equalAfterMs(service: string, limitMs: number): Promise<number> {
    await eventually(limitMs, () => this.assertEqual());
    return performance.now() - this.slices.changedAtMs(service);
  }

  async registered(): Promise<Map<string, NacosInstance[]>> {
    return this.#world.nacos.admin.naming.registered('', this.namespace);
  }

  /** What clients are told of a service: addresses, sorted. */
  async offered(service: string): Promise<string[]> {
    const instances = await this.#world.nacos.admin.naming.offered('', this.namespace, service);
    return instances.map(({ ip, port }) => `${ip}:${port}`).sort();
  }

  async retract(): Promise<void> {
    await this.#delete('bridge.nacos.io/v1alpha1', 'NacosService', 'fleet');
  }

  /** Deletes the namespace without waiting for the end of it. */
  async delete(): Promise<void> {
    this.slices.stop();
    await this.#kubernetes.delete({ apiVersion: 'v1', kind: 'Namespace', namespace: '', name: this.namespace });
    await this.#kubernetes.close();
  }

  async #apply(apiVersion: string, kind: string, name: string, body: Record<string, unknown>): Promise<void> {
    const metadata = { name, namespace: this.namespace, ...(body['metadata'] as object | undefined) };
    await this.#kubernetes.apply({
      ...body,
      apiVersion,
      kind,
      metadata: kind === 'Namespace' ? { name: this.namespace } : metadata,
    });
  }

  async #delete(apiVersion: string, kind: string, name: string): Promise<void> {
    await this.#kubernetes.delete(this.#ref(apiVersion, kind, name));
  }

  #ref(apiVersion: string, kind: string, name: string): ObjectRef {
    return { apiVersion, kind, namespace: this.namespace, name };
  }
}

/** As SliceWatch writes it. */
function lineOf({ ip, port, healthy, enabled }: NacosInstance): string {
  return `${ip}:${port} ${!enabled ? 'disabled' : healthy ? 'healthy' : 'unhealthy'}`;
}
