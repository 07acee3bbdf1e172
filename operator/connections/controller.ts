/**
 * The NacosConnections: which changes bring which of them into the queue.
 *
 * The clients run on every replica; what is written to the API server is the leader's (`statuses`). It counts as started
 * when every connection that exists has been reconciled once, so that the features behind it never take one for missing
 * that is only not made yet.
 */
import { IN_USE_FINALIZER } from '../api/names.ts';
import { NACOS_CONNECTION, type NacosConnection } from '../api/resources.ts';
import type { Clock } from '../clock.ts';
import type { KubeClient } from '../kube/client.ts';
import type { EventRecorder } from '../kube/events.ts';
import { hasFinalizer } from '../kube/finalizer.ts';
import type { KubeMetrics } from '../kube/metrics.ts';
import { ResourceClient } from '../kube/resource-client.ts';
import type { Store } from '../kube/store.ts';
import type { Logger } from '../logger.ts';
import type { ClientState } from '../nacos/index.ts';
import { Controller } from '../runtime/controller.ts';
import type { RuntimeMetrics } from '../runtime/metrics.ts';
import { desiredChanged } from '../runtime/predicates.ts';
import type { Runnable } from '../runtime/runnable.ts';
import type { ConnectionClients } from './connection-clients.ts';
import { DEFAULT_CONNECTION, type ConnectionKey } from './connection-key.ts';
import type { ConnectionUsers } from './connection-user.ts';
import { ConnectionReconciler } from './reconcile.ts';
import { SECRET, SecretWatches } from './secret-watches.ts';
import type { Secret } from './settings.ts';

interface ConnectionControllerOptions {
  kube: KubeClient;
  connections: Store<NacosConnection>;
  clients: ConnectionClients;
  users: ConnectionUsers;
  events: EventRecorder;
  kubeMetrics: KubeMetrics;
  runtimeMetrics: RuntimeMetrics;
  log: Logger;
  clock: Clock;
}

/** Short interruptions are not worth a status: the clients reconnect within a tenth of a second as a rule. */
const DISCONNECTED_DELAY_MS = 3000;
/** Users come and go in bursts; their number in the status may follow a little later. */
const USERS_DELAY_MS = 500;

export class ConnectionController implements Runnable {
  readonly name = 'nacosconnection';
  readonly controllers: readonly Controller[];
  readonly #options: ConnectionControllerOptions;
  readonly #controller: Controller;
  readonly #secretWatches: SecretWatches;
  readonly #firstRuns = new Map<ConnectionKey, () => void>();
  #reports = false;
  #unsubscribe: () => void = () => {};

  constructor(options: ConnectionControllerOptions) {
    const { clients, clock, kube, kubeMetrics, log, runtimeMetrics, users } = options;
    this.#options = options;
    const onChange = (key: ConnectionKey) => this.#controller.enqueue(key);
    this.#secretWatches = new SecretWatches({ client: kube, log, clock, metrics: kubeMetrics, onChange });
    const reconciler = new ConnectionReconciler({
      ...options,
      connectionClient: new ResourceClient<NacosConnection>(kube, NACOS_CONNECTION),
      secretClient: new ResourceClient<Secret>(kube, SECRET),
      secretWatches: this.#secretWatches,
      reports: () => this.#reports,
    });
    this.#controller = new Controller({
      name: this.name,
      reconcile: async (key) => {
        try {
          await reconciler.reconcile(key);
        } finally {
          this.#firstRuns.get(key)?.();
        }
      },
      concurrency: 4,
      log,
      clock,
      metrics: runtimeMetrics,
    });
    this.controllers = [this.#controller];
    clients.onStateChange((key, state) => this.#stateChanged(key, state));
    users.onChange((key) => this.#usersChanged(key));
  }

  async start(): Promise<void> {
    const { connections } = this.#options;
    this.#unsubscribe = connections.onChange(({ key, previous, current, initial }) => {
      if (desiredChanged(previous, current)) this.#controller.enqueue(key, initial ? 'low' : 'high');
    });
    const firstRuns = connections.keys().map((key) => this.#awaitFirstRun(key));
    this.#controller.start();
    await Promise.all(firstRuns);
  }

  /** The leader's part: from its start on, statuses, events and finalizers are written. */
  readonly statuses: Runnable = {
    name: 'nacosconnection statuses',
    start: () => {
      this.#reports = true;
      for (const key of this.#options.connections.keys()) this.#controller.enqueue(key, 'low');
    },
    stop: async () => {
      this.#reports = false;
    },
  };

  async stop(hurry?: AbortSignal): Promise<void> {
    this.#unsubscribe();
    await this.#controller.stop(hurry);
    await this.#secretWatches.stop();
    await this.#options.clients.stop();
  }

  async #awaitFirstRun(key: ConnectionKey): Promise<void> {
    const run = Promise.withResolvers<void>();
    this.#firstRuns.set(key, run.resolve);
    this.#controller.enqueue(key);
    await run.promise;
    this.#firstRuns.delete(key);
  }

  /** The first of them is not kept waiting: it relies on the finalizer. */
  #usersChanged(key: ConnectionKey): void {
    const resource = this.#options.connections.get(key);
    const isHeld = resource !== undefined && hasFinalizer(resource, IN_USE_FINALIZER);
    this.#enqueueAfter(key, isHeld ? USERS_DELAY_MS : 0);
  }

  #stateChanged(key: ConnectionKey, state: ClientState): void {
    this.#enqueueAfter(key, state.kind === 'disconnected' ? DISCONNECTED_DELAY_MS : 0);
  }

  /** The default connection is no resource: there is nothing to write. */
  #enqueueAfter(key: ConnectionKey, delayMs: number): void {
    if (key !== DEFAULT_CONNECTION) this.#controller.queue.addAfter(key, delayMs);
  }
}
