/**
 * Brings one NacosConnection into line: a client for its settings, an entry in the directory, a status.
 *
 * A connection that worked goes on working with what it has while its Secret is missing or its spec is wrong: nothing
 * already synced is undone. It is held (finalizer) while resources that must tell Nacos of their deletion use it, so
 * that a namespace that is deleted as a whole takes its configs along in the right order.
 */
import { FIELD_MANAGER, IN_USE_FINALIZER } from '../api/names.ts';
import type { NacosConnection } from '../api/resources.ts';
import type { Clock } from '../clock.ts';
import { isBridgeError } from '../errors.ts';
import type { EventRecorder } from '../kube/events.ts';
import { addFinalizer, hasFinalizer, removeFinalizer } from '../kube/finalizer.ts';
import { findCondition, type Verdict } from '../kube/conditions.ts';
import type { ResourceClient } from '../kube/resource-client.ts';
import { StatusWriter } from '../kube/status-writer.ts';
import type { Store } from '../kube/store.ts';
import type { ClientState, NacosClient } from '../nacos/index.ts';
import type { ReconcileContext } from '../runtime/controller.ts';
import { handOverLease, type ClientLease, type ClientPool } from './client-pool.ts';
import { titleOf, type ConnectionDirectory } from './connection-directory.ts';
import type { ConnectionKey } from './connection-key.ts';
import { connectionStatus, failedVerdicts, verdictsOf, type ConnectionVerdicts } from './connection-status.ts';
import type { SecretWatches } from './secret-watches.ts';
import { compileSettings, secretNameOf, type Secret } from './settings.ts';

export interface ConnectionReconcilerOptions {
  connections: Store<NacosConnection>;
  connectionClient: ResourceClient<NacosConnection>;
  secretClient: ResourceClient<Secret>;
  secretWatches: SecretWatches;
  pool: ClientPool;
  directory: ConnectionDirectory;
  /** How many resources use a connection, and how many of them need it to be deleted themselves. */
  usage: (key: ConnectionKey) => { resources: number; holding: number };
  /** What there is to say of the relief of replicas over a connection, if it does not work. */
  relief: (key: ConnectionKey) => Verdict | undefined;
  /** Whether statuses, events and finalizers are this replica's to write. */
  reports: () => boolean;
  /** Resolves when `to` has taken over what the connection held at `from`, or that has taken too long. */
  handOver: (key: ConnectionKey, from: NacosClient, to: NacosClient) => Promise<void>;
  /** Told when the state of a client changes. */
  onStateChange: (key: ConnectionKey, state: ClientState) => void;
  events: EventRecorder;
  clock: Clock;
}

interface Held {
  lease: ClientLease;
  unsubscribe: () => void;
}

export class ConnectionReconciler {
  readonly #options: ConnectionReconcilerOptions;
  readonly #held = new Map<ConnectionKey, Held>();
  readonly #statuses: StatusWriter<NacosConnection>;

  constructor(options: ConnectionReconcilerOptions) {
    this.#options = options;
    this.#statuses = new StatusWriter(options.connectionClient, FIELD_MANAGER, options.clock);
  }

  async reconcile(key: ConnectionKey, _context: ReconcileContext): Promise<void> {
    const resource = this.#options.connections.get(key);
    if (resource === undefined) return this.#forget(key);
    const logsIn = secretNameOf(resource) !== undefined;
    try {
      await this.#connect(key, resource);
    } catch (error) {
      if (!isBridgeError(error)) throw error;
      if (!this.#held.has(key)) this.#options.directory.fail(key, error);
      await this.#tell(key, resource, failedVerdicts(error, logsIn));
      throw error;
    }
    await this.#tell(key, resource, verdictsOf(this.#stateOf(key), secretNameOf(resource)));
  }

  async #connect(key: ConnectionKey, resource: NacosConnection): Promise<void> {
    const { directory, pool, secretClient, secretWatches } = this.#options;
    const { namespace = '' } = resource.metadata;
    const secretName = secretNameOf(resource);
    secretWatches.follow(key, namespace, secretName);
    const secret = secretName === undefined ? undefined : await secretClient.get(secretName, namespace);
    const settings = compileSettings(resource, secret);
    const held = this.#held.get(key);
    const lease = held?.lease.change(settings) ?? pool.acquire(settings);
    if (held?.lease !== lease) this.#hold(key, lease);
    directory.set(key, { title: titleOf(key), client: lease.client, namespaceId: settings.namespaceId });
    if (held && held.lease !== lease) void handOverLease(key, held.lease, lease, this.#options.handOver);
  }

  #hold(key: ConnectionKey, lease: ClientLease): void {
    this.#held.get(key)?.unsubscribe();
    const unsubscribe = lease.client.onStateChange((state) => this.#options.onStateChange(key, state));
    this.#held.set(key, { lease, unsubscribe });
  }

  #forget(key: ConnectionKey): void {
    const { directory, secretWatches } = this.#options;
    directory.remove(key);
    this.#statuses.forget(key);
    secretWatches.follow(key, '', undefined);
    const held = this.#held.get(key);
    this.#held.delete(key);
    held?.unsubscribe();
    held?.lease.release();
  }

  async #tell(key: ConnectionKey, resource: NacosConnection, verdicts: ConnectionVerdicts | undefined): Promise<void> {
    if (!this.#options.reports()) return;
    await this.#holdFinalizer(key, resource);
    if (verdicts === undefined) return;
    await this.#report(key, resource, { ...verdicts, relief: this.#options.relief(key) });
  }

  async #holdFinalizer(key: ConnectionKey, resource: NacosConnection): Promise<void> {
    const { connectionClient, usage } = this.#options;
    const isHeld = hasFinalizer(resource, IN_USE_FINALIZER);
    const isNeeded = usage(key).holding > 0;
    if (isNeeded && !isHeld) await addFinalizer(connectionClient, resource, IN_USE_FINALIZER);
    if (!isNeeded && isHeld) await removeFinalizer(connectionClient, resource, IN_USE_FINALIZER);
  }

  async #report(key: ConnectionKey, cached: NacosConnection, verdicts: ConnectionVerdicts): Promise<void> {
    const { clock, events, usage } = this.#options;
    const resource = this.#statuses.latest(cached);
    const { ready } = verdicts;
    const before = findCondition(resource.status?.conditions, 'Ready');
    if (before?.status !== ready.status || before.reason !== ready.reason) {
      const type = ready.status === 'False' ? 'Warning' : 'Normal';
      events.event(resource, { type, reason: ready.reason, action: 'Connect', note: ready.message });
    }
    const status = connectionStatus(resource, verdicts, this.#stateOf(key), usage(key).resources, clock.now());
    await this.#statuses.write(resource, status);
  }

  #stateOf(key: ConnectionKey): ClientState {
    return this.#held.get(key)?.lease.client.state ?? { kind: 'idle' };
  }
}
