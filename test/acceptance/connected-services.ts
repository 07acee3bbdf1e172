/**
 * A namespace with NacosConnections of its own and Services that are published over them by annotations, in a group of the
 * namespace's name; and somebody who looks all the time whether all of them are in Nacos.
 */
import assert from 'node:assert/strict';
import { setTimeout as pause } from 'node:timers/promises';
import { eventually } from '../eventually.ts';
import type { KubeObject, ObjectRef } from '../scenarios/backends.ts';
import type { NacosEndpoint } from '../scenarios/nacos-backend.ts';
import type { World } from './world.ts';

const apiVersion = 'bridge.nacos.io/v1alpha1';
const lookEveryMs = 50;
const ports = [{ name: 'http', port: 80, protocol: 'TCP' }];

interface Condition {
  readonly type: string;
  readonly status: string;
  readonly reason: string;
  readonly message: string;
}

export class ConnectedServices {
  /** Also the group in Nacos. */
  readonly namespace: string;
  /** Address by name. */
  readonly #services = new Map<string, string>();
  readonly #world: World;

  private constructor(world: World, namespace: string) {
    this.#world = world;
    this.namespace = namespace;
  }

  static async create(world: World, namespace: string): Promise<ConnectedServices> {
    await world.backends.kubernetes.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } });
    return new ConnectedServices(world, namespace);
  }

  /** Creates or changes a NacosConnection with a login of the given Secret. */
  async connect(name: string, { host, port, grpcPort }: NacosEndpoint, spec: object = {}): Promise<void> {
    const auth = { password: { secretRef: { name: 'login' } } };
    await this.#apply(apiVersion, 'NacosConnection', name, {
      spec: { servers: [{ host, port, grpcPort }], auth, ...spec },
    });
  }

  async login({ username }: NacosEndpoint, password: string): Promise<void> {
    await this.#apply('v1', 'Secret', 'login', { stringData: { username, password } });
  }

  /** Creates a Service, or changes its one address. */
  async offer(name: string, connection: string, address: string): Promise<void> {
    this.#services.set(name, address);
    const annotations = {
      'bridge.nacos.io/export': 'true',
      'bridge.nacos.io/group': this.namespace,
      'bridge.nacos.io/connection': connection,
    };
    await this.#apply('v1', 'Service', name, { metadata: { annotations }, spec: { ports } });
    await this.#applySlice(name, address);
  }

  /** Creates a Service that waits for `export`. */
  async prepare(name: string, address: string): Promise<void> {
    this.#services.set(name, address);
    await this.#apply('v1', 'Service', name, { metadata: { labels: { prepared: 'true' } }, spec: { ports } });
    await this.#applySlice(name, address);
  }

  /** Has all that were prepared published at once, over a connection. */
  async export(connection: string): Promise<void> {
    const source = { serviceSelector: { matchLabels: { prepared: 'true' } } };
    const spec = { connectionRef: { name: connection }, group: this.namespace, source };
    await this.#apply(apiVersion, 'NacosService', 'prepared', { spec });
  }

  async retract(name: string): Promise<void> {
    this.#services.delete(name);
    await this.#world.backends.kubernetes.delete(this.#ref('v1', 'Service', name));
  }

  async addressOf(serviceName: string): Promise<string | undefined> {
    const key = { namespaceId: '', group: this.namespace, serviceName };
    const hosts = (await this.#world.backends.nacos.instances(key)).map(({ ip }) => ip);
    assert.ok(hosts.length <= 1, `${serviceName} has ${hosts.join()}`);
    return hosts[0];
  }

  async assertPublished(): Promise<void> {
    const found = [...this.#services.keys()].map(async (name) => [name, await this.addressOf(name)] as const);
    assert.deepEqual(new Map(await Promise.all(found)), this.#services);
  }

  /** Names that were not in Nacos at some look from now on; to be asked for at the end. */
  watchForGaps(): { end(): Promise<readonly string[]> } {
    const missed = new Set<string>();
    let isOver = false;
    const looking = (async () => {
      while (!isOver) {
        for (const name of this.#services.keys()) if ((await this.addressOf(name)) === undefined) missed.add(name);
        // The servers have others to answer.
        await pause(lookEveryMs);
      }
    })();
    // `end` says so; of a test that has failed before that its servers are gone.
    looking.catch(() => {});
    return {
      end: async () => {
        isOver = true;
        await looking;
        return [...missed].toSorted();
      },
    };
  }

  /** Deletes it once it is known that it is used. */
  async disconnect(limitMs: number, name: string): Promise<void> {
    await eventually(limitMs, async () => {
      assert.deepEqual((await this.connection(name))?.metadata['finalizers'], ['bridge.nacos.io/in-use']);
    });
    await this.#world.backends.kubernetes.delete(this.connectionRef(name));
  }

  async connection(name: string): Promise<KubeObject | undefined> {
    return this.#world.backends.kubernetes.get(this.connectionRef(name));
  }

  connectionRef(name: string): ObjectRef {
    return this.#ref(apiVersion, 'NacosConnection', name);
  }

  /** Of a NacosConnection, by type. */
  async conditions(name: string): Promise<Map<string, Condition>> {
    const { status } = ((await this.connection(name)) ?? {}) as { status?: { conditions?: Condition[] } };
    return new Map((status?.conditions ?? []).map((condition) => [condition.type, condition]));
  }

  async awaitCondition(limitMs: number, name: string, type: string, status: string | undefined): Promise<Condition> {
    return eventually(limitMs, async () => {
      const condition = (await this.conditions(name)).get(type);
      assert.equal(condition?.status, status, `${type} of ${name}: ${JSON.stringify(condition)}`);
      return condition ?? { type, status: '', reason: '', message: '' };
    });
  }

  async delete(): Promise<void> {
    await this.#world.backends.kubernetes.delete({
      apiVersion: 'v1',
      kind: 'Namespace',
      namespace: '',
      name: this.namespace,
    });
  }

  async #applySlice(name: string, address: string): Promise<void> {
    await this.#apply('discovery.k8s.io/v1', 'EndpointSlice', name, {
      metadata: { labels: { 'kubernetes.io/service-name': name } },
      addressType: 'IPv4',
      ports,
      endpoints: [{ addresses: [address], conditions: { ready: true } }],
    });
  }

  async #apply(version: string, kind: string, name: string, rest: { metadata?: object; [field: string]: unknown }) {
    const metadata = { ...rest.metadata, name, namespace: this.namespace };
    await this.#world.backends.kubernetes.apply({ ...rest, apiVersion: version, kind, metadata });
  }

  #ref(version: string, kind: string, name: string): ObjectRef {
    return { apiVersion: version, kind, namespace: this.namespace, name };
  }
}
