/**
 * What this cluster is called in Nacos: the uid of the namespace kube-system, which no two clusters share and which
 * stays for as long as the cluster does; or what the option says.
 */
import { sleep, type Clock } from './clock.ts';
import { isBridgeError } from './errors.ts';
import type { KubeClient } from './kube/client.ts';
import { ResourceClient } from './kube/resource-client.ts';
import type { KubeObject, ResourceRef } from './kube/resource.ts';
import { errorFields, type Logger } from './logger.ts';
import { Backoff } from './runtime/backoff.ts';
import type { Runnable } from './runtime/runnable.ts';

export const NAMESPACE: ResourceRef = {
  group: '',
  version: 'v1',
  plural: 'namespaces',
  kind: 'Namespace',
  namespaced: false,
};

interface ClusterIdentityOptions {
  readonly kube: KubeClient;
  /** Undefined to read it from the API server at the start. */
  readonly id: string | undefined;
  readonly clock: Clock;
  readonly log: Logger;
}

export class ClusterIdentity implements Runnable {
  readonly name = 'cluster id';
  readonly #options: ClusterIdentityOptions;
  #id: string | undefined;

  constructor(options: ClusterIdentityOptions) {
    this.#options = options;
    this.#id = options.id;
  }

  /** Known once `start` has resolved. */
  get id(): string {
    if (this.#id === undefined) throw new Error('the cluster id was asked for before it was read');
    return this.#id;
  }

  async start(signal: AbortSignal): Promise<void> {
    const { clock, kube, log } = this.#options;
    const namespaces = new ResourceClient<KubeObject>(kube, NAMESPACE);
    const backoff = new Backoff({ initialMs: 500, maxMs: 10_000 });
    while (this.#id === undefined) {
      try {
        const namespace = await namespaces.get('kube-system');
        this.#id = namespace?.metadata.uid;
      } catch (error) {
        if (!isBridgeError(error)) throw error;
        log.warn('the cluster id cannot be read yet', errorFields(error));
      }
      if (this.#id === undefined) await sleep(clock, backoff.nextMs(), signal);
    }
    log.info('cluster id', { clusterId: this.#id });
  }

  async stop(): Promise<void> {}
}
