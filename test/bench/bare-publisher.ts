/**
 * What a NacosConfigSync is measured against: watches the ConfigMaps of a namespace and publishes each key that is new, in
 * the least code that has that effect. Nothing is compared, remembered, owned or tried again.
 */
import type { KubeObject } from '../scenarios/backends.ts';
import type { RestKubernetes } from '../scenarios/kubernetes-backend.ts';
import { groupOf } from './bulk-objects.ts';
import type { BareNacos } from './bare-nacos.ts';

/** As many as the operator settles at a time. */
const publishesAtOnce = 100;

export class BarePublisher {
  readonly #nacos: BareNacos;
  readonly #abort = new AbortController();
  readonly #contents = new Map<string, string>();
  readonly #waiting: (() => Promise<void>)[] = [];
  readonly #wishes: { readonly count: number; readonly fulfil: () => void }[] = [];
  #running = 0;
  #published = 0;

  /** `onFailure` is told what ends it: a publish that fails. */
  constructor(kubernetes: RestKubernetes, nacos: BareNacos, namespace: string, onFailure: (error: unknown) => void) {
    this.#nacos = nacos;
    const path = `/api/v1/namespaces/${namespace}/configmaps?watch=true`;
    const { signal } = this.#abort;
    const follow = async (): Promise<void> => {
      while (!signal.aborted) await kubernetes.readLines(path, signal, (line) => this.#look(line)).catch(() => {});
    };
    void follow();
    this.#failed = onFailure;
  }

  readonly #failed: (error: unknown) => void;

  /** Resolves when so many have been published. */
  published(count: number): Promise<void> {
    if (this.#published >= count) return Promise.resolve();
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#wishes.push({ count, fulfil: resolve });
    return promise;
  }

  close(): void {
    this.#abort.abort();
  }

  #look(line: string): void {
    const { object, type } = JSON.parse(line) as { object: KubeObject; type: string };
    if (type === 'ERROR' || type === 'DELETED' || object.metadata.name === 'kube-root-ca.crt') return;
    const { name } = object.metadata;
    for (const [dataId, content] of Object.entries((object['data'] ?? {}) as Record<string, string>)) {
      if (this.#contents.get(`${name} ${dataId}`) === content) continue;
      this.#contents.set(`${name} ${dataId}`, content);
      this.#waiting.push(() => this.#nacos.publish({ group: groupOf(name), dataId }, content));
      if (this.#running < publishesAtOnce) void this.#work();
    }
  }

  async #work(): Promise<void> {
    this.#running += 1;
    for (let work = this.#waiting.shift(); work; work = this.#waiting.shift()) {
      await work().catch(this.#failed);
      this.#published += 1;
      for (const { count, fulfil } of this.#wishes) if (this.#published >= count) fulfil();
    }
    this.#running -= 1;
  }
}
