/**
 * What the operator is measured against: the same effect on both sides in the least code that has it, without comparison,
 * ownership, validation, finalizers, events and retries. An event has one config published or mirrored, and its status
 * written; at most as many events are dealt with at a time as by the operator.
 */
import type { KubeObject } from '../scenarios/backends.ts';
import type { RestKubernetes } from '../scenarios/kubernetes-backend.ts';
import { md5Of } from './bare-nacos.ts';
import type { BareConfig, BareNacos } from './bare-nacos.ts';
import { concurrency } from './bench-world.ts';

export class BareBridge {
  readonly #kubernetes: RestKubernetes;
  readonly #nacos: BareNacos;
  readonly #waiting: (() => Promise<void>)[] = [];
  #running = 0;

  constructor(kubernetes: RestKubernetes, nacos: BareNacos) {
    this.#kubernetes = kubernetes;
    this.#nacos = nacos;
  }

  /** Has `work` done when its turn comes. */
  enqueue(work: () => Promise<void>): void {
    this.#waiting.push(work);
    if (this.#running < concurrency) void this.#work();
  }

  async toNacos(object: KubeObject): Promise<void> {
    const { content } = object['spec'] as { readonly content: string };
    await this.#nacos.publish(addressOf(object), content);
    await this.#kubernetes.applyStatus(statusOf(object, content));
  }

  async toKubernetes(object: KubeObject): Promise<void> {
    const content = await this.#nacos.query(addressOf(object));
    const { name, namespace } = object.metadata;
    const metadata = { name, namespace };
    await this.#kubernetes.apply({ apiVersion: 'v1', kind: 'ConfigMap', metadata, data: { text: content } });
    await this.#kubernetes.applyStatus(statusOf(object, content));
  }

  async #work(): Promise<void> {
    this.#running += 1;
    for (let work = this.#waiting.shift(); work; work = this.#waiting.shift()) await work();
    this.#running -= 1;
  }
}

/** The name of a NacosConfig is its dataId, and its namespace the group. */
export function addressOf({ metadata }: KubeObject): BareConfig {
  return { dataId: metadata.name, group: metadata.namespace ?? '' };
}

/** A status of the usual size. */
function statusOf({ apiVersion, kind, metadata }: KubeObject, content: string): KubeObject {
  const { name, namespace, generation } = metadata;
  const md5 = md5Of(content);
  const condition = {
    status: 'True',
    observedGeneration: generation,
    lastTransitionTime: new Date().toISOString(),
    reason: 'InSync',
    message: `Nacos holds the declared content (md5 ${md5})`,
  };
  const conditions = ['Drifted', 'Ready', 'Synced'].map((type) => ({ type, ...condition }));
  const md5s = { nacosMd5: md5, observedMd5: md5, syncedMd5: md5 };
  const status = { observedGeneration: generation, dataId: name, ...md5s, conditions };
  return { apiVersion, kind, metadata: { name, namespace }, status };
}
