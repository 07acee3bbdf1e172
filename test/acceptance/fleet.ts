/**
 * A namespace full of NacosConfigs and Services, of which a test knows what both sides must hold. Changes are made as users
 * make them, in Kubernetes and in Nacos; `assertConverged` compares everything that is there with everything that should be.
 *
 * The namespace's name is the group in Nacos, and a dataId is the name of its NacosConfig, so what is left over on either
 * side is found by listing.
 */
import assert from 'node:assert/strict';
import type { KubeObject } from '../scenarios/backends.ts';
import type { World } from './world.ts';

const apiVersion = 'bridge.nacos.io/v1alpha1';
/** Made by Kubernetes itself in every namespace. */
const rootCertificate = 'kube-root-ca.crt';

export class Fleet {
  readonly namespace: string;
  /** Declared in Kubernetes: content by dataId. */
  readonly declared = new Map<string, string>();
  /** Published by applications and mirrored: content by dataId. */
  readonly mirrored = new Map<string, string>();
  /** Published Services: addresses by name. */
  readonly offered = new Map<string, readonly string[]>();
  readonly #world: World;

  private constructor(world: World, namespace: string) {
    this.#world = world;
    this.namespace = namespace;
  }

  static async create(world: World, namespace: string): Promise<Fleet> {
    await world.backends.kubernetes.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } });
    return new Fleet(world, namespace);
  }

  /** Creates or changes a NacosConfig with inline content. */
  async declare(name: string, content: string): Promise<void> {
    this.declared.set(name, content);
    await this.#apply(name, { content });
  }

  /** Creates or changes a NacosConfig with content from a ConfigMap, which is there first. */
  async declareByConfigMap(name: string, content: string): Promise<void> {
    await this.writeSource(name, content);
    await this.declareBySource(name);
  }

  /** Creates or changes a ConfigMap for a NacosConfig of this name. */
  async writeSource(name: string, content: string): Promise<void> {
    this.declared.set(name, content);
    const metadata = { name: `source-${name}`, namespace: this.namespace };
    const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata, data: { text: content } };
    await this.#world.backends.kubernetes.apply(object);
  }

  /** Creates a NacosConfig with content from the ConfigMap of its name. */
  async declareBySource(name: string): Promise<void> {
    await this.#apply(name, { contentFrom: sourceOf(name) });
  }

  /** Creates or changes a NacosConfig whose content both sides may edit. */
  async declareForBoth(name: string, content: string): Promise<void> {
    await this.writeSource(name, content);
    await this.#apply(name, { source: 'Both', contentFrom: sourceOf(name) });
  }

  /** Deletes a NacosConfig that declares content. */
  async retract(name: string): Promise<void> {
    this.declared.delete(name);
    await this.#world.backends.kubernetes.delete({ apiVersion, kind: 'NacosConfig', namespace: this.namespace, name });
  }

  /** Creates a NacosConfig that mirrors a dataId, which is published first. */
  async mirror(name: string, content: string): Promise<void> {
    await this.publish(name, content);
    await this.#apply(name, { source: 'Nacos', mirror: { configMap: { name: `mirror-${name}`, key: 'text' } } });
  }

  /** Publishes a mirrored dataId as an application does. */
  async publish(name: string, content: string): Promise<void> {
    this.mirrored.set(name, content);
    await this.#world.backends.nacos.publish(this.#key(name), content);
  }

  /** Edits a declared dataId in Nacos, which the operator has to put back. */
  async meddle(name: string, content: string): Promise<void> {
    await this.#world.backends.nacos.publish(this.#key(name), content);
  }

  /** Creates or changes a Service that is published by its annotations, and its endpoints. */
  async offer(name: string, addresses: readonly string[]): Promise<void> {
    this.offered.set(name, addresses);
    const { kubernetes } = this.#world.backends;
    const annotations = { 'bridge.nacos.io/export': 'true', 'bridge.nacos.io/group': this.namespace };
    const ports = [{ name: 'http', port: 80, protocol: 'TCP' }];
    const metadata = { name, namespace: this.namespace };
    await kubernetes.apply({
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { ...metadata, annotations },
      spec: { ports },
    });
    await kubernetes.apply({
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: { ...metadata, labels: { 'kubernetes.io/service-name': name } },
      addressType: 'IPv4',
      ports,
      endpoints: addresses.map((address) => ({ addresses: [address], conditions: { ready: true } })),
    });
  }

  async delete(): Promise<void> {
    const ref = { apiVersion: 'v1', kind: 'Namespace', namespace: '', name: this.namespace };
    await this.#world.backends.kubernetes.delete(ref);
    await Promise.all([...this.mirrored.keys()].map((name) => this.#world.backends.nacos.remove(this.#key(name))));
  }

  /** @throws AssertionError about the first thing that is not as it should be */
  async assertConverged(): Promise<void> {
    const { kubernetes } = this.#world.backends;
    const names = [...this.declared.keys(), ...this.mirrored.keys()].sort();
    const configs = await kubernetes.list(apiVersion, 'NacosConfig', this.namespace);
    assert.deepEqual(configs.map((config) => config.metadata.name).sort(), names, 'the NacosConfigs that are there');
    for (const config of configs) assertReady(config);
    await this.assertNacos();
    const maps = await kubernetes.list('v1', 'ConfigMap', this.namespace);
    const mirrors = new Map(maps.filter(isMirror).map((map) => [map.metadata.name, map['data']]));
    const wanted = [...this.mirrored].map(([name, content]) => [`mirror-${name}`, { text: content }] as const);
    assert.deepEqual(mirrors, new Map(wanted), 'the mirrors that are there');
    for (const [serviceName, addresses] of this.offered) {
      const instances = await this.#world.backends.nacos.instances({
        serviceName,
        group: this.namespace,
        namespaceId: '',
      });
      assert.deepEqual(instances.map(({ ip }) => ip).sort(), [...addresses].sort(), `the instances of ${serviceName}`);
    }
  }

  /** Compares what Nacos holds in the fleet's group. @throws AssertionError */
  async assertNacos(): Promise<void> {
    const wanted = new Map([...this.declared, ...this.mirrored]);
    assert.deepEqual(await this.#dataIds(), [...wanted.keys()].sort(), 'the dataIds that are in Nacos');
    const contents = await Promise.all(
      [...wanted.keys()].map(async (name) => {
        const config = await this.#world.backends.nacos.read(this.#key(name));
        return [name, config?.content] as const;
      }),
    );
    assert.deepEqual(new Map(contents), wanted, 'the contents that are in Nacos');
  }

  /** Writes of each dataId so far, from the server's history. */
  async countWrites(): Promise<Map<string, number>> {
    const counts = new Map<string, number>();
    // One after another: it is the server that is asked, not measured.
    for (const name of [...this.declared.keys(), ...this.mirrored.keys()]) {
      counts.set(name, await this.#world.backends.nacos.countWrites(this.#key(name)));
    }
    return counts;
  }

  async #dataIds(): Promise<string[]> {
    const all = await this.#world.endpoint.admin.listConfigs('');
    return all
      .filter((config) => config.group === this.namespace)
      .map((config) => config.dataId)
      .sort();
  }

  async #apply(name: string, spec: Record<string, unknown>): Promise<void> {
    const metadata = { name, namespace: this.namespace };
    const body = { ...spec, group: this.namespace };
    await this.#world.backends.kubernetes.apply({ apiVersion, kind: 'NacosConfig', metadata, spec: body });
  }

  #key(dataId: string): { dataId: string; group: string; namespaceId: string } {
    return { dataId, group: this.namespace, namespaceId: '' };
  }
}

/** @throws AssertionError with the condition unless the object is Ready in its present generation */
export function assertReady(object: KubeObject): void {
  const status = object['status'] as { conditions?: Record<string, unknown>[] } | undefined;
  const ready = status?.conditions?.find((condition) => condition['type'] === 'Ready');
  const isReady = ready?.['status'] === 'True' && ready['observedGeneration'] === object.metadata.generation;
  const shown = JSON.stringify(ready) ?? 'no condition';
  assert.ok(isReady, `${object.metadata.name} (generation ${object.metadata.generation}) must be Ready: ${shown}`);
}

function sourceOf(name: string): object {
  return { configMapKeyRef: { name: `source-${name}`, key: 'text' } };
}

function isMirror(map: KubeObject): boolean {
  return map.metadata.name !== rootCertificate && !map.metadata.name.startsWith('source-');
}
