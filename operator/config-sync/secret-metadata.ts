/**
 * The metadata of Secrets, watched only while some NacosConfig reads or writes one, or somebody else needs them. What
 * Secrets hold is read when it is needed, and kept nowhere.
 */
import type { NacosConfig } from '../api/resources.ts';
import type { Reflector } from '../kube/reflector.ts';
import { ReflectorOnDemand } from '../kube/reflector-on-demand.ts';
import type { KubeObject } from '../kube/resource.ts';
import type { Store } from '../kube/store.ts';
import { secretsOf } from './intent.ts';

export interface SecretMetadataOptions {
  configs: Store<NacosConfig>;
  /** A reflector of Secrets as metadata, not started. */
  newReflector: () => Reflector<KubeObject>;
}

export class SecretMetadata {
  readonly #options: SecretMetadataOptions;
  /** The keys of the NacosConfigs that name a Secret, and whoever else needs them. */
  readonly #users = new Set<string>();
  #unsubscribe = (): void => {};
  readonly #reflector: ReflectorOnDemand;

  constructor(options: SecretMetadataOptions) {
    this.#options = options;
    this.#reflector = new ReflectorOnDemand(options.newReflector);
  }

  start(): void {
    const { configs } = this.#options;
    for (const key of configs.keys()) this.#count(key, configs.get(key));
    this.#unsubscribe = configs.onChange(({ key, current }) => {
      this.#count(key, current);
      this.#watch();
    });
    this.#watch();
  }

  /** For users beside the NacosConfigs: whether this one needs the metadata of Secrets. */
  require(user: string, isNeeded: boolean): void {
    if (isNeeded) this.#users.add(user);
    else this.#users.delete(user);
    this.#watch();
  }

  async stop(): Promise<void> {
    this.#unsubscribe();
    await this.#reflector.stop();
  }

  #count(key: string, config: NacosConfig | undefined): void {
    if (config && secretsOf(config).length > 0) this.#users.add(key);
    else this.#users.delete(key);
  }

  #watch(): void {
    this.#reflector.watch(this.#users.size > 0);
  }
}
