/** A row for each NacosConfig, with a watch of its dataId in Nacos. */
import type { NacosConfig } from '../../../operator/api/resources.ts';
import { connectionOf } from '../../../operator/config-sync/intent.ts';
import { objectKey } from '../../../operator/kube/resource.ts';
import { type ConfigKey, type ConfigWatch, keyText } from '../../../operator/nacos/index.ts';
import { addressOf, configFacts } from './config-facts.ts';
import type { RowSources } from './row-sources.ts';

interface Tracked {
  config: NacosConfig;
  isGone: boolean;
  address: ConfigKey | undefined;
  watch: ConfigWatch | undefined;
}

export class ConfigRows {
  readonly #sources: RowSources;
  readonly #tracked = new Map<string, Tracked>();

  constructor(sources: RowSources) {
    this.#sources = sources;
  }

  start(): (() => void)[] {
    const { view } = this.#sources;
    this.#lookAtAll();
    return [
      view.configs.onChange(({ key, current }) => this.#look(key, current)),
      view.connections.onChange(() => this.#lookAtAll()),
      view.configMaps.onChange(({ key }) => {
        for (const config of view.configsOfConfigMap(key)) this.#look(objectKey(config), config);
      }),
    ];
  }

  stop(): void {
    for (const { watch } of this.#tracked.values()) watch?.stop();
  }

  #lookAtAll(): void {
    for (const config of this.#sources.view.configs.list()) this.#look(objectKey(config), config);
  }

  #look(key: string, current: NacosConfig | undefined): void {
    const known = this.#tracked.get(key);
    const config = current ?? known?.config;
    if (!config) return;
    const namespaceId = this.#sources.nacosNamespaceOf(connectionOf(config));
    const address = namespaceId === undefined ? undefined : addressOf(config, namespaceId);
    const tracked = known ?? { config, isGone: false, address: undefined, watch: undefined };
    this.#tracked.set(key, tracked);
    tracked.config = config;
    tracked.isGone = current === undefined;
    this.#follow(key, tracked, address);
    this.#put(key, tracked);
  }

  #follow(key: string, tracked: Tracked, address: ConfigKey | undefined): void {
    if ((address && keyText(address)) === (tracked.address && keyText(tracked.address))) return;
    tracked.watch?.stop();
    tracked.address = address;
    tracked.watch = address && this.#sources.nacos.config.watch(address, () => this.#put(key, tracked));
  }

  #put(key: string, tracked: Tracked): void {
    const { view, book, nameOf } = this.#sources;
    const { config, isGone, address, watch } = tracked;
    const read = (name: string, dataKey: string) =>
      view.configMaps.get(`${config.metadata.namespace}/${name}`)?.data?.[dataKey];
    const facts = configFacts(config, { name: nameOf(config), read, address, observation: watch?.current }, isGone);
    book.put(facts, () => {
      tracked.watch?.stop();
      this.#tracked.delete(key);
    });
  }
}
