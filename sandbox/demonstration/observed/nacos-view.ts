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

export class NacosView {
  readonly #nacos: NacosClient;
  readonly #changed: () => void;
  readonly #configs = new Map<string, ConfigWatch>();
  readonly #services = new Map<string, NamingSubscription>();

  constructor(nacos: NacosClient, changed: () => void) {
    this.#nacos = nacos;
    this.#changed = changed;
  }

  /** Undefined until it is known. */
  config(key: ConfigKey): ConfigObservation | undefined {
    const watch = this.#configs.get(keyText(key)) ?? this.#nacos.config.watch(key, this.#changed);
    this.#configs.set(keyText(key), watch);
    return watch.current;
  }

  /** Undefined until it is known. */
  service(key: ServiceKey): ServiceInfo | undefined {
    const subscription = this.#services.get(serviceText(key)) ?? this.#nacos.naming.subscribe(key, this.#changed);
    this.#services.set(serviceText(key), subscription);
    return subscription.current;
  }

  stop(): void {
    for (const watch of [...this.#configs.values(), ...this.#services.values()]) watch.stop();
  }
}
