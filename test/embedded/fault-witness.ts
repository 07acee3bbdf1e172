/**
 * Counts what an embedded server is asked to do: it stands before the fault script of the server, which is shown each
 * operation, whoever asks.
 */
import type { FaultScript } from '../../sandbox/fault-script.ts';
import type { OperationCounts } from '../acceptance/operations.ts';
import type { OperationWitness } from '../acceptance/world.ts';

export class FaultWitness implements OperationWitness {
  readonly #counts = new Map<string, number>();

  constructor(faults: FaultScript) {
    const strike = faults.strike.bind(faults);
    faults.strike = (operation) => {
      this.#counts.set(operation, (this.#counts.get(operation) ?? 0) + 1);
      return strike(operation);
    };
  }

  counts(): OperationCounts {
    return Object.fromEntries(this.#counts);
  }

  reset(): void {
    this.#counts.clear();
  }
}
