/**
 * Tells subscribers what a service has become.
 *
 * Changes of a service are gathered for a while from the first one on and then pushed once to each subscriber, with what
 * there is by then. A new subscriber is told, too, after the same time. A push that is not acknowledged is made again a
 * second later, to that subscriber alone and with the newest state, for as long as it subscribes.
 */
import type { Clock, Timer } from '../../../operator/clock.ts';
import { messageOf } from '../../../operator/errors.ts';
import type { Logger } from '../../../operator/logger.ts';
import type { Registry } from './registry.ts';
import { serviceInfo } from './service-info.ts';
import type { ServiceInfo } from './service-info.ts';
import { groupedName, serviceText } from './service-key.ts';
import type { ServiceKey } from './service-key.ts';
import { SlicedWork } from './sliced-work.ts';
import type { Subscription, Subscriptions } from './subscriptions.ts';

export interface PusherOptions {
  readonly clock: Clock;
  readonly log: Logger;
  readonly delayMs: number;
  readonly registry: Registry;
  readonly subscriptions: Subscriptions;
}

interface PushTask {
  readonly key: ServiceKey;
  /** Ids of connections; undefined for all that subscribe. */
  targets: Set<string> | undefined;
  readonly timer: Timer;
}

const retryMs = 1_000;

export class Pusher {
  readonly #options: PusherOptions;
  readonly #tasks = new Map<string, PushTask>();
  readonly #retries = new Set<Timer>();
  readonly #work = new SlicedWork();
  #isStopped = false;

  constructor(options: PusherOptions) {
    this.#options = options;
  }

  changed(key: ServiceKey): void {
    this.#taskOf(key, undefined).targets = undefined;
  }

  subscribed(key: ServiceKey, connectionId: string): void {
    this.#taskOf(key, new Set()).targets?.add(connectionId);
  }

  stop(): void {
    this.#isStopped = true;
    for (const { timer } of this.#tasks.values()) timer.cancel();
    for (const timer of this.#retries) timer.cancel();
    this.#tasks.clear();
    this.#retries.clear();
    this.#work.stop();
  }

  /** The one that is waiting, or a new one with these targets. */
  #taskOf(key: ServiceKey, targets: PushTask['targets']): PushTask {
    const text = serviceText(key);
    const waiting = this.#tasks.get(text);
    if (waiting) return waiting;
    const timer = this.#options.clock.after(this.#options.delayMs, () => this.#work.add(() => this.#run(text)));
    const task = { key, targets, timer };
    if (!this.#isStopped) this.#tasks.set(text, task);
    else timer.cancel();
    return task;
  }

  #run(text: string): void {
    const task = this.#tasks.get(text);
    if (!task) return;
    this.#tasks.delete(text);
    const { clock, registry, subscriptions } = this.#options;
    const hosts = registry.find(task.key)?.refresh() ?? [];
    // Subscribers of the same clusters are told the same.
    const told = new Map<string, ServiceInfo>();
    for (const subscription of subscriptions.of(task.key)) {
      const { clusters, connection } = subscription;
      if (task.targets && !task.targets.has(connection.id)) continue;
      this.#work.add(() => {
        const info = told.get(clusters) ?? serviceInfo(task.key, hosts, { clusters }, clock.now());
        told.set(clusters, info);
        this.#push(subscription, info);
      });
    }
  }

  #push({ connection, key }: Subscription, info: ServiceInfo): void {
    connection.request('NotifySubscriberRequest', { serviceInfo: info, module: 'naming' }).catch((error: unknown) => {
      const { clock, log, subscriptions } = this.#options;
      if (this.#isStopped || !subscriptions.find(key, connection.id)) return;
      log.debug('a push was not acknowledged', {
        service: groupedName(key),
        connection: connection.id,
        error: messageOf(error),
      });
      const timer = clock.after(retryMs, () => {
        this.#retries.delete(timer);
        if (subscriptions.find(key, connection.id)) this.subscribed(key, connection.id);
      });
      this.#retries.add(timer);
    });
  }
}
