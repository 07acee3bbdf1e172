/**
 * The labels and annotations of pods, watched as metadata only, and only while an export needs them.
 *
 * What is not known is not guessed: until the first list has arrived what was published stays as it is.
 */
import { BridgeError } from '../errors.ts';
import { CONFIRMED_OFTEN } from '../kube/list-watch.ts';
import type { Reflector } from '../kube/reflector.ts';
import type { ReflectorFactory } from '../kube/reflector-factory.ts';
import { ReflectorOnDemand } from '../kube/reflector-on-demand.ts';
import type { KubeObject, ResourceRef } from '../kube/resource.ts';
import { Store, type ChangeListener, type StoreChange } from '../kube/store.ts';
import { Listeners } from '../runtime/listeners.ts';

const POD: ResourceRef = { group: '', version: 'v1', plural: 'pods', kind: 'Pod', namespaced: true };

export class PodMetadata {
  /** A new one for each time that they are needed: what nobody watches is neither known nor kept. */
  #pods = new Store<KubeObject>();
  readonly #reflector: ReflectorOnDemand;
  readonly #changed = new Listeners<[change: StoreChange<KubeObject>]>();
  readonly #synced = new Listeners();

  constructor(reflectors: ReflectorFactory) {
    this.#reflector = new ReflectorOnDemand(() => {
      const pods = this.#pods;
      pods.onChange((change) => {
        if (pods === this.#pods) this.#changed.call(change);
      });
      return reflectors.create(POD, pods, { ...CONFIRMED_OFTEN, metadataOnly: true });
    });
  }

  /** Returns how to stop listening, as does `onSynced`. */
  onChange(listener: ChangeListener<KubeObject>): () => void {
    return this.#changed.add(listener);
  }

  /** Called when the first list has arrived. */
  onSynced(listener: () => void): () => void {
    return this.#synced.add(listener);
  }

  /** Begins or ends the watch. */
  watch(isNeeded: boolean): void {
    if (!isNeeded) this.#pods = new Store();
    this.#reflector
      .watch(isNeeded)
      ?.synced()
      .then(
        () => this.#synced.call(),
        () => {},
      );
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
    return this.#pods.get(key);
  }

  async stop(): Promise<void> {
    await this.#reflector.stop();
  }
}
