/**
 * What Nacos holds, brought to those who read it in Kubernetes: the mirror first, then the workloads that use it.
 *
 * Guarantees: no workload is restarted for content that its mirror does not hold; what was written or restarted is told
 * by an event, and never what the content says.
 */
import type { NacosConfig } from '../../api/resources.ts';
import type { Verdict } from '../../kube/conditions.ts';
import type { Logger } from '../../logger.ts';
import type { ConfigIntent } from '../intent.ts';
import type { ConfigMetrics } from '../metrics.ts';
import type { MirrorResult, Mirrors, ServedContent } from '../mirror/mirrors.ts';
import { verdictBefore } from '../report.ts';
import type { ConfigReporter } from '../reporter.ts';
import { restartedNote, type Rollouts } from './rollouts.ts';

export interface DeliveryOptions {
  readonly mirrors: Mirrors;
  readonly rollouts: Rollouts;
  readonly metrics: ConfigMetrics;
  readonly reporter: ConfigReporter;
}

/** A verdict that is absent does not apply. */
export interface Delivered {
  readonly mirrored?: Verdict;
  readonly rolledOut?: Verdict;
  /** The object that holds the mirror. */
  readonly mirrorName?: string;
  readonly wroteMirror: boolean;
  /** When to look again although nothing happens, in milliseconds. */
  readonly lookAgainMs?: number;
}

export class Delivery {
  readonly #options: DeliveryOptions;

  constructor(options: DeliveryOptions) {
    this.#options = options;
  }

  /** @throws BridgeError when the mirror cannot be written; `Mirrors.sync` says which. */
  async deliver(
    key: string,
    resource: NacosConfig,
    { mirror: target, rollout, format }: ConfigIntent,
    served: ServedContent,
    log: Logger,
  ): Promise<Delivered> {
    const { mirrors, metrics } = this.#options;
    if (target === undefined) {
      await mirrors.removeAll(key, resource);
      return { wroteMirror: false };
    }
    const { verdict, written, mirror } = await mirrors.sync(key, { resource, target, served, format });
    metrics.lag.to_kubernetes.settled(key, written !== undefined);
    if (written !== undefined) this.#tellMirror(resource, verdict, written, mirror?.name, log);
    const delivered = { mirrored: verdict, mirrorName: mirror?.name, wroteMirror: written !== undefined };
    if (rollout === undefined) return delivered;
    if (mirror?.md5 === undefined) return { ...delivered, rolledOut: verdictBefore(resource, 'RolledOut') };
    const { md5 } = mirror;
    const request = { resource, rollout, mirror: { ...mirror, md5 }, log };
    const { verdict: rolledOut, restarted, lookAgainMs } = await this.#options.rollouts.sync(key, request);
    if (restarted.length > 0) {
      const note = restartedNote(restarted, md5);
      this.#options.reporter.event(resource, { type: 'Normal', reason: 'RolledOut', action: 'Restart', note });
    }
    return { ...delivered, rolledOut, lookAgainMs };
  }

  forget(key: string): void {
    this.#options.mirrors.forget(key);
    this.#options.rollouts.forget(key);
  }

  #tellMirror(
    resource: NacosConfig,
    { message }: Verdict,
    written: NonNullable<MirrorResult['written']>,
    mirror: string | undefined,
    log: Logger,
  ): void {
    log.info('mirror written', { mirror, written });
    const event = { type: 'Normal', reason: `Mirror${written}`, action: 'Mirror', note: message } as const;
    this.#options.reporter.event(resource, event);
  }
}
