/**
 * The connections feature as one part of the operator: the NacosConnections, and the connection given to the operator
 * itself.
 *
 * The clients run on every replica; what is written to the API server is the leader's (`statuses`). It counts as started when every connection that exists has been looked at once, so that the features behind it never
 * take one for missing that is only not made yet.
 */
import type { NacosConnection } from '../api/resources.ts';
import type { Clock } from '../clock.ts';
import type { Verdict } from '../kube/conditions.ts';
import type { EventRecorder } from '../kube/events.ts';
import type { KubeClient } from '../kube/client.ts';
import type { KubeMetrics } from '../kube/metrics.ts';
import { ResourceClient } from '../kube/resource-client.ts';
import type { Store } from '../kube/store.ts';
import type { Logger } from '../logger.ts';
import type { ClientState, NacosClient } from '../nacos/index.ts';
import { Controller } from '../runtime/controller.ts';
import type { RuntimeMetrics } from '../runtime/metrics.ts';
import { annotationsChanged, deletionStarted, generationChanged, or } from '../runtime/predicates.ts';
import type { Runnable } from '../runtime/runnable.ts';
import { NACOS_CONNECTION } from '../api/resources.ts';
import { handOverLease, type ClientLease, type ClientPool } from './client-pool.ts';
import { titleOf, type ConnectionDirectory } from './connection-directory.ts';
import { DEFAULT_CONNECTION, type ConnectionKey } from './connection-key.ts';
import { ConnectionReconciler } from './reconcile.ts';
import { SECRET, SecretWatches } from './secret-watches.ts';
import type { ConnectionSettings, Secret } from './settings.ts';

export interface ConnectionsOptions {
  kube: KubeClient;
  connections: Store<NacosConnection>;
  pool: ClientPool;
  directory: ConnectionDirectory;
  usage: (key: ConnectionKey) => { resources: number; holding: number };
  /** What there is to say of the relief of replicas over a connection, if it does not work. */
  relief: (key: ConnectionKey) => Verdict | undefined;
  /** Resolves when `to` has taken over what the connection held at `from`, or that has taken too long. */
  handOver: (key: ConnectionKey, from: NacosClient, to: NacosClient) => Promise<void>;
  events: EventRecorder;
  kubeMetrics: KubeMetrics;
  runtimeMetrics: RuntimeMetrics;
  log: Logger;
  clock: Clock;
}

/** Short interruptions are not worth a status: the clients reconnect within a tenth of a second as a rule. */
const DISCONNECTED_DELAY_MS = 3000;
/** Users come and go in bursts; their number in the status may follow a little later. */
const USAGE_DELAY_MS = 500;

const isWorthALook = or(generationChanged, annotationsChanged, deletionStarted);

export class Connections implements Runnable {
  readonly name = 'nacosconnection';
  readonly controller: Controller;
  readonly #options: ConnectionsOptions;
  readonly #secretWatches: SecretWatches;
  readonly #firstLook = new Map<ConnectionKey, () => void>();
  #reports = false;
  #defaultLease: ClientLease | undefined;
  #unsubscribe: () => void = () => {};

  constructor(options: ConnectionsOptions) {
    const { clock, kube, kubeMetrics, log, runtimeMetrics } = options;
    this.#options = options;
    const onChange = (key: ConnectionKey) => this.controller.enqueue(key);
    this.#secretWatches = new SecretWatches({ client: kube, log, clock, metrics: kubeMetrics, onChange });
    const reconciler = new ConnectionReconciler({
      ...options,
      connectionClient: new ResourceClient<NacosConnection>(kube, NACOS_CONNECTION),
      secretClient: new ResourceClient<Secret>(kube, SECRET),
      secretWatches: this.#secretWatches,
      reports: () => this.#reports,
      onStateChange: (key, state) => this.#stateChanged(key, state),
    });
    this.controller = new Controller({
      name: this.name,
      reconcile: async (key, context) => {
        try {
          await reconciler.reconcile(key, context);
        } finally {
          this.#firstLook.get(key)?.();
        }
      },
      concurrency: 4,
      log,
      clock,
      metrics: runtimeMetrics,
    });
  }

  /** The connection given to the operator itself; again when its credentials change. */
  setDefault(settings: ConnectionSettings): void {
    const { directory, handOver, pool } = this.#options;
    const former = this.#defaultLease;
    const lease = former?.change(settings) ?? pool.acquire(settings);
    if (lease !== former) lease.client.onStateChange((state) => this.#tellReady(DEFAULT_CONNECTION, state));
    this.#defaultLease = lease;
    const title = titleOf(DEFAULT_CONNECTION);
    directory.set(DEFAULT_CONNECTION, { title, client: lease.client, namespaceId: settings.namespaceId });
    if (former && former !== lease) void handOverLease(DEFAULT_CONNECTION, former, lease, handOver);
  }

  /** The state of the default connection; undefined when there is none. */
  get defaultState(): ClientState | undefined {
    return this.#defaultLease?.client.state;
  }

  async start(): Promise<void> {
    const { connections } = this.#options;
    this.#unsubscribe = connections.onChange(({ key, previous, current, initial }) => {
      if (isWorthALook(previous, current)) this.controller.enqueue(key, initial ? 'low' : 'high');
    });
    const firstLooks = connections.keys().map((key) => this.#awaitFirstLook(key));
    this.controller.start();
    await Promise.all(firstLooks);
  }

  /** The leader's part: from its start on, statuses, events and finalizers are written. */
  readonly statuses: Runnable = {
    name: 'nacosconnection statuses',
    start: () => {
      this.#reports = true;
      for (const key of this.#options.connections.keys()) this.controller.enqueue(key, 'low');
    },
    stop: async () => {
      this.#reports = false;
    },
  };

  /** The resources that use a connection, or what there is to say of its relief, have changed. */
  usersChanged(key: ConnectionKey): void {
    if (key !== DEFAULT_CONNECTION) this.controller.queue.addAfter(key, USAGE_DELAY_MS);
  }

  async stop(hurry?: AbortSignal): Promise<void> {
    this.#unsubscribe();
    await this.controller.stop(hurry);
    await this.#secretWatches.stop();
    await this.#options.pool.stop();
  }

  async #awaitFirstLook(key: ConnectionKey): Promise<void> {
    const looked = Promise.withResolvers<void>();
    this.#firstLook.set(key, looked.resolve);
    this.controller.enqueue(key);
    await looked.promise;
    this.#firstLook.delete(key);
  }

  #stateChanged(key: ConnectionKey, state: ClientState): void {
    this.controller.queue.addAfter(key, state.kind === 'disconnected' ? DISCONNECTED_DELAY_MS : 0);
    this.#tellReady(key, state);
  }

  #tellReady(key: ConnectionKey, state: ClientState): void {
    if (state.kind === 'connected' && state.authError === undefined) this.#options.directory.ready(key);
  }
}
