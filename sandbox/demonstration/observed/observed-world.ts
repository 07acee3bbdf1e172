/**
 * What the sandbox shows, kept up to date by watches on both sides: a row for each NacosConfig and for each exported port
 * of a Service. Nacos is asked over a connection of its own, as any other client of it would. A change costs the rows
 * that it is about.
 */
import { DEFAULT_CONNECTION, type ConnectionKey } from '../../../operator/connections/connection-key.ts';
import type { NacosClient, ServerAddress } from '../../../operator/nacos/index.ts';
import { ConfigRows } from './config-rows.ts';
import type { KubernetesView } from './kubernetes-view.ts';
import { RowBook, type RowBookOptions } from './row-book.ts';
import type { RowSources } from './row-sources.ts';
import type { Row } from './row.ts';
import { ServiceRows } from './service-rows.ts';

export interface ObservedWorldOptions extends RowBookOptions {
  readonly view: KubernetesView;
  readonly nacos: NacosClient;
  readonly servers: readonly ServerAddress[];
  /** Of the default connection. */
  readonly nacosNamespace: string;
  readonly clusterId: string;
  /** Objects of it are shown without their namespace. */
  readonly namespace: string;
}

export class ObservedWorld {
  readonly #options: ObservedWorldOptions;
  readonly #book: RowBook;
  readonly #parts: readonly (ConfigRows | ServiceRows)[];
  #forget: (() => void)[] = [];

  constructor(options: ObservedWorldOptions) {
    const { view, nacos, clusterId, namespace } = options;
    this.#options = options;
    this.#book = new RowBook(options);
    const sources: RowSources = {
      view,
      nacos,
      clusterId,
      book: this.#book,
      nameOf: ({ metadata }) =>
        metadata.namespace === namespace ? metadata.name : `${metadata.namespace}/${metadata.name}`,
      nacosNamespaceOf: (connection) => this.#nacosNamespaceOf(connection),
    };
    this.#parts = [new ConfigRows(sources), new ServiceRows(sources)];
  }

  get rows(): Row[] {
    return this.#book.rows;
  }

  /** Shows what there is, and from now on every change. */
  start(): void {
    const { view, changes } = this.#options;
    const notify = () => changes.notify();
    this.#forget = this.#parts.flatMap((part) => part.start());
    // After the rows, so that who looks again finds them as they are now.
    for (const store of [view.configs, view.configMaps, view.connections, view.exports, view.services, view.slices]) {
      this.#forget.push(store.onChange(notify));
    }
  }

  stop(): void {
    for (const forget of this.#forget) forget();
    for (const part of this.#parts) part.stop();
    this.#book.stop();
  }

  #nacosNamespaceOf(connection: ConnectionKey): string | undefined {
    const { view, servers, nacosNamespace } = this.#options;
    if (connection === DEFAULT_CONNECTION) return nacosNamespace;
    const spec = view.connections.get(connection)?.spec;
    const isHere = spec?.servers.some((server) =>
      servers.some(({ host, port }) => host === server.host && port === server.port),
    );
    return isHere ? (spec?.namespaceId ?? '') : undefined;
  }
}
