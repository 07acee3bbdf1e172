/** What a replica of the model sees of the API server: a view of each resource, each with a watch that may lag, hang or fail. */
import { nearlyTooOld, tooOld } from '../../operator/replicas/views.ts';
import { resources } from './model-cluster.ts';
import type { ModelCluster, Resource, Truth } from './model-cluster.ts';

interface View {
  /** The second whose truth it is. */
  at: number;
  lastConfirmedMonotonicMs: number | undefined;
  readonly lastError: undefined;
}

export class ModelView {
  /** How far each watch lags; one that hangs tells nothing, and what fails cannot even be listed. */
  readonly watches: Record<Resource, { delay: number; state: 'good' | 'hangs' | 'fails' }> = {
    connections: { delay: 0, state: 'good' },
    instances: { delay: 0, state: 'good' },
  };
  readonly #cluster: ModelCluster;
  readonly #countsConnections: boolean;
  readonly #views: Record<Resource, View> = { connections: nothingYet(), instances: nothingYet() };

  constructor(cluster: ModelCluster, countsConnections: boolean) {
    this.#cluster = cluster;
    this.#countsConnections = countsConnections;
  }

  get truth(): Truth {
    const { connections, instances } = this.#views;
    return {
      connections: connections.at === 0 ? new Map() : this.#cluster.truthAt(connections.at).connections,
      instances: instances.at === 0 ? new Set() : this.#cluster.truthAt(instances.at).instances,
    };
  }

  /** The second whose instances it has; 0 before the first list. */
  get instancesAt(): number {
    return this.#views.instances.at;
  }

  get isEmpty(): boolean {
    return resources.some((resource) => this.#views[resource].at === 0);
  }

  get isTooOld(): boolean {
    return tooOld(this.#counting, this.#cluster.now * 1000).length > 0;
  }

  get isNearlyTooOld(): boolean {
    return nearlyTooOld(this.#counting, this.#cluster.now * 1000).length > 0;
  }

  get canBeListed(): boolean {
    return resources.every((resource) => this.watches[resource].state !== 'fails');
  }

  watch(): void {
    const { now } = this.#cluster;
    for (const resource of resources) {
      const { delay, state } = this.watches[resource];
      const view = this.#views[resource];
      // It never goes back; that it lags is not known.
      if (state === 'good' && view.at > 0) this.#confirm(resource, Math.max(view.at, now - delay));
    }
  }

  /** Returns whether all of it could be had. */
  list(): boolean {
    for (const resource of resources) {
      const isKept = !this.#counts(resource) && this.#views[resource].at > 0;
      if (this.watches[resource].state !== 'fails' && !isKept) this.#confirm(resource, this.#cluster.now);
    }
    return this.canBeListed;
  }

  get #counting(): View[] {
    return resources.filter((resource) => this.#counts(resource)).map((resource) => this.#views[resource]);
  }

  #counts(resource: Resource): boolean {
    return resource !== 'connections' || this.#countsConnections;
  }

  #confirm(resource: Resource, at: number): void {
    Object.assign(this.#views[resource], { at, lastConfirmedMonotonicMs: this.#cluster.now * 1000 });
  }
}

function nothingYet(): View {
  return { at: 0, lastConfirmedMonotonicMs: undefined, lastError: undefined };
}
