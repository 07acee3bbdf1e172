/**
 * The reflectors of one process: all of one API server and of the same namespaces, with one place to hear that the API
 * server can be reached again.
 */
import { Listeners } from '../runtime/listeners.ts';
import type { Runnable } from '../runtime/runnable.ts';
import { Reflector, type ReflectorOptions } from './reflector.ts';
import type { KubeObject, ResourceRef } from './resource.ts';
import type { Store } from './store.ts';

type ReflectorFactoryOptions = Pick<
  ReflectorOptions<KubeObject>,
  'client' | 'namespaces' | 'metrics' | 'log' | 'clock'
>;

export class ReflectorFactory {
  readonly #options: ReflectorFactoryOptions;
  readonly #recovered = new Listeners();

  constructor(options: ReflectorFactoryOptions) {
    this.#options = options;
  }

  /** One that is not started. */
  create<T extends KubeObject>(
    resource: ResourceRef,
    store: Store<T>,
    kept: Pick<
      ReflectorOptions<T>,
      'fieldSelector' | 'labelSelector' | 'metadataOnly' | 'namespaces' | 'trim' | 'watchSeconds'
    > = {},
  ): Reflector<T> {
    return new Reflector({ ...this.#options, ...kept, resource, store, onRecovered: () => this.#recovered.call() });
  }

  /** Called when a watch is open again after a failure: what failed for want of the API server can be tried again. */
  onRecovered(listener: () => void): void {
    this.#recovered.add(listener);
  }
}

/** The reflector as a part of the process that has started when it is synced. */
export function cacheOf<T extends KubeObject>(reflector: Reflector<T>): Runnable {
  return {
    name: reflector.resource,
    async start(signal) {
      reflector.start();
      await reflector.synced(signal);
    },
    stop: () => reflector.stop(),
  };
}
