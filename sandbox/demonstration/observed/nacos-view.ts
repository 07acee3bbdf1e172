/** What the sandbox sees of Nacos: what is asked for once is watched from then on, and nothing is ever polled. */
import {
  type ConfigKey,
  type ConfigObservation,
  type ConfigWatch,
  keyText,
  type NacosClient,
  type NamingSubscription,
  type ServiceInfo,
  type ServiceKey,
  serviceText,
} from '../../../operator/nacos/index.ts';
import type { ChangeSignal } from './change-signal.ts';

export class NacosView {
  readonly #nacos: NacosClient;
  readonly #changes: ChangeSignal;
  readonly #configs = new Map<string, ConfigWatch>();
  readonly #services = new Map<string, NamingSubscription>();

  constructor(nacos: NacosClient, changes: ChangeSignal) {
    this.#nacos = nacos;
    this.#changes = changes;
  }

  /** Undefined until it is known. */
  config(key: ConfigKey): ConfigObservation | undefined {
    const text = keyText(key);
    const watch = this.#configs.get(text) ?? this.#nacos.config.watch(key, () => this.#changes.notify());
    this.#configs.set(text, watch);
    return watch.current;
  }

  /** Undefined until it is known. */
  service(key: ServiceKey): ServiceInfo | undefined {
    const text = serviceText(key);
    const subscription = this.#services.get(text) ?? this.#nacos.naming.subscribe(key, () => this.#changes.notify());
    this.#services.set(text, subscription);
    return subscription.current;
  }

  stop(): void {
    for (const watch of [...this.#configs.values(), ...this.#services.values()]) watch.stop();
  }
}
