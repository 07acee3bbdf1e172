/**
 * Back ends that hold objects and configs in memory and do nothing by themselves: enough to test the runner with. They
 * imitate no server; scenarios of the operator are never played against them.
 */
import { ApiRefusal } from './backends.ts';
import type {
  Backends,
  ConfigKey,
  KubeObject,
  KubernetesBackend,
  NacosBackend,
  ObjectEvent,
  ObjectRef,
  ObjectWatch,
  ServiceInstance,
  ServiceKey,
  StoredConfig,
} from './backends.ts';
import { EventEmitter } from 'node:events';

type Change = ObjectEvent & { readonly key: string };

export class MemoryKubernetes implements KubernetesBackend {
  readonly objects = new Map<string, KubeObject>();
  readonly #changes = new EventEmitter<{ change: [Change] }>();
  #version = 0;

  async apply(object: KubeObject): Promise<KubeObject> {
    if (object['spec'] === 'invalid') throw new ApiRefusal(422, 'spec is invalid');
    const key = keyOf({ ...object, namespace: object.metadata.namespace ?? '', name: object.metadata.name });
    this.#version += 1;
    const stored = { ...object, metadata: { ...object.metadata, resourceVersion: String(this.#version) } };
    const type = this.objects.has(key) ? 'MODIFIED' : 'ADDED';
    this.objects.set(key, stored);
    this.#changes.emit('change', { type, object: stored, key });
    return stored;
  }

  async patch(ref: ObjectRef, merge: unknown): Promise<KubeObject> {
    const before = this.objects.get(keyOf(ref));
    if (!before) throw new ApiRefusal(404, 'not found');
    return this.apply({ ...before, ...(merge as object) });
  }

  async delete(ref: ObjectRef): Promise<void> {
    const object = this.objects.get(keyOf(ref));
    this.objects.delete(keyOf(ref));
    if (object) this.#changes.emit('change', { type: 'DELETED', object, key: keyOf(ref) });
  }

  async get(ref: ObjectRef): Promise<KubeObject | undefined> {
    return this.objects.get(keyOf(ref));
  }

  async list(_apiVersion: string, kind: string, namespace: string): Promise<KubeObject[]> {
    return [...this.objects.values()].filter((each) => each.kind === kind && each.metadata.namespace === namespace);
  }

  async watch(ref: ObjectRef, _version: string, listener: (event: ObjectEvent) => void): Promise<ObjectWatch> {
    const tell = (change: Change): void => {
      if (change.key === keyOf(ref)) listener(change);
    };
    this.#changes.on('change', tell);
    return { stop: () => this.#changes.off('change', tell) };
  }
}

export class MemoryNacos implements NacosBackend {
  readonly host = '127.0.0.1';
  readonly port = 8848;
  readonly grpcPort = 9848;
  readonly username = 'nacos';
  readonly password = 'secret';
  readonly #configs = new Map<string, StoredConfig>();
  readonly #writes = new Map<string, number>();
  readonly #instances = new Map<string, ServiceInstance[]>();

  async read(key: ConfigKey): Promise<StoredConfig | undefined> {
    return this.#configs.get(JSON.stringify(key));
  }

  async publish(key: ConfigKey, content: string): Promise<void> {
    const before = await this.read(key);
    const empty = { md5: '', type: 'text', description: '', appName: '', tags: [], writer: '' };
    this.#configs.set(JSON.stringify(key), { ...(before ?? empty), content });
    this.#count(key);
  }

  async remove(key: ConfigKey): Promise<void> {
    this.#configs.delete(JSON.stringify(key));
    this.#count(key);
  }

  async tag(key: ConfigKey, tags: readonly string[]): Promise<void> {
    const before = await this.read(key);
    if (before) this.#configs.set(JSON.stringify(key), { ...before, tags: [...before.tags, ...tags] });
    this.#count(key);
  }

  async countWrites(key: ConfigKey): Promise<number> {
    return this.#writes.get(JSON.stringify(key)) ?? 0;
  }

  async instances(service: ServiceKey): Promise<readonly ServiceInstance[]> {
    return this.#instances.get(JSON.stringify(service)) ?? [];
  }

  async register(service: ServiceKey, ip: string, port: number): Promise<void> {
    const instance = { ip, port, weight: 1, healthy: true, enabled: true, clusterName: 'DEFAULT', metadata: {} };
    this.#instances.set(JSON.stringify(service), [...(await this.instances(service)), instance]);
  }

  async deregister(service: ServiceKey, ip: string, port: number): Promise<void> {
    const left = (await this.instances(service)).filter((instance) => instance.ip !== ip || instance.port !== port);
    this.#instances.set(JSON.stringify(service), left);
  }

  #count(key: ConfigKey): void {
    this.#writes.set(JSON.stringify(key), (this.#writes.get(JSON.stringify(key)) ?? 0) + 1);
  }
}

export function memoryBackends(): Backends & { readonly kubernetes: MemoryKubernetes; readonly nacos: MemoryNacos } {
  return { kubernetes: new MemoryKubernetes(), nacos: new MemoryNacos() };
}

function keyOf({ kind, namespace, name }: ObjectRef): string {
  return `${kind}/${namespace}/${name}`;
}
