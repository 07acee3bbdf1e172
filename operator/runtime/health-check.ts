/**
 * What a probe asks of a process: named checks, and those that every process with a manager has.
 *
 * Liveness must depend on our own process only; what waits for others belongs to readiness.
 */
import type { Manager } from './manager.ts';

export interface HealthCheck {
  /** One path segment: letters, digits, '-' and '.'. */
  name: string;
  /** Throws, or rejects, with the reason when it is not well. */
  check(): Promise<void> | void;
}

/** One that can be answered at once. */
interface QuickCheck extends HealthCheck {
  check(): void;
}

/** Passes while `problem` returns undefined. */
export function healthCheck(name: string, problem: () => string | undefined): QuickCheck {
  return {
    name,
    check() {
      const reason = problem();
      if (reason !== undefined) throw new Error(reason);
    },
  };
}

/** For liveness: a worker that neither ends nor heeds its time limit is helped by a restart alone. */
export function workersCheck(manager: Pick<Manager, 'controllers'>): QuickCheck {
  return healthCheck('workers', () => {
    const stuck = manager.controllers.filter((controller) => !controller.isHealthy()).map(({ name }) => name);
    return stuck.length > 0 ? `stuck: ${stuck.join(', ')}` : undefined;
  });
}

/** For readiness. */
export function cachesCheck(manager: Pick<Manager, 'notSynced'>): QuickCheck {
  return healthCheck('caches', () =>
    manager.notSynced.length > 0 ? `not synced: ${manager.notSynced.join(', ')}` : undefined,
  );
}
