/**
 * Counts what an embedded server is asked to do, by the names that fault scripts have for it: `patch nacosconfigs/status`,
 * `ConfigPublishRequest`. It stands before the fault script of the server, which is shown each operation, whoever asks.
 */
import type { FaultScript } from '../../sandbox/fault-script.ts';

/** How often each operation was asked for. */
export type OperationCounts = Readonly<Record<string, number>>;

export class OperationWitness {
  #counts = new Map<string, number>();

  constructor(faults: FaultScript) {
    const strike = faults.strike.bind(faults);
    faults.strike = (operation) => {
      this.#counts.set(operation, (this.#counts.get(operation) ?? 0) + 1);
      return strike(operation);
    };
  }

  /** Since the last reset. */
  get counts(): OperationCounts {
    return Object.fromEntries(this.#counts);
  }

  reset(): void {
    this.#counts.clear();
  }
}

const writingVerbs = ['create', 'update', 'patch', 'delete', 'deletecollection'];
const configWrites = ['ConfigPublishRequest', 'ConfigRemoveRequest'];

/** The writes among operations of Kubernetes, but not those of Leases. */
export function kubernetesWrites(counts: OperationCounts): OperationCounts {
  return only(counts, (operation) => {
    const [verb = '', resource = ''] = operation.split(' ');
    return writingVerbs.includes(verb) && resource !== 'leases';
  });
}

/** The writes of configs among operations of Nacos, over gRPC and HTTP. */
export function configWritesOf(counts: OperationCounts): OperationCounts {
  return only(counts, (operation) => {
    const isOverHttp = /^(POST|PUT|DELETE) .*\/cs\/configs?$/.test(operation);
    return isOverHttp || configWrites.includes(operation);
  });
}

function only(counts: OperationCounts, isKept: (operation: string) => boolean): OperationCounts {
  return Object.fromEntries(Object.entries(counts).filter(([operation]) => isKept(operation)));
}
