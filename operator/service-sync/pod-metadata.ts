/**
 * The labels and annotations of pods, watched as metadata only, and only while an export needs them.
 *
 * What is not known is not guessed: until the first list has arrived what was published stays as it is.
 */
import { BridgeError } from '../errors.ts';
import type { Reflector } from '../kube/reflector.ts';
import { ReflectorOnDemand } from '../kube/reflector-on-demand.ts';
import type { KubeObject } from '../kube/resource.ts';
import type { Store, StoreChange } from '../kube/store.ts';

export interface PodMetadataOptions {
  store: Store<KubeObject>;
  /** A reflector that feeds `store`, not started. */
  newReflector: () => Reflector<KubeObject>;
  onChange: (change: StoreChange<KubeObject>) => void;
  /** Called when the first list has arrived. */
  onSynced: () => void;
}

export class PodMetadata {
  readonly #options: PodMetadataOptions;
  readonly #reflector: ReflectorOnDemand;

  constructor(options: PodMetadataOptions) {
    this.#options = options;
    this.#reflector = new ReflectorOnDemand(options.newReflector);
    options.store.onChange(options.onChange);
  }

  /** Begins or ends the watch. */
  watch(isNeeded: boolean): void {
    this.#reflector
      .watch(isNeeded)
      ?.synced()
      .then(this.#options.onSynced, () => {});
  }

  /** What is watched: nothing, while nothing is needed. */
  get reflectors(): readonly Reflector<KubeObject>[] {
    const { current } = this.#reflector;
    return current ? [current] : [];
  }

  /**
   * Whether all pods are known; while the first list is under way it is false, and `onSynced` follows.
   *
   * @throws BridgeError KUBE_UNAVAILABLE when they cannot be listed.
   */
  isSynced(): boolean {
    const { current } = this.#reflector;
    if (current?.hasSynced) return true;
    const cause = current?.lastError;
    if (cause === undefined) return false;
    const message = `The labels and annotations of pods cannot be read: ${cause.message}`;
    throw new BridgeError('KUBE_UNAVAILABLE', message, { cause });
  }

  get(key: string): KubeObject | undefined {
    return this.#options.store.get(key);
  }

  async stop(): Promise<void> {
    await this.#reflector.stop();
  }
}
