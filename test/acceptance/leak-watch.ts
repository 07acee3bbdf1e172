/**
 * Reads everything that is ever written into our resources and into events, for as long as a world lives, and looks for
 * secrets in it. Objects that are gone at the end were seen as well.
 */
import type { RestKubernetes } from '../scenarios/kubernetes-backend.ts';

/** Ours, and events. */
const usualCollections = [
  '/apis/bridge.nacos.io/v1alpha1/nacosconfiginventories',
  '/apis/bridge.nacos.io/v1alpha1/nacosconfigs',
  '/apis/bridge.nacos.io/v1alpha1/nacosconfigsyncs',
  '/apis/bridge.nacos.io/v1alpha1/nacosconnections',
  '/apis/bridge.nacos.io/v1alpha1/nacosservices',
  '/apis/events.k8s.io/v1/events',
];
const retryMs = 200;

export class LeakWatch {
  readonly #kubernetes: RestKubernetes;
  readonly #secrets: readonly string[];
  readonly #collections: readonly string[];
  readonly #abort = new AbortController();
  readonly #findings: string[] = [];
  #objects = 0;

  /** `others` are collections to read beside our own. */
  constructor(kubernetes: RestKubernetes, secrets: readonly string[], others: readonly string[] = []) {
    this.#kubernetes = kubernetes;
    this.#secrets = secrets;
    this.#collections = [...usualCollections, ...others];
  }

  start(): void {
    for (const collection of this.#collections) void this.#follow(collection);
  }

  stop(): void {
    this.#abort.abort();
  }

  /** Where a secret was seen. */
  get findings(): readonly string[] {
    return this.#findings;
  }

  /** How many objects were read: a watch that saw nothing proves nothing. */
  get objectsRead(): number {
    return this.#objects;
  }

  async #follow(collection: string): Promise<void> {
    const { signal } = this.#abort;
    while (!signal.aborted) {
      // A watch without a resourceVersion begins with all objects that there are.
      await this.#kubernetes
        .readLines(`${collection}?watch=true`, signal, (line) => this.#look(collection, line))
        .catch(() => {});
      await new Promise((resolve) => setTimeout(resolve, retryMs).unref());
    }
  }

  #look(collection: string, line: string): void {
    this.#objects += 1;
    for (const secret of this.#secrets) {
      const at = line.indexOf(secret);
      if (at !== -1) this.#findings.push(`${collection}: …${line.slice(Math.max(0, at - 300), at)}<the secret>`);
    }
  }
}
