/**
 * The labels and annotations of pods, watched as metadata only, and only while an export needs them.
 *
 * What is not known is not guessed: until the first list has arrived `requireSynced` throws, and what was published
 * stays as it is.
 */
import { BridgeError } from '../errors.ts';
import type { Reflector } from '../kube/reflector.ts';
import type { KubeObject } from '../kube/resource.ts';
import type { Store, StoreChange } from '../kube/store.ts';

export interface PodMetadataOptions {
  store: Store<KubeObject>;
  /** A reflector that feeds `store`, not started. */
  newReflector: () => Reflector<KubeObject>;
  onChange: (change: StoreChange<KubeObject>) => void;
}

export class PodMetadata {
  readonly #options: PodMetadataOptions;
  #reflector: Reflector<KubeObject> | undefined;

  constructor(options: PodMetadataOptions) {
    this.#options = options;
    options.store.onChange(options.onChange);
  }

  /** Begins or ends the watch. */
  watch(isNeeded: boolean): void {
    if (isNeeded === (this.#reflector !== undefined)) return;
    void this.#reflector?.stop();
    this.#reflector = isNeeded ? this.#options.newReflector() : undefined;
    this.#reflector?.start();
  }

  /** @throws BridgeError KUBE_UNAVAILABLE while the pods are not known. */
  requireSynced(): void {
    if (this.#reflector?.hasSynced) return;
    const cause = this.#reflector?.lastError;
    const why = cause === undefined ? 'they are being listed' : cause.message;
    throw new BridgeError('KUBE_UNAVAILABLE', `The labels and annotations of pods are not known: ${why}`, { cause });
  }

  get(key: string): KubeObject | undefined {
    return this.#options.store.get(key);
  }

  get lastConfirmedMonotonicMs(): number | undefined {
    return this.#reflector?.lastConfirmedMonotonicMs;
  }

  async refresh(): Promise<void> {
    await this.#reflector?.refresh();
  }

  async stop(): Promise<void> {
    await this.#reflector?.stop();
  }
}
