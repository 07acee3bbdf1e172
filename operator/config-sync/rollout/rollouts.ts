/**
 * Restarts workloads once what a NacosConfig mirrors for them has changed, as `kubectl rollout restart` does (workload-kinds.ts).
 *
 * Guarantees, besides those of restarts.ts
 * - Once for a burst: nothing is restarted before the content has stayed the same for the debounce time.
 * - What is to be restarted is decided by what the objects carry (rollout-plan.ts), not by what this process saw: a
 *   restart of the operator restarts nothing, and a change that it slept through is rolled out.
 * - The verdict tells which workloads were found, and claims nothing of others.
 * Assumptions: the clocks of operator and API server agree to about a second.
 * Caveats: workloads are not watched. One that appears later needs no restart, and one that could not be found, or is
 * paused, is looked at again within a minute. The pods are replaced by the workload's own strategy, which may be to wait for somebody.
 */
import type { NacosConfig } from '../../api/resources.ts';
import type { Verdict } from '../../kube/conditions.ts';
import type { Logger } from '../../logger.ts';
import type { RolloutIntent } from '../intent.ts';
import type { PresentMirror } from '../mirror/mirrors.ts';
import { Restarts, type RestartsOptions, type RolloutResult } from './restarts.ts';
import { debounceLeftMs, formerValues, rolledOutAnnotation, rolloutValue } from './rollout-plan.ts';
import { mirrorWords, waitingVerdict } from './rollout-report.ts';
import { objectsOf, type FoundWorkloads } from './workloads.ts';

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

export class Rollouts {
  readonly #options: RestartsOptions;
  readonly #restarts: Restarts;
  /** By the key of the NacosConfig: what was rolled out and what was found then, if nothing of it need be read again. */
  readonly #settled = new Map<string, Settled>();

  constructor(options: RestartsOptions) {
    this.#options = options;
    this.#restarts = new Restarts(options);
  }

  async sync(key: string, request: RolloutRequest): Promise<RolloutResult> {
    const { resource, rollout, mirror } = request;
    const { kind, name, md5, form } = mirror;
    const what = JSON.stringify([resource.metadata.uid, rollout, kind, name, md5, form]);
    const value = rolloutValue(mirror);
    const settled = this.#settled.get(key);
    const isSame = settled?.what === what;
    if (isSame && settled.value === value) return { verdict: settled.verdict, restarted: [], isSettled: true };
    const waitMs = debounceLeftMs(mirror.changedAtMs, rollout, this.#options.clock.now());
    if (waitMs > 0) {
      return { verdict: waitingVerdict(rollout), restarted: [], isSettled: false, requeueAfterMs: waitMs };
    }
    // A Secret that was made anew with the same content has another uid.
    const former = [...formerValues(mirror), ...(isSame ? [settled.value] : [])];
    const result = await this.#rollOut(key, request, former);
    if (result.isSettled) this.#settled.set(key, { what, value, verdict: result.verdict });
    return result;
  }

  forget(key: string): void {
    this.#settled.delete(key);
    this.#restarts.forget(key);
  }

  async #rollOut(
    key: string,
    { resource, rollout, mirror, log }: RolloutRequest,
    former: readonly string[],
  ): Promise<RolloutResult> {
    const { name, namespace = '' } = resource.metadata;
    const { changedAtMs } = mirror;
    const note = { annotation: rolledOutAnnotation(name), present: rolloutValue(mirror), former, changedAtMs };
    const { workloads } = this.#restarts;
    const { problems, ...found } =
      rollout.workloads === 'auto'
        ? using(mirror, await workloads.all(namespace))
        : await workloads.named(rollout.workloads, namespace);
    const targets = found.workloads.map((workload) => ({ workload, notes: [note] }));
    return this.#restarts.run(key, { targets, problems, rollout, words: mirrorWords(mirror), log });
  }
}

/** Those whose pods mount or read the mirror. */
function using({ kind, name }: PresentMirror, { workloads, problems }: FoundWorkloads): FoundWorkloads {
  const uses = (one: FoundWorkloads['workloads'][number]) =>
    objectsOf(one).some((used) => used.kind === kind && used.name === name);
  return { workloads: workloads.filter(uses), problems };
}
