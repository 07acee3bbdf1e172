/**
 * One service: what its publishers registered, and what is shown of it.
 *
 * Shown is the union of all publications, where equal hosts are one and unequal ones several, with what an administrator
 * set on top. It is made anew only when the service is pushed, so queries show what was last pushed, as they do on a real
 * server, and a change costs as much as the service has instances.
 */
import type { Generation } from '../generation.ts';
import { createHost, isSameHost } from './host.ts';
import type { Host } from './host.ts';
import type { ServiceKey } from './service-key.ts';

/** What one client registered of a service. */
export interface Publication {
  readonly hosts: readonly Host[];
  readonly isBatch: boolean;
}

/** What an administrator set for an address; it wins over what is registered. */
export interface Overlay {
  readonly enabled: boolean;
  readonly weight: number;
  readonly metadata: Readonly<Record<string, string>>;
}

export interface ClusterSettings {
  readonly checkPort: number;
  readonly usesInstancePort: boolean;
  /** As given, with its `type`. */
  readonly healthChecker: Readonly<Record<string, unknown>>;
  readonly metadata: Readonly<Record<string, string>>;
}

export interface ServiceSettings {
  /** 0 to 1. */
  readonly protectThreshold: number;
  readonly metadata: Readonly<Record<string, string>>;
  readonly clusters: ReadonlyMap<string, ClusterSettings>;
}

export interface ServiceView {
  readonly hosts: readonly Host[];
  readonly clusters: readonly string[];
}

export const defaultSettings: ServiceSettings = { protectThreshold: 0, metadata: {}, clusters: new Map() };
export const emptyView: ServiceView = { hosts: [], clusters: [] };

export class Service {
  readonly key: ServiceKey;
  readonly ephemeral: boolean;
  /** Only a service with settings is protected. */
  settings: ServiceSettings | undefined;
  readonly #generation: Generation;
  readonly #publications = new Map<string, Publication>();
  readonly #overlays = new Map<string, Overlay>();
  #view: ServiceView | undefined;
  #previous: ServiceView = emptyView;
  #isChanged = true;

  constructor(key: ServiceKey, ephemeral: boolean, generation: Generation) {
    this.key = key;
    this.ephemeral = ephemeral;
    this.#generation = generation;
  }

  /** By the id of the client. */
  get publications(): ReadonlyMap<string, Publication> {
    return this.#publications;
  }

  /** As last pushed. */
  get view(): ServiceView {
    return this.#view ?? this.refresh();
  }

  /** As it was before the last change. */
  get staleView(): ServiceView {
    return this.#isChanged && this.#view ? this.#view : this.#previous;
  }

  /** Shows what there is now. */
  refresh(): ServiceView {
    if (this.#view && !this.#isChanged) return this.#view;
    this.#previous = this.#view ?? emptyView;
    this.#view = this.#unite();
    this.#isChanged = false;
    return this.#view;
  }

  /** Replaces what the client published before. */
  put(clientId: string, publication: Publication): void {
    this.#publications.set(clientId, publication);
    this.#isChanged = true;
  }

  drop(clientId: string): void {
    this.#publications.delete(clientId);
    this.#isChanged = true;
  }

  overlay(address: string): Overlay | undefined {
    return this.#overlays.get(address);
  }

  setOverlay(address: string, overlay: Overlay | undefined): void {
    if (overlay) this.#overlays.set(address, overlay);
    else this.#overlays.delete(address);
    this.#isChanged = true;
  }

  #unite(): ServiceView {
    // Most addresses have one host; only where several have the same are they compared whole.
    const byAddress = new Map<string, Host[]>();
    const hosts: Host[] = [];
    const clusters = new Set<string>();
    for (const publication of this.#publications.values()) {
      for (const registered of publication.hosts) {
        const host = this.#overlaid(registered);
        const address = addressText(host);
        const others = byAddress.get(address);
        if (others?.some((other) => isSameHost(host, other))) continue;
        if (others) others.push(host);
        else byAddress.set(address, [host]);
        hosts.push(host);
        clusters.add(host.clusterName);
      }
    }
    return { hosts, clusters: [...clusters] };
  }

  #overlaid(host: Host): Host {
    if (this.#overlays.size === 0) return host;
    const overlay = this.#overlays.get(addressText(host));
    if (!overlay) return host;
    const { enabled, weight } = overlay;
    return createHost(
      { ...host, enabled, weight, metadata: { ...host.metadata, ...overlay.metadata } },
      this.#generation,
    );
  }
}

/** What tells the instances of a service apart, and what an overlay is for. */
export function addressText({ ip, port, clusterName }: Pick<Host, 'ip' | 'port' | 'clusterName'>): string {
  return `${ip}:${port}:${clusterName}`;
}
