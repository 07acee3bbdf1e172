/**
 * A few objects of every direction in one namespace of an embedded world: configs that are declared and mirrored, configs
 * that applications publish, Services with slices. `change` moves all of them, `expectEqual` waits until both sides agree.
 */
import assert from 'node:assert/strict';
import { eventually } from '../real/eventually.ts';
import type { EmbeddedWorld } from './world.ts';

const bridge = 'bridge.nacos.io/v1alpha1';
const size = 4;

export class SmallFleet {
  readonly #world: EmbeddedWorld;
  readonly #namespace: string;
  #round = 0;

  private constructor(world: EmbeddedWorld, namespace: string) {
    this.#world = world;
    this.#namespace = namespace;
  }

  static async create(world: EmbeddedWorld, namespace: string): Promise<SmallFleet> {
    const fleet = new SmallFleet(world, namespace);
    await world.backends.kubernetes.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } });
    await fleet.#forEach(async (name) => {
      await fleet.#apply(bridge, 'NacosConfig', `${name}-out`, fleet.#declared(name));
      const mirror = { configMap: { name: `${name}-in` } };
      await fleet.#apply(bridge, 'NacosConfig', `${name}-in`, { spec: { group: namespace, source: 'Nacos', mirror } });
      const annotations = { 'bridge.nacos.io/export': 'true', 'bridge.nacos.io/group': namespace };
      const spec = { ports: [{ name: 'http', port: 80 }] };
      await fleet.#apply('v1', 'Service', name, { metadata: { annotations }, spec });
    });
    return fleet;
  }

  /** New content in Kubernetes and in Nacos, and other endpoints. */
  async change(): Promise<void> {
    this.#round += 1;
    await this.#forEach(async (name) => {
      await this.#apply(bridge, 'NacosConfig', `${name}-out`, this.#declared(name));
      await this.#world.backends.nacos.publish(this.#key(`${name}-in`), this.#content(name));
      await this.#apply('discovery.k8s.io/v1', 'EndpointSlice', name, {
        metadata: { labels: { 'kubernetes.io/service-name': name } },
        addressType: 'IPv4',
        ports: [{ name: 'http', port: 80 }],
        endpoints: this.#addresses().map((address) => ({ addresses: [address], conditions: { ready: true } })),
      });
    });
  }

  async expectEqual(limitMs: number): Promise<void> {
    const { kubernetes, nacos } = this.#world.backends;
    await this.#forEach((name) =>
      eventually(limitMs, async () => {
        const content = this.#content(name);
        assert.equal((await nacos.read(this.#key(`${name}-out`)))?.content, content);
        const mirror = await kubernetes.get(this.#ref('v1', 'ConfigMap', `${name}-in`));
        assert.equal((mirror?.['data'] as Record<string, string> | undefined)?.[`${name}-in`], content);
        const service = { serviceName: name, group: this.#namespace, namespaceId: '' };
        const addresses = (await nacos.instances(service)).map(({ ip }) => ip);
        assert.deepEqual(addresses.toSorted(), this.#addresses().toSorted());
        for (const kind of [`${name}-out`, `${name}-in`]) {
          const resource = await kubernetes.get(this.#ref(bridge, 'NacosConfig', kind));
          const { conditions = [] } = (resource?.['status'] ?? {}) as {
            conditions?: { type: string; status: string }[];
          };
          assert.equal(conditions.find(({ type }) => type === 'Ready')?.status, 'True', kind);
        }
      }),
    );
  }

  #declared(name: string): object {
    const content = this.#content(name);
    return { spec: { group: this.#namespace, content, mirror: { configMap: { name: `${name}-out` } } } };
  }

  #content(name: string): string {
    return `${name} in round ${this.#round}`;
  }

  #addresses(): string[] {
    return [1, 2].map((host) => `10.9.${this.#round}.${host}`);
  }

  #key(dataId: string) {
    return { dataId, group: this.#namespace, namespaceId: '' };
  }

  #ref(apiVersion: string, kind: string, name: string) {
    return { apiVersion, kind, namespace: this.#namespace, name };
  }

  async #apply(apiVersion: string, kind: string, name: string, body: object): Promise<void> {
    const { metadata = {}, ...rest } = body as { metadata?: object };
    const object = { apiVersion, kind, metadata: { ...metadata, name, namespace: this.#namespace }, ...rest };
    await this.#world.backends.kubernetes.apply(object);
  }

  async #forEach(work: (name: string) => Promise<void>): Promise<void> {
    await Promise.all(Array.from({ length: size }, (_, index) => work(`item-${index}`)));
  }
}
