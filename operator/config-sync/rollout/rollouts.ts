/**
 * Restarts workloads once what is mirrored for them has changed, as `kubectl rollout restart` does (workload-kinds.ts).
 *
 * Guarantees
 * - Once for a burst: nothing is restarted before the content has stayed the same for the debounce time.
 * - What is to be restarted is decided by what the objects carry (rollout-plan.ts), not by what this process saw: a
 *   restart of the operator restarts nothing, and a change that it slept through is rolled out.
 * - A workload that cannot be read or written, or that is paused, keeps none of the others from being restarted.
 * - The verdict tells which workloads were found, and claims nothing of others.
 * Assumptions: the clocks of operator and API server agree to about a second.
 * Caveats: workloads are not watched. One that appears later needs no restart, and one that could not be found, or is
 * paused, is looked at again within a minute. The pods are replaced by the workload's own strategy, which may be to wait for somebody.
 */
import { ROLLOUT_ANNOTATION } from '../../api/names.ts';
import type { NacosConfig } from '../../api/resources.ts';
import type { Clock } from '../../clock.ts';
import { isBridgeError } from '../../errors.ts';
import type { Verdict } from '../../kube/conditions.ts';
import type { Logger } from '../../logger.ts';
import type { RolloutIntent, WorkloadRef } from '../intent.ts';
import type { RolloutOutcome } from '../metrics.ts';
import type { PresentMirror } from '../mirror/mirrors.ts';
import { formerValues, planRollout, rolledOutAnnotation, rolloutValue, type RolloutPlan } from './rollout-plan.ts';
import { problemsVerdict, rolledOutVerdict, waitingVerdict, type Rolled } from './rollout-report.ts';
import { workloadTypes, type RestartNote, type WorkloadKind } from './workload-kinds.ts';
import { Workloads, type FoundWorkload, type WorkloadClients } from './workloads.ts';

export interface RolloutsOptions {
  readonly clients: WorkloadClients;
  readonly clock: Clock;
  readonly onRollout: (kind: WorkloadKind, result: RolloutOutcome) => void;
}

export interface RolloutRequest {
  readonly resource: NacosConfig;
  readonly rollout: RolloutIntent;
  /** As it is now, in line with Nacos. */
  readonly mirror: PresentMirror & { readonly md5: string };
  readonly log: Logger;
}

interface Settled {
  readonly what: string;
  /** What the workloads carry since. */
  readonly value: string;
  readonly verdict: Verdict;
}

export interface RolloutResult {
  readonly verdict: Verdict;
  readonly restarted: readonly WorkloadRef[];
  /** When there is more to do although nothing happens, in milliseconds. */
  readonly requeueAfterMs?: number;
}

/** After a problem, since workloads are not watched; each time twice as long, up to the longest. */
const FIRST_RETRY_MS = 1000;
const LONGEST_RETRY_MS = 60_000;

export class Rollouts {
  readonly #options: RolloutsOptions;
  readonly #workloads: Workloads;
  /** By the key of the NacosConfig: what was rolled out and what was found then, if nothing of it need be read again. */
  readonly #settled = new Map<string, Settled>();
  /** After how long a NacosConfig with a problem is tried again. */
  readonly #retryMs = new Map<string, number>();

  constructor(options: RolloutsOptions) {
    this.#options = options;
    this.#workloads = new Workloads(options.clients);
  }

  async sync(key: string, request: RolloutRequest): Promise<RolloutResult> {
    const { resource, rollout, mirror } = request;
    const { kind, name, md5, form } = mirror;
    const what = JSON.stringify([resource.metadata.uid, rollout, kind, name, md5, form]);
    const value = rolloutValue(mirror);
    const settled = this.#settled.get(key);
    const isSame = settled?.what === what;
    if (isSame && settled.value === value) return { verdict: settled.verdict, restarted: [] };
    const waitMs = this.#waitMs(request);
    if (waitMs > 0) return { verdict: waitingVerdict(rollout), restarted: [], requeueAfterMs: waitMs };
    // A Secret that was made anew with the same content has another uid.
    const former = [...formerValues(mirror), ...(isSame ? [settled.value] : [])];
    const rolled = await this.#rollOut(request, former);
    const { restarted, paused, problems, optedOut } = rolled;
    if (problems.length + paused.length > 0) {
      return { verdict: problemsVerdict(rolled), restarted, requeueAfterMs: this.#nextRetryMs(key) };
    }
    this.#retryMs.delete(key);
    const verdict = rolledOutVerdict(rolled, mirror);
    // Whoever opts in again waits for the next look.
    if (optedOut.length === 0) this.#settled.set(key, { what, value, verdict });
    return { verdict, restarted };
  }

  forget(key: string): void {
    this.#settled.delete(key);
    this.#retryMs.delete(key);
  }

  #nextRetryMs(key: string): number {
    const retryMs = Math.min((this.#retryMs.get(key) ?? FIRST_RETRY_MS / 2) * 2, LONGEST_RETRY_MS);
    this.#retryMs.set(key, retryMs);
    return retryMs;
  }

  /** Counted from the last change as the mirror tells it, so that it goes on where an earlier process left off. */
  #waitMs({ rollout, mirror }: RolloutRequest): number {
    const debounceMs = rollout.debounceSeconds * 1000;
    const elapsedMs = this.#options.clock.now() - (mirror.changedAtMs ?? -Infinity);
    // A change that lies in the future is one by another clock.
    return Math.min(debounceMs, debounceMs - elapsedMs);
  }

  async #rollOut({ resource, rollout, mirror, log }: RolloutRequest, former: readonly string[]): Promise<Rolled> {
    const { metadata } = resource;
    const namespace = metadata.namespace ?? '';
    const note = { annotation: rolledOutAnnotation(metadata.name), value: rolloutValue(mirror) };
    const found =
      rollout.workloads === 'auto'
        ? await this.#workloads.using(mirror, namespace)
        : await this.#workloads.named(rollout.workloads, namespace);
    const problems = [...found.problems];
    const restarted: WorkloadRef[] = [];
    const paused: WorkloadRef[] = [];
    const settled: WorkloadRef[] = [];
    const optedOut = found.workloads.filter(isOptedOut);
    for (const workload of found.workloads.filter((one) => !isOptedOut(one))) {
      const { kind, name } = workload;
      try {
        const plan = await this.#bring(workload, note, former, mirror.changedAtMs);
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
  async #bring(
    workload: FoundWorkload,
    note: RestartNote,
    former: readonly string[],
    changedAtMs: number | undefined,
  ): Promise<RolloutPlan> {
    const { clock, onRollout } = this.#options;
    const { kind, object } = workload;
    const { annotations, creationTimestamp = '' } = object.metadata;
    const plan = planRollout({
      annotation: annotations?.[note.annotation],
      former,
      present: note.value,
      changedAtMs,
      createdAtMs: Date.parse(creationTimestamp),
      isOptedOut: isOptedOut(workload),
      isPaused: workloadTypes[kind].isPaused(object),
    });
    if (plan === 'nothing' || plan === 'wait') return plan;
    const isRestart = plan === 'restart';
    try {
      await this.#workloads.mark(workload, note, isRestart ? clock.now() : undefined);
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
