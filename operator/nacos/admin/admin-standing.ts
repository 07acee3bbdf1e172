/**
 * How we stand with the admin API: whether it serves us, and why not. Apart from how we stand with the server otherwise:
 * Nacos 3 is shipped open to clients and closed to administrators.
 *
 * Rights may be those to one group of a namespace. So a refusal counts until the same scope is served: where one scope is
 * open and another closed, the standing does not change with each read.
 */
import type { BridgeError } from '../../errors.ts';

export interface AdminStatus {
  /** It has served a read, or would, and has refused none since. Nothing is known while there is no `error` either. */
  readonly isServing: boolean;
  /** Why it does not serve us. */
  readonly error?: BridgeError;
}

interface Refusal {
  readonly scope: string;
  readonly error: BridgeError;
}

export class AdminStanding {
  readonly #onChange: () => void;
  #refusal: Refusal | undefined;
  #isServing = false;

  constructor(onChange: () => void) {
    this.#onChange = onChange;
  }

  get status(): AdminStatus {
    return { isServing: this.#isServing, error: this.#refusal?.error };
  }

  served(scope: string): void {
    this.allowed(scope);
    if (this.#refusal || this.#isServing) return;
    this.#isServing = true;
    this.#onChange();
  }

  refused(scope: string, error: BridgeError): void {
    // Of two scopes that are refused in turn, the first is told.
    if (this.#refusal && this.#refusal.scope !== scope) return;
    if (this.#refusal?.error.message === error.message) return;
    this.#refusal = { scope, error };
    this.#isServing = false;
    this.#onChange();
  }

  /** Whatever refused this scope does so no more. */
  allowed(scope: string): void {
    if (this.#refusal?.scope !== scope) return;
    this.#refusal = undefined;
    this.#onChange();
  }

  /** Another server is asked from now on. */
  forget(): void {
    this.#refusal = undefined;
    this.#isServing = false;
  }
}
