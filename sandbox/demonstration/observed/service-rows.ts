/** A row for each exported port of a Service, with a subscription to it in Nacos. */
import { objectKey } from '../../../operator/kube/resource.ts';
import { type NamingSubscription, type ServiceKey, serviceText } from '../../../operator/nacos/index.ts';
import {
  covers,
  exportOfAnnotations,
  exportOfResource,
  namePorts,
  type Service,
} from '../../../operator/service-sync/service-export.ts';
import { servicesOf } from './kubernetes-view.ts';
import type { RowSources } from './row-sources.ts';
import { serviceFacts } from './service-facts.ts';

/** What is to be published of a Service under one name. */
interface Exposure {
  readonly portName: string;
  /** Undefined where its connection is to another server. */
  readonly address: ServiceKey | undefined;
}

interface Tracked {
  readonly exposure: Exposure;
  readonly subscription: NamingSubscription | undefined;
  service: Service;
  isGone: boolean;
}

export class ServiceRows {
  readonly #sources: RowSources;
  /** By the key of the Service, then by the key of the row. */
  readonly #tracked = new Map<string, Map<string, Tracked>>();

  constructor(sources: RowSources) {
    this.#sources = sources;
  }

  start(): (() => void)[] {
    const { view } = this.#sources;
    this.#lookAt(() => true);
    return [
      view.services.onChange(({ key, current }) => this.#look(key, current)),
      view.connections.onChange(() => this.#lookAt(() => true)),
      view.exports.onChange(({ previous, current }) => {
        const { namespace } = (current ?? previous)?.metadata ?? {};
        this.#lookAt(({ metadata }) => metadata.namespace === namespace);
      }),
      view.slices.onChange(({ previous, current }) => {
        const keys = [previous, current].flatMap((slice) => (slice ? servicesOf(slice) : []));
        for (const key of new Set(keys)) this.#look(key, view.services.get(key));
      }),
    ];
  }

  stop(): void {
    for (const rows of this.#tracked.values()) for (const { subscription } of rows.values()) subscription?.stop();
  }

  #lookAt(isMeant: (service: Service) => boolean): void {
    for (const service of this.#sources.view.services.list().filter(isMeant)) this.#look(objectKey(service), service);
  }

  #look(key: string, current: Service | undefined): void {
    const rows = this.#tracked.get(key) ?? new Map<string, Tracked>();
    this.#tracked.set(key, rows);
    const exposures = current ? this.#exposuresOf(current) : new Map<string, Exposure>();
    for (const [rowKey, exposure] of exposures) {
      const tracked = rows.get(rowKey) ?? this.#track(key, rowKey, exposure, current as Service);
      rows.set(rowKey, tracked);
    }
    for (const [rowKey, tracked] of rows) {
      tracked.service = current ?? tracked.service;
      tracked.isGone = !exposures.has(rowKey);
      this.#put(key, rowKey, tracked);
    }
    if (rows.size === 0) this.#tracked.delete(key);
  }

  #track(key: string, rowKey: string, exposure: Exposure, service: Service): Tracked {
    const { nacos } = this.#sources;
    const look = () => {
      const tracked = this.#tracked.get(key)?.get(rowKey);
      if (tracked) this.#put(key, rowKey, tracked);
    };
    const subscription = exposure.address && nacos.naming.subscribe(exposure.address, look);
    return { exposure, subscription, service, isGone: false };
  }

  #put(key: string, rowKey: string, { exposure, subscription, service, isGone }: Tracked): void {
    const { view, book, nameOf, clusterId } = this.#sources;
    const context = {
      ...exposure,
      name: nameOf(service),
      slices: view.slicesOfService(key),
      info: subscription?.current,
      clusterId,
    };
    book.put(serviceFacts(rowKey, service, context, isGone), () => {
      subscription?.stop();
      this.#tracked.get(key)?.delete(rowKey);
    });
  }

  /** By the key of the row, which is another one where any of it is. */
  #exposuresOf(service: Service): Map<string, Exposure> {
    const { view, nacosNamespaceOf } = this.#sources;
    const annotated = exportOfAnnotations(service);
    const exports = view.exports
      .list()
      .filter((resource) => covers(resource, service))
      .map(exportOfResource);
    const exposures = (annotated ? [...exports, annotated] : exports).flatMap((rules) => {
      const namespaceId = nacosNamespaceOf(rules.connection);
      return namePorts(service, rules).map(({ serviceName, portName }) => {
        const here = { namespaceId: rules.namespaceId ?? namespaceId ?? '', group: rules.group, serviceName };
        const exposure: Exposure = { portName, address: namespaceId === undefined ? undefined : here };
        const where = exposure.address ? serviceText(exposure.address) : `elsewhere ${serviceName}`;
        return [`Service ${objectKey(service)} ${portName} ${where}`, exposure] as const;
      });
    });
    return new Map(exposures);
  }
}
