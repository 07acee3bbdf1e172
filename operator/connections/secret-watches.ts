/**
 * Watches exactly the Secrets that connections name, each by a watch for its one name, so that a change is used at
 * once and no other Secret is ever read. RBAC can be limited to these names.
 */
import type { Clock } from '../clock.ts';
import type { KubeClient } from '../kube/client.ts';
import type { KubeMetrics } from '../kube/metrics.ts';
import { Reflector } from '../kube/reflector.ts';
import type { KubeObject, ResourceRef } from '../kube/resource.ts';
import { Store } from '../kube/store.ts';
import type { Logger } from '../logger.ts';
import type { ConnectionKey } from './connection-key.ts';

export const SECRET: ResourceRef = { group: '', version: 'v1', plural: 'secrets', kind: 'Secret', namespaced: true };

interface SecretWatchesOptions {
  client: KubeClient;
  log: Logger;
  clock: Clock;
  metrics: KubeMetrics;
  /** Told the connection whose Secret appeared, changed or went. */
  onChange: (connection: ConnectionKey) => void;
}

interface SecretWatch {
  readonly name: string;
  readonly reflector: Reflector<KubeObject>;
}

export class SecretWatches {
  readonly #options: SecretWatchesOptions;
  readonly #watches = new Map<ConnectionKey, SecretWatch>();

  constructor(options: SecretWatchesOptions) {
    this.#options = options;
  }

  /** From now on the connection is told about this Secret of its namespace, and about no other; undefined for none. */
  follow(connection: ConnectionKey, namespace: string, name: string | undefined): void {
    const current = this.#watches.get(connection);
    if (current?.name === name) return;
    if (current) this.#end(connection, current);
    if (name !== undefined)
      this.#watches.set(connection, { name, reflector: this.#begin(connection, namespace, name) });
  }

  async stop(): Promise<void> {
    const watches = [...this.#watches.values()];
    this.#watches.clear();
    await Promise.all(watches.map(({ reflector }) => reflector.stop()));
  }

  /** Only metadata is watched: the values are read when they are used, and kept nowhere else. */
  #begin(connection: ConnectionKey, namespace: string, name: string): Reflector<KubeObject> {
    const { client, log, clock, metrics, onChange } = this.#options;
    const store = new Store<KubeObject>();
    store.onChange(() => onChange(connection));
    const fieldSelector = `metadata.name=${name}`;
    const watched = { client, resource: SECRET, namespace, fieldSelector, metadataOnly: true };
    const reflector = new Reflector<KubeObject>({ ...watched, store, log, clock, metrics });
    reflector.start();
    return reflector;
  }

  #end(connection: ConnectionKey, { reflector }: SecretWatch): void {
    this.#watches.delete(connection);
    void reflector.stop();
  }
}
