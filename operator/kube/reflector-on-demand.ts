/** A reflector that runs only while somebody needs what it watches: each time a new one. */
import type { Reflector } from './reflector.ts';
import type { KubeObject } from './resource.ts';

export class ReflectorOnDemand {
  readonly #newReflector: () => Reflector<KubeObject>;
  #current: Reflector<KubeObject> | undefined;

  /** `newReflector` makes one that is not started. */
  constructor(newReflector: () => Reflector<KubeObject>) {
    this.#newReflector = newReflector;
  }

  /** Undefined while nobody needs it. */
  get current(): Reflector<KubeObject> | undefined {
    return this.#current;
  }

  /** Begins or ends the watch. Returns the reflector if one was started. */
  watch(isNeeded: boolean): Reflector<KubeObject> | undefined {
    if (isNeeded === (this.#current !== undefined)) return undefined;
    void this.#current?.stop();
    this.#current = isNeeded ? this.#newReflector() : undefined;
    this.#current?.start();
    return this.#current;
  }

  async stop(): Promise<void> {
    await this.#current?.stop();
  }
}
