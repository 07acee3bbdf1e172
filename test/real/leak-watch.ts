/**
 * Reads everything that is ever written into our resources and into events, for as long as a world lives, and looks for
 * a secret in it. Objects that are gone at the end were seen as well.
 */
import type { RestKubernetes } from '../scenarios/kubernetes-backend.ts';

const collections = [
  '/apis/bridge.nacos.io/v1alpha1/nacosconfigs',
  '/apis/bridge.nacos.io/v1alpha1/nacosconnections',
  '/apis/bridge.nacos.io/v1alpha1/nacosservices',
  '/apis/events.k8s.io/v1/events',
];
const retryMs = 200;

export class LeakWatch {
  readonly #kubernetes: RestKubernetes;
  readonly #secret: string;
  readonly #abort = new AbortController();
  readonly #findings: string[] = [];
  #objects = 0;

  constructor(kubernetes: RestKubernetes, secret: string) {
    this.#kubernetes = kubernetes;
    this.#secret = secret;
  }

  start(): void {
    for (const collection of collections) void this.#follow(collection);
  }

  stop(): void {
    this.#abort.abort();
  }

  /** Where the secret was seen. */
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
    const at = line.indexOf(this.#secret);
    if (at !== -1) this.#findings.push(`${collection}: …${line.slice(Math.max(0, at - 300), at)}<the password>`);
  }
}
