/**
 * What Nacos holds, brought to those who read it in Kubernetes: the mirror first, then the workloads that use it.
 *
 * Guarantees: no workload is restarted for content that its mirror does not hold; what was written or restarted is told
 * by an event, and never what the content says.
 */
import type { NacosConfig } from '../../api/resources.ts';
import { isBridgeError, isLostRace, type BridgeError } from '../../errors.ts';
import { failureVerdict, type Verdict } from '../../kube/conditions.ts';
import type { Logger } from '../../logger.ts';
import type { ConfigIntent } from '../intent.ts';
import type { ConfigMetrics } from '../metrics.ts';
import type { Mirrors, PresentMirror, ServedContent } from '../mirror/mirrors.ts';
import type { MirrorKind } from '../mirror/mirror-target.ts';
import type { RemovedMirror } from '../mirror/stale-mirrors.ts';
import { verdictBefore, type ConfigReporter } from '../report.ts';
import { mirrorWords, restartedEvent } from './rollout-report.ts';
import type { Rollouts } from './rollouts.ts';

export interface DeliveryOptions {
  readonly mirrors: Mirrors;
  readonly rollouts: Rollouts;
  readonly metrics: ConfigMetrics;
  readonly reporter: ConfigReporter;
}

export interface DeliveryRequest {
  readonly key: string;
  readonly resource: NacosConfig;
  readonly intent: ConfigIntent;
  readonly served: ServedContent;
  readonly log: Logger;
}

/** A verdict that is absent does not apply. */
export interface Delivered {
  readonly mirrored?: Verdict;
  readonly rolledOut?: Verdict;
  /** The object that holds the mirror. */
  readonly mirrorName?: string;
  readonly mirrorKinds?: readonly MirrorKind[];
  readonly wroteMirror: boolean;
  /** When there is more to do although nothing happens, in milliseconds. */
  readonly requeueAfterMs?: number;
  /** Why the mirror could not be written. It must not hide what became of the content, so it is not thrown. */
  readonly error?: BridgeError;
}

export class Delivery {
  readonly #options: DeliveryOptions;

  constructor(options: DeliveryOptions) {
    this.#options = options;
  }

  /** @throws BridgeError for a lost race. */
  async deliver(request: DeliveryRequest): Promise<Delivered> {
    try {
      return await this.#deliver(request);
    } catch (error) {
      if (!isBridgeError(error) || isLostRace(error)) throw error;
      const { resource } = request;
      const { mirrorName, mirrorKinds } = resource.status ?? {};
      const rolledOut = verdictBefore(resource, 'RolledOut');
      return { mirrored: failureVerdict(error), mirrorName, mirrorKinds, rolledOut, wroteMirror: false, error };
    }
  }

  /** Of a NacosConfig that is being deleted. */
  async finalize(resource: NacosConfig): Promise<void> {
    this.#tellRemoved(resource, await this.#options.mirrors.finalize(resource));
  }

  forget(key: string): void {
    this.#options.mirrors.forget(key);
    this.#options.rollouts.forget(key);
  }

  async #deliver(request: DeliveryRequest): Promise<Delivered> {
    const { key, resource, served, log } = request;
    const { mirror: target, format, validation } = request.intent;
    const { mirrors, metrics, reporter } = this.#options;
    if (target === undefined) {
      this.#tellRemoved(resource, await mirrors.removeAll(key, resource));
      return { wroteMirror: false };
    }
    const { verdict, written, removed, mirror, kinds } = await mirrors.sync(key, {
      resource,
      target,
      served,
      format,
      validation,
    });
    this.#tellRemoved(resource, removed);
    metrics.lag.to_kubernetes.settled(key, written !== undefined);
    if (written !== undefined) {
      log.info('mirror written', { mirror: mirror?.name, written });
      reporter.event(resource, { type: 'Normal', reason: `Mirror${written}`, action: 'Mirror', note: verdict.message });
    }
    const rollout = await this.#rollOut(request, mirror);
    const place = { mirrorName: mirror?.name, mirrorKinds: kinds.length > 0 ? kinds : undefined };
    return { mirrored: verdict, ...place, wroteMirror: written !== undefined, ...rollout };
  }

  #tellRemoved(resource: NacosConfig, removed: readonly RemovedMirror[]): void {
    for (const mirror of removed) {
      const note = removedNote(mirror);
      this.#options.reporter.event(resource, { type: 'Normal', reason: 'MirrorRemoved', action: 'Remove', note });
    }
  }

  async #rollOut(
    { key, resource, intent: { rollout }, log }: DeliveryRequest,
    mirror: PresentMirror | undefined,
  ): Promise<Pick<Delivered, 'rolledOut' | 'requeueAfterMs'>> {
    if (rollout === undefined) return {};
    if (mirror?.md5 === undefined) return { rolledOut: verdictBefore(resource, 'RolledOut') };
    const { md5 } = mirror;
    const { rollouts, reporter } = this.#options;
    const request = { resource, rollout, mirror: { ...mirror, md5 }, log };
    const { verdict, restarted, requeueAfterMs } = await rollouts.sync(key, request);
    if (restarted.length > 0) reporter.event(resource, restartedEvent(restarted, mirrorWords(mirror)));
    return { rolledOut: verdict, requeueAfterMs };
  }
}

function removedNote({ kind, name, how }: RemovedMirror): string {
  if (how === 'Deleted') return `Deleted ${kind} '${name}', which held the mirror before`;
  return `Took our keys out of ${kind} '${name}', which keeps those of others`;
}
