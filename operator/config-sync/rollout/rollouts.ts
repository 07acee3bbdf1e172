/**
 * Restarts workloads once what is mirrored for them has changed, as `kubectl rollout restart` does.
 *
 * Guarantees
 * - Once for a burst: nothing is restarted before the content has stayed the same for the debounce time.
 * - What is to be restarted is decided by what the objects carry (rollout-plan.ts), not by what this process saw: a
 *   restart of the operator restarts nothing, and a change that it slept through is rolled out.
 * - A workload that cannot be read or written keeps none of the others from being restarted.
 * Assumptions: the clocks of operator and API server agree to about a second.
 * Caveats: workloads are not watched. One that appears later needs no restart, and one that could not be found is looked
 * for again within a minute. The pods are replaced by the workload's own strategy, which may be to wait for somebody.
 */
import { reasonOf } from '../../error-catalogue.ts';
import type { NacosConfig } from '../../api/resources.ts';
import type { Clock } from '../../clock.ts';
import { isBridgeError, type BridgeError } from '../../errors.ts';
import type { Verdict } from '../../kube/conditions.ts';
import type { Logger } from '../../logger.ts';
import type { RolloutIntent, WorkloadRef } from '../intent.ts';
import type { RolloutOutcome } from '../metrics.ts';
import type { PresentMirror } from '../mirror/mirrors.ts';
import { planRollout, rolledOutAnnotation } from './rollout-plan.ts';
import { Workloads, type FoundWorkloads, type WorkloadClients, type WorkloadKind } from './workloads.ts';

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

export interface RolloutResult {
  readonly verdict: Verdict;
  readonly restarted: readonly WorkloadRef[];
  /** When there is more to do although nothing happens, in milliseconds. */
  readonly requeueAfterMs?: number;
}

/** After a problem, since workloads are not watched; each time twice as long, up to the longest. */
const FIRST_RETRY_MS = 1000;
const LONGEST_RETRY_MS = 60_000;
const MAX_NAMED = 10;

export class Rollouts {
  readonly #options: RolloutsOptions;
  readonly #workloads: Workloads;
  /** What was last rolled out without a problem, by the key of the NacosConfig: its workloads need not be read again. */
  readonly #settled = new Map<string, string>();
  /** After how long a NacosConfig with a problem is tried again. */
  readonly #retryMs = new Map<string, number>();

  constructor(options: RolloutsOptions) {
    this.#options = options;
    this.#workloads = new Workloads(options.clients);
  }

  async sync(key: string, request: RolloutRequest): Promise<RolloutResult> {
    const { resource, rollout, mirror } = request;
    const what = JSON.stringify([resource.metadata.uid, rollout, mirror.kind, mirror.name, mirror.md5]);
    if (this.#settled.get(key) === what) return { verdict: rolledOut(mirror), restarted: [] };
    const waitMs = this.#waitMs(request);
    if (waitMs > 0) return { verdict: waiting(rollout), restarted: [], requeueAfterMs: waitMs };
    const { restarted, problems } = await this.#rollOut(request);
    if (problems.length > 0) return { verdict: failed(problems), restarted, requeueAfterMs: this.#nextRetryMs(key) };
    this.#settled.set(key, what);
    this.#retryMs.delete(key);
    return { verdict: rolledOut(mirror), restarted };
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

  async #rollOut({ resource, rollout, mirror, log }: RolloutRequest): Promise<{
    restarted: WorkloadRef[];
    problems: BridgeError[];
  }> {
    const { metadata } = resource;
    const namespace = metadata.namespace ?? '';
    const annotation = rolledOutAnnotation(metadata.name);
    const found =
      rollout.workloads === 'auto'
        ? await this.#workloads.using(mirror, namespace)
        : await this.#workloads.named(rollout.workloads, namespace);
    const restarted: WorkloadRef[] = [];
    const problems = [...found.problems];
    for (const workload of found.workloads) {
      try {
        const isRestarted = await this.#bring(workload, annotation, mirror);
        if (!isRestarted) continue;
        const { kind, name } = workload;
        log.info('workload restarted', { kind, workload: name, md5: mirror.md5 });
        restarted.push({ kind, name });
      } catch (error) {
        if (!isBridgeError(error) || error.code === 'ABORTED') throw error;
        problems.push(error);
      }
    }
    return { restarted, problems };
  }

  /** Returns whether it took a restart. */
  async #bring(
    workload: FoundWorkloads['workloads'][number],
    annotation: string,
    { md5, changedAtMs }: RolloutRequest['mirror'],
  ): Promise<boolean> {
    const { clock, onRollout } = this.#options;
    const { annotations, creationTimestamp = '' } = workload.object.metadata;
    const createdAtMs = Date.parse(creationTimestamp);
    const plan = planRollout({ annotation: annotations?.[annotation], md5, changedAtMs, createdAtMs });
    if (plan === 'nothing') return false;
    const isRestart = plan === 'restart';
    try {
      await this.#workloads.mark(workload, annotation, md5, isRestart ? clock.now() : undefined);
    } catch (error) {
      if (isRestart) onRollout(workload.kind, 'failed');
      throw error;
    }
    if (isRestart) onRollout(workload.kind, 'restarted');
    return isRestart;
  }
}

/** For events: which workloads were restarted. */
export function restartedNote(restarted: readonly WorkloadRef[], md5: string): string {
  const named = restarted.slice(0, MAX_NAMED).map(({ kind, name }) => `${kind} '${name}'`);
  const others = restarted.length - named.length;
  const more = others > 0 ? ` and ${others} more` : '';
  return `Restarted ${named.join(', ')}${more}, since what is mirrored for them has changed (md5 ${md5})`;
}

function rolledOut({ md5 }: RolloutRequest['mirror']): Verdict {
  const message = `No workload needs a restart for what is mirrored (md5 ${md5})`;
  return { status: 'True', reason: 'RolledOut', message };
}

function waiting({ debounceSeconds }: RolloutIntent): Verdict {
  const message = `Workloads are restarted as soon as the content has not changed for ${debounceSeconds} seconds`;
  return { status: 'Unknown', reason: 'Waiting', message };
}

function failed(problems: readonly BridgeError[]): Verdict {
  const named = problems.slice(0, MAX_NAMED).map(({ message }) => message);
  const others = problems.length - named.length;
  const more = others > 0 ? `; and ${others} more` : '';
  const hint = problems.some((problem) => isBridgeError(problem, 'KUBE_FORBIDDEN'))
    ? '; `rollout.enabled` of the chart lets the operator restart workloads'
    : '';
  const [first] = problems;
  const reason = first ? reasonOf(first.code) : 'Failed';
  return { status: 'False', reason, message: `${named.join('; ')}${more}${hint}` };
}
