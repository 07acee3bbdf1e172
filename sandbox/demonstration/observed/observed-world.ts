/**
 * What the sandbox shows, kept up to date by watches on both sides: a row for each NacosConfig and for each exported port
 * of a Service. Nacos is asked over a connection of its own, as any other client of it would. A change costs the rows
 * that it is about.
 */
import type { NacosConfig } from '../../../operator/api/resources.ts';
import type { Clock } from '../../../operator/clock.ts';
import { NAMESPACE } from '../../../operator/cluster-identity.ts';
import { DEFAULT_CONNECTION, type ConnectionKey } from '../../../operator/connections/connection-key.ts';
import { objectKey } from '../../../operator/kube/resource.ts';
import type { Service } from '../../../operator/service-sync/service-export.ts';
import type { KubernetesSide } from '../kubernetes-side.ts';
import type { NacosSide } from '../nacos-side.ts';
import { ChangeSignal } from './change-signal.ts';
import { configSource } from './config-rows.ts';
import { servicesOf, KubernetesView } from './kubernetes-view.ts';
import { NacosView } from './nacos-view.ts';
import { RowBook, type RowContext } from './row-book.ts';
import type { Row } from './row.ts';
import { serviceSources } from './service-rows.ts';

export interface ObservedWorldOptions {
  readonly kubernetes: KubernetesSide;
  readonly nacos: NacosSide;
  /** Objects of it are shown without their namespace; of a cluster that is not ours no other is looked at. */
  readonly namespace: string;
  /** Of the default connection. */
  readonly nacosNamespace: string;
  readonly clock: Clock;
  readonly onRow: (row: Row) => void;
}

export class ObservedWorld {
  readonly view: KubernetesView;
  readonly inNacos: NacosView;
  readonly #options: ObservedWorldOptions;
  readonly #changes: ChangeSignal;
  readonly #book: RowBook;
  #clusterId = '';
  #forget: (() => void)[] = [];

  constructor(options: ObservedWorldOptions) {
    const { kubernetes, nacos, namespace, clock, onRow } = options;
    this.#options = options;
    this.#changes = new ChangeSignal(clock);
    this.view = new KubernetesView(kubernetes, kubernetes.isEmbedded ? [] : [namespace], clock);
    this.inNacos = new NacosView(nacos.client, () => this.#changes.notify());
    this.#book = new RowBook(clock, this.#changes, onRow);
  }

  get rows(): Row[] {
    return this.#book.rows;
  }

  /** Resolves when all is seen; from now on every change is. */
  async start(signal: AbortSignal): Promise<void> {
    const { kubernetes } = this.#options;
    const { view } = this;
    this.#clusterId = (await kubernetes.resource(NAMESPACE).get('kube-system'))?.metadata.uid ?? '';
    await view.start(signal);
    this.#lookAtAll();
    this.#forget = [
      view.connections.onChange(() => this.#lookAtAll()),
      view.configs.onChange(({ key, current }) => this.#lookAtConfig(key, current)),
      view.configMaps.onChange(({ key }) => {
        for (const config of view.configsOfConfigMap(key)) this.#lookAtConfig(objectKey(config), config);
      }),
      view.services.onChange(({ key, current }) => this.#lookAtService(key, current)),
      view.exports.onChange(({ previous, current }) => {
        const { namespace } = (current ?? previous)?.metadata ?? {};
        const services = view.services.list().filter(({ metadata }) => metadata.namespace === namespace);
        for (const service of services) this.#lookAtService(objectKey(service), service);
      }),
      view.slices.onChange(({ previous, current }) => {
        const keys = [previous, current].flatMap((slice) => (slice ? servicesOf(slice) : []));
        for (const key of new Set(keys)) this.#lookAtService(key, view.services.get(key));
      }),
    ];
    // After the rows, so that who looks again finds them as they are now.
    for (const store of [view.configs, view.configMaps, view.connections, view.exports, view.services, view.slices]) {
      this.#forget.push(store.onChange(() => this.#changes.notify()));
    }
  }

  /**
   * Resolves as soon as `missing` says that nothing is missing; it is asked whenever either side has changed.
   *
   * @throws TIMEOUT with what was missing at last; ABORTED
   */
  until(missing: () => string | undefined, limitMs: number, signal: AbortSignal): Promise<void> {
    return this.#changes.until(missing, limitMs, signal);
  }

  async stop(): Promise<void> {
    for (const forget of this.#forget) forget();
    this.#book.stop();
    this.inNacos.stop();
    await this.view.stop();
  }

  #lookAtAll(): void {
    const { configs, services } = this.view;
    for (const config of configs.list()) this.#lookAtConfig(objectKey(config), config);
    for (const service of services.list()) this.#lookAtService(objectKey(service), service);
  }

  #lookAtConfig(key: string, config: NacosConfig | undefined): void {
    this.#book.update(`NacosConfig ${key}`, config ? [configSource(config, this.#context)] : []);
  }

  #lookAtService(key: string, service: Service | undefined): void {
    this.#book.update(`Service ${key}`, service ? serviceSources(service, this.#context) : []);
  }

  get #context(): RowContext {
    const { nacos, namespace } = this.#options;
    return {
      view: this.view,
      nacos: nacos.client,
      clusterId: this.#clusterId,
      nameOf: ({ metadata }) =>
        metadata.namespace === namespace ? metadata.name : `${metadata.namespace}/${metadata.name}`,
      nacosNamespaceOf: (connection) => this.#nacosNamespaceOf(connection),
    };
  }

  #nacosNamespaceOf(connection: ConnectionKey): string | undefined {
    const { nacos, nacosNamespace } = this.#options;
    if (connection === DEFAULT_CONNECTION) return nacosNamespace;
    const spec = this.view.connections.get(connection)?.spec;
    const isHere = spec?.servers.some((server) =>
      nacos.servers.some(({ host, port }) => host === server.host && port === server.port),
    );
    return isHere ? (spec?.namespaceId ?? '') : undefined;
  }
}
