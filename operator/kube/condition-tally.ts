/**
 * How many objects have each condition at each status, counted as they change: to ask costs the same for ten thousand
 * objects as for ten.
 */
import type { Condition } from './conditions.ts';
import type { KubeObject } from './resource.ts';
import type { Store } from './store.ts';

export type Conditioned = KubeObject & { status?: { conditions?: readonly Pick<Condition, 'type' | 'status'>[] } };

export interface ConditionCount {
  readonly kind: string;
  readonly condition: string;
  readonly status: string;
  readonly count: number;
}

export class ConditionTally {
  /** Without zeros, by kind, condition and status. */
  readonly #counts = new Map<string, ConditionCount>();

  /** Counts what is in the store, and whatever comes and goes from now on. */
  follow(store: Pick<Store<Conditioned>, 'list' | 'onChange'>): void {
    for (const object of store.list()) this.#add(object, 1);
    store.onChange(({ previous, current }) => {
      this.#add(previous, -1);
      this.#add(current, 1);
    });
  }

  counts(): Iterable<ConditionCount> {
    return this.#counts.values();
  }

  #add(object: Conditioned | undefined, difference: 1 | -1): void {
    const kind = object?.kind ?? '';
    for (const { type: condition, status } of object?.status?.conditions ?? []) {
      const key = `${kind} ${condition} ${status}`;
      const count = (this.#counts.get(key)?.count ?? 0) + difference;
      if (count === 0) this.#counts.delete(key);
      else this.#counts.set(key, { kind, condition, status, count });
    }
  }
}
