/**
 * A replica for tests of the relief: a real Nacos client on an embedded Nacos, and in the place of the API server a Lease and
 * a view that the test commands.
 */
import { Registry } from 'prom-client';
import { systemClock, type Clock } from '../../operator/clock.ts';
import { unrestricted } from '../../operator/connections/allowance.ts';
import type { NacosClientOptions } from '../../operator/nacos/client-options.ts';
import type { NacosClient } from '../../operator/nacos/client.ts';
import type { Instance } from '../../operator/nacos/naming/naming-types.ts';
import type { NamingClient } from '../../operator/nacos/naming/naming-client.ts';
import { createReplicaMetrics } from '../../operator/replicas/metrics.ts';
import type { LeaseEvent } from '../../operator/replicas/replica-lease.ts';
import { Replicas } from '../../operator/replicas/replicas.ts';
import type { Scope } from '../../operator/replicas/scope.ts';
import { clientFor, type ObservedNacos, recorder } from '../nacos/client-for.ts';

/** What the API server holds: addresses by service. */
export type World = Map<string, readonly string[]>;

interface ReplicaOptions extends Partial<NacosClientOptions> {
  /** Of the relief alone; the clients have the true one. */
  readonly replicasClock?: Clock;
  /**
   * Its connections, all of which use one client, each called as its Nacos namespace, after an `@` if it has a name of its
   * own. @default one of the public one
   */
  readonly namespaceIds?: readonly string[];
  readonly scope?: Scope;
}

const scopeOfAll: Scope = { installation: 'system/bridge', digest: 'all', namespaces: [] };

export class FakeReplica {
  readonly naming: NamingClient;
  readonly replicas: Replicas;
  readonly logged: string[] = [];
  readonly registry = new Registry();
  readonly verdicts: (string | undefined)[] = [];
  /** How often the view was listed. */
  lists = 0;
  /** How often the Lease was to be renewed out of turn. */
  renewals = 0;
  /** Connections that are wanted, and that it does not know yet. */
  readonly unusable = new Set<string>();
  /** Whether the view is as old as it can be without being lost, however young the replica is. */
  seesNothing = false;
  /** Whether renewals out of turn are slow: then they succeed only with `renew`. */
  renewsLate = false;
  #isCutOff = false;
  #isLost = false;
  readonly #world: World;
  readonly #clock: Clock;
  readonly #client: NacosClient;
  readonly #leaseListeners = new Set<(event: LeaseEvent) => void>();
  readonly #progressListeners = new Set<() => void>();
  #view: World = new Map();
  #namespaceIds: readonly string[];

  constructor(identity: string, world: World, servers: readonly ObservedNacos[], options: ReplicaOptions = {}) {
    this.#world = world;
    const { namespaceIds = [''], replicasClock = systemClock, scope = scopeOfAll, ...clientOptions } = options;
    this.#clock = replicasClock;
    this.#namespaceIds = namespaceIds;
    const isLost = () => this.#isLost;
    const confirmedMs = () => (this.seesNothing ? -Infinity : replicasClock.monotonic());
    const { client } = clientFor(servers, clientOptions);
    this.#client = client;
    this.naming = client.naming;
    this.replicas = new Replicas({
      lease: {
        get isLost() {
          return isLost();
        },
        onEvent: (listener) => {
          this.#leaseListeners.add(listener);
          return () => void this.#leaseListeners.delete(listener);
        },
        renew: async () => {
          this.renewals += 1;
          if (!this.renewsLate) this.renew();
        },
      },
      publishing: {
        connectionsInUse: () => new Set(this.#namespaceIds),
        formersOver: () => [],
        isUpToDate: () => true,
        onProgress: (listener) => {
          this.#progressListeners.add(listener);
          return () => void this.#progressListeners.delete(listener);
        },
        views: () => [
          {
            resource: 'endpointslices',
            get lastConfirmedMonotonicMs() {
              return confirmedMs();
            },
            lastError: undefined,
            refresh: () => this.#list(),
          },
        ],
        reconcileAll: () => this.#publishAll(),
      },
      directory: {
        findUsable: (connection) =>
          this.unusable.has(connection)
            ? undefined
            : {
                title: '',
                client,
                servers: [],
                namespaceId: connection.split('@').at(-1) ?? '',
                allowance: unrestricted,
              },
      },
      identity,
      clusterId: () => 'cluster-1',
      scope,
      address: () => ({ ip: '127.0.0.1', port: 8081 }),
      metrics: createReplicaMetrics(this.registry, '', () => this.replicas.facts),
      clock: replicasClock,
      log: recorder(this.logged),
    });
    this.replicas.onReliefChange((connection) => {
      this.verdicts.push(this.replicas.reliefOf(connection)?.reason);
    });
  }

  get states(): string {
    return this.replicas.facts.states.join();
  }

  start(): void {
    this.watch();
    this.replicas.start();
  }

  /** The watch brings what is there now. */
  watch(): void {
    this.#view = new Map(this.#world);
    this.#publishAll();
    for (const listener of this.#progressListeners) listener();
  }

  /** The API server cannot be reached, and by now the Lease is lost. */
  lose(): void {
    this.#isCutOff = true;
    this.#isLost = true;
    this.#tell({ kind: 'lost' });
  }

  /** The API server can be reached, and the Lease is renewed. */
  recover(): void {
    this.#isCutOff = false;
    this.#isLost = false;
    this.renew();
  }

  renew(): void {
    if (!this.#isLost) this.#tell({ kind: 'renewed', begunMs: this.#clock.monotonic() });
  }

  /** From now on these are the Nacos namespaces that it publishes in. */
  use(...namespaceIds: string[]): void {
    this.#namespaceIds = namespaceIds;
    for (const listener of this.#progressListeners) listener();
  }

  /** Its connection has another client now, which has all by now. Resolves when the one before need not live any more. */
  async leave(): Promise<void> {
    this.#namespaceIds = [];
    if (!this.replicas.holds(this.#client)) return;
    await new Promise<void>((resolve) => {
      this.replicas.onRelease(() => {
        if (!this.replicas.holds(this.#client)) resolve();
      });
    });
  }

  stop(): Promise<void> {
    return this.replicas.stop(AbortSignal.abort());
  }

  #tell(event: LeaseEvent): void {
    for (const listener of Array.from(this.#leaseListeners)) listener(event);
  }

  async #list(): Promise<void> {
    if (this.#isCutOff || this.seesNothing) throw new Error('no API server');
    this.lists += 1;
    this.#view = new Map(this.#world);
  }

  #publishAll(): void {
    for (const [serviceName, addresses] of this.#view) {
      const service = { namespaceId: '', group: 'g', serviceName };
      this.naming.publish(service, addresses.map(instance)).catch(() => {});
    }
  }
}

function instance(ip: string): Instance {
  return { ip, port: 80, weight: 1, healthy: true, enabled: true, clusterName: 'DEFAULT', metadata: {} };
}
