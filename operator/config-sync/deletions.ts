/**
 * The deletions of NacosConfigs: what Kubernetes and Nacos hold of one goes or is left, then our finalizer goes.
 *
 * Guarantees: each is finalized once, although the cache may show our finalizer for a moment longer; one that has to wait has
 * a status with the reason; what stays in Nacos is told in the log, too, since a namespace that goes takes its events along.
 */
import { FINALIZER } from '../api/names.ts';
import type { NacosConfig } from '../api/resources.ts';
import type { ConnectionDirectory, ConnectionHandle } from '../connections/connection-directory.ts';
import { hasFinalizer, removeFinalizer } from '../kube/finalizer.ts';
import type { ResourceClient } from '../kube/resource-client.ts';
import type { Logger } from '../logger.ts';
import type { Base } from './base/nacos-place.ts';
import type { NacosPlaces } from './base/nacos-places.ts';
import type { Claims } from './claims.ts';
import { finalizeConfig, finalizeEvent, HELD_BY_SUSPEND, isHeldBySuspend } from './finalize.ts';
import { connectionOf } from './intent.ts';
import { lossOf, type LossClients } from './lost-connection.ts';
import { waitingReport, type ConfigReporter } from './report.ts';
import type { Delivery } from './rollout/delivery.ts';

export interface DeletionsOptions extends LossClients {
  readonly claims: Pick<Claims, 'hasHeir'>;
  readonly configClient: ResourceClient<NacosConfig>;
  readonly connections: ConnectionDirectory;
  readonly delivery: Delivery;
  readonly places: NacosPlaces;
  readonly reporter: ConfigReporter;
  /** Drops all that is known of it. */
  readonly forget: (key: string) => void;
}

interface Deletion {
  readonly key: string;
  readonly resource: NacosConfig;
  readonly base: Base | undefined;
  readonly mark: string;
  readonly log: Logger;
}

export class Deletions {
  readonly #options: DeletionsOptions;
  /** The uids of those that are let go, by key. */
  readonly #finalized = new Map<string, string | undefined>();

  constructor(options: DeletionsOptions) {
    this.#options = options;
  }

  /** @throws BridgeError while Nacos or the API server cannot be asked. */
  async reconcile({ key, resource, base, mark, log }: Deletion): Promise<void> {
    const { claims, configClient, connections, delivery, forget, places, reporter } = this.#options;
    const { uid } = resource.metadata;
    const isHeld = hasFinalizer(resource, FINALIZER);
    const isDone = this.#finalized.has(key) && this.#finalized.get(key) === uid;
    if (isHeld && !isDone && isHeldBySuspend(resource)) {
      return reporter.report(resource, waitingReport(resource, HELD_BY_SUSPEND, base), log);
    }
    await delivery.finalize(resource);
    if (isDone || !isHeld) return forget(key);
    const input = {
      resource,
      connection: () => connections.find(connectionOf(resource)),
      placeOf: (connection: ConnectionHandle, namespaceId: string) => places.at(connection, namespaceId),
      loss: () => lossOf(resource, this.#options),
      mark,
      base,
    };
    // A NacosConfigSync that wants the dataId gets it back as it is.
    const outcome = claims.hasHeir(resource) ? { kind: 'nothing' as const } : await finalizeConfig(input);
    const event = finalizeEvent(outcome, resource);
    log.info('finalized', { outcome: outcome.kind });
    if (event?.type === 'Warning') log.warn('left in Nacos', { detail: event.note });
    if (event) reporter.event(resource, event);
    forget(key);
    await removeFinalizer(configClient, resource, FINALIZER);
    this.#finalized.set(key, uid);
  }

  /** It is gone. */
  forget(key: string): void {
    this.#finalized.delete(key);
  }
}
