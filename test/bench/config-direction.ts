/**
 * The two ways that configs go, and what their users do: declare in Kubernetes what is published, or publish what is
 * mirrored into a ConfigMap. Both sides of a figure serve the same users.
 */
import type { KubeObject } from '../scenarios/backends.ts';
import type { RestKubernetes } from '../scenarios/kubernetes-backend.ts';
import type { BareBridge } from './bare-bridge.ts';
import type { BareNacos } from './bare-nacos.ts';
import { apiVersion, forEach } from './bench-world.ts';

export interface Users {
  readonly kubernetes: RestKubernetes;
  /** Of applications that publish configs. */
  readonly nacos: BareNacos;
}

export interface ConfigDirection {
  readonly name: 'to Nacos' | 'to Kubernetes';
  /** What says that content has changed: the watch on NacosConfigs, or a push of Nacos. */
  readonly event: 'spec' | 'push';
  declare(namespace: string, name: string, content: string): KubeObject;
  /** What must be in Nacos before the resources are created; it is not measured. */
  prepare(users: Users, contents: ReadonlyMap<string, string>, namespace: string): Promise<void>;
  /** A user changes content where that is done. */
  change(users: Users, namespace: string, name: string, content: string): Promise<void>;
  /** What the bare client does at an event. */
  bridge(bare: BareBridge, object: KubeObject): Promise<void>;
}

const toNacos: ConfigDirection = {
  name: 'to Nacos',
  event: 'spec',
  declare: (namespace, name, content) => nacosConfig(namespace, name, { content }),
  prepare: async () => {},
  async change({ kubernetes }, namespace, name, content) {
    await kubernetes.apply(this.declare(namespace, name, content));
  },
  bridge: (bare, object) => bare.toNacos(object),
};

const toKubernetes: ConfigDirection = {
  name: 'to Kubernetes',
  event: 'push',
  declare: (namespace, name) =>
    nacosConfig(namespace, name, { source: 'Nacos', mirror: { configMap: { name, key: 'text' } } }),
  async prepare({ nacos }, contents, group) {
    await forEach([...contents], ([dataId, content]) => nacos.publish({ dataId, group }, content));
    await forEach([...contents], ([dataId, content]) => nacos.settle({ dataId, group }, content));
  },
  change: ({ nacos }, namespace, name, content) => nacos.publish({ dataId: name, group: namespace }, content),
  bridge: (bare, object) => bare.toKubernetes(object),
};

export const directions = [toNacos, toKubernetes] as const;

function nacosConfig(namespace: string, name: string, spec: object): KubeObject {
  return { apiVersion, kind: 'NacosConfig', metadata: { name, namespace }, spec: { group: namespace, ...spec } };
}
