/**
 * What is done to single instances over HTTP: registered and deregistered by address, kept alive by heartbeats, and
 * overlaid by an administrator.
 */
import type { Generation } from '../generation.ts';
import { checkLegal, createHost } from './host.ts';
import type { Host, Instance } from './host.ts';
import type { Janitor } from './janitor.ts';
import { addressClientId } from './naming-client.ts';
import { Refusal } from './refusal.ts';
import type { Registry } from './registry.ts';
import { groupedName } from './service-key.ts';
import type { ServiceKey } from './service-key.ts';
import { emptyView, addressText } from './service.ts';
import type { Overlay, Service, ServiceView } from './service.ts';

export type InstanceAddress = Pick<Instance, 'ip' | 'port' | 'clusterName'>;

export interface InstanceOperationsOptions {
  readonly generation: Generation;
  readonly registry: Registry;
  readonly janitor: Janitor;
  /** Subscribers are to be told. */
  readonly changed: (service: Service) => void;
}

const noOverlay: Overlay = { enabled: true, weight: 1, metadata: {} };

export class InstanceOperations {
  readonly #options: InstanceOperationsOptions;

  constructor(options: InstanceOperationsOptions) {
    this.#options = options;
  }

  /** @throws Refusal for an illegal instance, RefusedOperation when the service is of the other kind. */
  register(key: ServiceKey, instance: Instance): void {
    checkLegal(instance);
    const { generation, registry } = this.#options;
    const { ephemeral, ip, port } = instance;
    const service = registry.obtain(key, ephemeral);
    registry.requireKind(service, ephemeral);
    const client = registry.client(addressClientId(ip, port, ephemeral), ephemeral ? 'ephemeral' : 'persistent');
    registry.publish(service, client, { hosts: [createHost(instance, generation)], isBatch: false });
  }

  /** What is not registered needs no deregistration. */
  deregister(key: ServiceKey, ip: string, port: number, ephemeral: boolean): void {
    const { registry } = this.#options;
    const client = registry.clients.get(addressClientId(ip, port, ephemeral));
    const service = registry.find(key);
    if (client && service) registry.withdraw(service, client);
  }

  /** Returns whether the instance is known, or has become so by what came with the heartbeat. */
  beat(key: ServiceKey, ip: string, port: number, instance: Instance | undefined): boolean {
    const { janitor, registry } = this.#options;
    const id = addressClientId(ip, port, true);
    if (!registry.find(key)?.publications.has(id)) {
      if (!instance) return false;
      this.register(key, instance);
    }
    const client = registry.clients.get(id);
    const service = registry.find(key);
    if (client && service) janitor.beat(service, client);
    return true;
  }

  /** What is shown of a service to administrators, disabled instances too. */
  view(key: ServiceKey): ServiceView {
    return this.#options.registry.find(key)?.view ?? emptyView;
  }

  /** @throws Refusal when there is no such instance. */
  find(key: ServiceKey, address: InstanceAddress): Host {
    const { hosts } = this.view(key);
    const { clusterName } = address;
    const missing = `no ips found for cluster ${clusterName} in service ${groupedName(key)}`;
    if (hosts.length === 0) throw new Refusal('resource not found', missing);
    const found = hosts.find((host) => addressText(host) === addressText(address));
    if (!found) throw new Refusal('resource not found', 'no matched ip found!');
    return found;
  }

  /** Whether or not there is such an instance. @throws Refusal when there is no such service. */
  overlay(key: ServiceKey, instance: Instance): void {
    checkLegal(instance);
    const service = this.#options.registry.find(key);
    if (!service) {
      const { group, name, namespaceId } = key;
      const told = `Service{namespace='${namespaceId}', group='${group}', name='${name}', ephemeral=${instance.ephemeral}, revision=0}`;
      throw new Refusal('instance error', `service not found, namespace: ${namespaceId}, service: ${told}`);
    }
    this.#set(service, instance, instance);
  }

  /** @throws Refusal when there is no such instance. */
  overlayPart(key: ServiceKey, address: InstanceAddress, part: Partial<Overlay>): void {
    const host = this.find(key, address);
    const service = this.#options.registry.obtain(key, true);
    this.#set(service, host, { ...(service.overlay(addressText(host)) ?? noOverlay), ...part });
  }

  /** Adds to or takes from the overlaid metadata of these instances, or of all. Returns those that it found. */
  overlayMetadata(
    key: ServiceKey,
    addresses: readonly InstanceAddress[],
    change: (metadata: Overlay['metadata']) => Overlay['metadata'],
  ): readonly Host[] {
    const wanted = new Set(addresses.map(addressText));
    const service = this.#options.registry.find(key);
    const hosts = this.view(key).hosts.filter((host) => wanted.size === 0 || wanted.has(addressText(host)));
    for (const host of hosts) {
      const overlay = service?.overlay(addressText(host)) ?? noOverlay;
      if (service) this.#set(service, host, { ...overlay, metadata: change(overlay.metadata) });
    }
    return hosts;
  }

  #set(service: Service, address: InstanceAddress, { enabled, weight, metadata }: Overlay): void {
    service.setOverlay(addressText(address), { enabled, weight, metadata });
    this.#options.changed(service);
  }
}
