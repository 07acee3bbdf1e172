/**
 * Does to workloads what is planned for them (rollout-plan.ts), one after the other, and tells what became of each.
 *
 * Guarantees
 * - A workload is written once at most, however many of its mirrors have changed, and not at all where it carries all.
 * - None is restarted before its mirrors have stayed the same for the debounce time; one whose mirrors have waits for no other.
 * - One that cannot be read or written, or that is paused, keeps none of the others from being restarted.
 */
import { ROLLOUT_ANNOTATION } from '../../api/names.ts';
import type { Clock } from '../../clock.ts';
import { isBridgeError, type BridgeError } from '../../errors.ts';
import type { Verdict } from '../../kube/conditions.ts';
import type { Logger } from '../../logger.ts';
import type { WorkloadRef } from '../intent.ts';
import type { RolloutOutcome } from '../metrics.ts';
import {
  debounceLeftMs,
  planOfAll,
  planRollout,
  type Debounce,
  type RolloutInput,
  type RolloutPlan,
} from './rollout-plan.ts';
import { problemsVerdict, rolledOutVerdict, waitingVerdict, type Rolled, type RolloutWords } from './rollout-report.ts';
import { workloadTypes, type WorkloadKind } from './workload-kinds.ts';
import { Workloads, type FoundWorkload, type WorkloadClients } from './workloads.ts';

export interface RestartsOptions {
  readonly clients: WorkloadClients;
  readonly clock: Clock;
  readonly onRollout: (kind: WorkloadKind, result: RolloutOutcome) => void;
}

/** What a workload is to carry of one of its mirrors. */
export interface Note extends Pick<RolloutInput, 'present' | 'former' | 'changedAtMs'> {
  readonly annotation: string;
}

export interface Target {
  readonly workload: FoundWorkload;
  readonly notes: readonly Note[];
}

/** What is to be done about the workloads that were found. */
export interface RestartRequest {
  readonly targets: readonly Target[];
  /** What kept workloads from being found. */
  readonly problems: readonly BridgeError[];
  readonly rollout: Debounce;
  readonly words: RolloutWords;
  readonly log: Logger;
}

export interface RolloutResult {
  readonly verdict: Verdict;
  readonly restarted: readonly WorkloadRef[];
  /** Nothing of it need be looked at again before something changes. */
  readonly isSettled: boolean;
  /** When there is more to do although nothing happens, in milliseconds. */
  readonly requeueAfterMs?: number;
}

/** After a problem, since workloads are not watched; each time twice as long, up to the longest. */
const FIRST_RETRY_MS = 1000;
const LONGEST_RETRY_MS = 60_000;

export class Restarts {
  readonly workloads: Workloads;
  readonly #options: RestartsOptions;
  /** After how long what had a problem is tried again. */
  readonly #retryMs = new Map<string, number>();

  constructor(options: RestartsOptions) {
    this.#options = options;
    this.workloads = new Workloads(options.clients);
  }

  /** `key` is of whoever has them restarted. */
  async run(key: string, { targets, problems, rollout, words, log }: RestartRequest): Promise<RolloutResult> {
    const nowMs = this.#options.clock.now();
    const waits = targets.map((target) => waitMs(target, rollout, nowMs));
    const due = targets.filter((_, index) => waits[index] === 0);
    const rolled = await this.#bringAll(due, problems, log);
    const { restarted } = rolled;
    if (rolled.problems.length + rolled.paused.length > 0) {
      const requeueAfterMs = this.#nextRetryMs(key);
      return { verdict: problemsVerdict(rolled), restarted, isSettled: false, requeueAfterMs };
    }
    this.forget(key);
    if (due.length < targets.length) {
      return { verdict: waitingVerdict(rollout), restarted, isSettled: false, requeueAfterMs: Math.max(...waits) };
    }
    // Whoever opts in again waits for the next look.
    return { verdict: rolledOutVerdict(rolled, words), restarted, isSettled: rolled.optedOut.length === 0 };
  }

  forget(key: string): void {
    this.#retryMs.delete(key);
  }

  #nextRetryMs(key: string): number {
    const retryMs = Math.min((this.#retryMs.get(key) ?? FIRST_RETRY_MS / 2) * 2, LONGEST_RETRY_MS);
    this.#retryMs.set(key, retryMs);
    return retryMs;
  }

  async #bringAll(targets: readonly Target[], unread: readonly BridgeError[], log: Logger): Promise<Rolled> {
    const problems = [...unread];
    const restarted: WorkloadRef[] = [];
    const paused: WorkloadRef[] = [];
    const settled: WorkloadRef[] = [];
    const optedOut = targets.map(({ workload }) => workload).filter(isOptedOut);
    for (const target of targets.filter(({ workload }) => !isOptedOut(workload))) {
      const { kind, name } = target.workload;
      try {
        const plan = await this.#bring(target);
        (plan === 'wait' ? paused : settled).push({ kind, name });
        if (plan !== 'restart') continue;
        log.info('workload restarted', { kind, workload: name });
        restarted.push({ kind, name });
      } catch (error) {
        if (!isBridgeError(error) || error.code === 'ABORTED') throw error;
        problems.push(error);
      }
    }
    return { restarted, paused, settled, optedOut, problems };
  }

  /** Does what is to be done about one workload, and returns that. */
  async #bring({ workload, notes }: Target): Promise<RolloutPlan> {
    const { clock, onRollout } = this.#options;
    const { kind, object } = workload;
    const { annotations, creationTimestamp = '' } = object.metadata;
    const plans = notes.map(({ annotation, ...note }) =>
      planRollout({
        ...note,
        annotation: annotations?.[annotation],
        createdAtMs: Date.parse(creationTimestamp),
        isOptedOut: isOptedOut(workload),
        isPaused: workloadTypes[kind].isPaused(object),
      }),
    );
    const plan = planOfAll(plans);
    if (plan === 'nothing' || plan === 'wait') return plan;
    const isRestart = plan === 'restart';
    const missing = notes.filter((_, index) => plans[index] !== 'nothing');
    const carried = Object.fromEntries(missing.map(({ annotation, present }) => [annotation, present]));
    try {
      await this.workloads.mark(workload, carried, isRestart ? clock.now() : undefined);
    } catch (error) {
      if (isRestart) onRollout(kind, 'failed');
      throw error;
    }
    if (isRestart) onRollout(kind, 'restarted');
    return plan;
  }
}

function isOptedOut({ object }: FoundWorkload): boolean {
  return object.metadata.annotations?.[ROLLOUT_ANNOTATION] === 'disabled';
}

/** How long until no mirror of which it does not carry what it holds has changed for the debounce time; in milliseconds. */
function waitMs({ workload, notes }: Target, rollout: Debounce, nowMs: number): number {
  const { annotations } = workload.object.metadata;
  const missing = notes.filter(({ annotation, present }) => annotations?.[annotation] !== present);
  return Math.max(0, ...missing.map(({ changedAtMs }) => debounceLeftMs(changedAtMs, rollout, nowMs)));
}
