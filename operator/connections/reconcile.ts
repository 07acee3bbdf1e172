/**
 * Brings one NacosConnection into line: a client for its settings, a finalizer, a status.
 *
 * A connection that worked goes on working with what it has while its Secret is missing or its spec is wrong: nothing
 * already synced is undone. It is held (finalizer) while resources name it: it serves them until then, and a namespace that
 * is deleted as a whole takes its configs along in the right order.
 */
import {
  CONFIRM_DELETION_ANNOTATION,
  DROP_FORMER_ANNOTATION,
  FIELD_MANAGER,
  FORCE_FINALIZE_ANNOTATION,
  IN_USE_FINALIZER,
} from '../api/names.ts';
import type { NacosConnection } from '../api/resources.ts';
import type { Clock } from '../clock.ts';
import { isBridgeError } from '../errors.ts';
import type { EventRecorder } from '../kube/events.ts';
import { addFinalizer, hasFinalizer, removeFinalizer } from '../kube/finalizer.ts';
import { findCondition } from '../kube/conditions.ts';
import type { ResourceClient } from '../kube/resource-client.ts';
import { StatusWriter } from '../kube/status-writer.ts';
import type { Store } from '../kube/store.ts';
import { ambiguityVerdict } from './ambiguous-namespace.ts';
import { Allowance } from './allowance.ts';
import type { ConnectionClients } from './connection-clients.ts';
import { titleOf } from './connection-directory.ts';
import type { ConnectionKey } from './connection-key.ts';
import {
  connectionStatus,
  failedVerdicts,
  formerVerdict,
  terminatingVerdict,
  verdictsOf,
  type ConnectionVerdicts,
} from './connection-status.ts';
import type { ConnectionUsers } from './connection-user.ts';
import type { SecretWatches } from './secret-watches.ts';
import { compileSettings, secretNameOf, type Secret } from './settings.ts';

interface ConnectionReconcilerOptions {
  connections: Store<NacosConnection>;
  connectionClient: ResourceClient<NacosConnection>;
  secretClient: ResourceClient<Secret>;
  secretWatches: SecretWatches;
  clients: ConnectionClients;
  users: Pick<ConnectionUsers, 'dropFormer' | 'formerCount' | 'reliefOf' | 'usersOf'>;
  /** Whether statuses, events and finalizers are this replica's to write. */
  reports: () => boolean;
  events: EventRecorder;
  clock: Clock;
}

export class ConnectionReconciler {
  readonly #options: ConnectionReconcilerOptions;
  readonly #statuses: StatusWriter<NacosConnection>;

  constructor(options: ConnectionReconcilerOptions) {
    this.#options = options;
    this.#statuses = new StatusWriter(options.connectionClient, FIELD_MANAGER, options.clock);
  }

  async reconcile(key: ConnectionKey): Promise<void> {
    const resource = this.#options.connections.get(key);
    if (resource === undefined) return this.#forget(key);
    const logsIn = secretNameOf(resource) !== undefined;
    try {
      await this.#connect(key, resource);
    } catch (error) {
      if (!isBridgeError(error)) throw error;
      this.#options.clients.fail(key, error);
      await this.#report(key, resource, failedVerdicts(error, logsIn));
      throw error;
    }
    await this.#report(key, resource, verdictsOf(this.#options.clients.stateOf(key), secretNameOf(resource)));
  }

  async #connect(key: ConnectionKey, resource: NacosConnection): Promise<void> {
    const { clients, secretClient, secretWatches, users } = this.#options;
    const { namespace = '' } = resource.metadata;
    const secretName = secretNameOf(resource);
    secretWatches.follow(key, namespace, secretName);
    const secret = secretName === undefined ? undefined : await secretClient.get(secretName, namespace);
    const { allow } = resource.spec;
    const isConfirmed = isSet(resource, CONFIRM_DELETION_ANNOTATION);
    const allowance = new Allowance({ title: titleOf(key), rules: allow && [allow], isConfirmed });
    clients.connect(key, compileSettings(resource, secret), allowance);
    if (isSet(resource, DROP_FORMER_ANNOTATION)) users.dropFormer(key);
  }

  #forget(key: ConnectionKey): void {
    const { clients, secretWatches } = this.#options;
    clients.disconnect(key);
    this.#statuses.forget(key);
    secretWatches.follow(key, '', undefined);
  }

  async #report(
    key: ConnectionKey,
    resource: NacosConnection,
    verdicts: ConnectionVerdicts | undefined,
  ): Promise<void> {
    const { clients, reports, users } = this.#options;
    const client = clients.clientOf(key);
    if (!reports()) return;
    const isToGo = !(await this.#holdFinalizer(key, resource));
    if (isToGo || verdicts === undefined) return;
    await this.#writeStatus(key, resource, {
      ...verdicts,
      relief: users.reliefOf(key),
      formerInUse: formerVerdict(users.formerCount(key)),
      terminating: terminatingVerdict(resource, users.usersOf(key)),
      ambiguous: client && ambiguityVerdict(client, resource.spec.namespaceId),
    });
  }

  /** Returns whether the resource stays. */
  async #holdFinalizer(key: ConnectionKey, resource: NacosConnection): Promise<boolean> {
    const { connectionClient, events, users } = this.#options;
    const isHeld = hasFinalizer(resource, IN_USE_FINALIZER);
    const isDeleted = resource.metadata.deletionTimestamp !== undefined;
    const isForced = isDeleted && isSet(resource, FORCE_FINALIZE_ANNOTATION);
    const resources = users.usersOf(key);
    const isNeeded = resources > 0 && !isForced;
    if (isNeeded && !isHeld && !isDeleted) await addFinalizer(connectionClient, resource, IN_USE_FINALIZER);
    if (!isNeeded && isHeld) await removeFinalizer(connectionClient, resource, IN_USE_FINALIZER);
    if (isForced && isHeld && resources > 0) {
      const note = `Deleted although ${resources} resources name it; what is published over it is withdrawn`;
      events.event(resource, { type: 'Warning', reason: 'ForceFinalized', action: 'Delete', note });
    }
    return isNeeded || !isDeleted;
  }

  async #writeStatus(key: ConnectionKey, cached: NacosConnection, verdicts: ConnectionVerdicts): Promise<void> {
    const { clients, clock, events, users } = this.#options;
    const resource = this.#statuses.latest(cached);
    const { ready } = verdicts;
    const before = findCondition(resource.status?.conditions, 'Ready');
    if (before?.status !== ready.status || before.reason !== ready.reason) {
      const type = ready.status === 'False' ? 'Warning' : 'Normal';
      events.event(resource, { type, reason: ready.reason, action: 'Connect', note: ready.message });
    }
    const status = connectionStatus(resource, verdicts, clients.stateOf(key), users.usersOf(key), clock.now());
    await this.#statuses.write(resource, status);
  }
}

function isSet({ metadata }: NacosConnection, annotation: string): boolean {
  return metadata.annotations?.[annotation] === 'true';
}
