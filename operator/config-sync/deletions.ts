/**
 * The deletions of NacosConfigs: what Kubernetes and Nacos hold of one goes or is left, then our finalizer goes.
 *
 * Guarantees: a dataId that a NacosConfigSync declares stays for that one, and nothing is removed before those that may have
 * read their objects; each is finalized once, although the cache may show our finalizer for a moment longer; one that has to wait has
 * a status with the reason; what stays in Nacos is told in the log, too, since a namespace that goes takes its events along.
 */
import { FINALIZER } from '../api/names.ts';
import type { NacosConfig } from '../api/resources.ts';
import type { Clock } from '../clock.ts';
import type { ConnectionDirectory, ConnectionHandle } from '../connections/connection-directory.ts';
import type { Verdict } from '../kube/conditions.ts';
import { hasFinalizer, removeFinalizer } from '../kube/finalizer.ts';
import type { ResourceClient } from '../kube/resource-client.ts';
import type { Logger } from '../logger.ts';
import type { Base } from './base/nacos-place.ts';
import type { NacosPlaces } from './base/nacos-places.ts';
import type { Claims, Heir } from './claims.ts';
import { finalizeConfig, finalizeEvent, HELD_BY_SUSPEND, isHeldBySuspend, type FinalizeOutcome } from './finalize.ts';
import { connectionOf } from './intent.ts';
import { lossOf, type LossClients } from './lost-connection.ts';
import { waitingReport, type ConfigReporter } from './report.ts';
import type { Delivery } from './rollout/delivery.ts';

export interface DeletionsOptions extends LossClients {
  readonly claims: Pick<Claims, 'heirOf'>;
  readonly clock: Clock;
  readonly configClient: ResourceClient<NacosConfig>;
  readonly connections: ConnectionDirectory;
  readonly delivery: Delivery;
  readonly places: NacosPlaces;
  readonly reporter: ConfigReporter;
  /** Drops all that is known of it. */
  readonly forget: (key: string) => void;
}

/** After that the dataId is left in Nacos, which loses nothing. */
const UNREAD_MS = 60_000;
const UNREAD_RECHECK_MS = 1000;

interface Deletion {
  readonly key: string;
  readonly resource: NacosConfig;
  readonly base: Base | undefined;
  readonly mark: string;
  readonly log: Logger;
}

export class Deletions {
  readonly #options: DeletionsOptions;
  /** Since when each waits for a NacosConfigSync, on the monotonic clock. */
  readonly #waitingMs = new Map<string, number>();
  /** The uids of those that are let go, by key. */
  readonly #finalized = new Map<string, string | undefined>();

  constructor(options: DeletionsOptions) {
    this.#options = options;
  }

  /** @throws BridgeError while Nacos or the API server cannot be asked. */
  async reconcile({ key, resource, base, mark, log }: Deletion): Promise<{ requeueAfterMs: number } | void> {
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
    const heir = claims.heirOf(resource);
    if (heir?.unread !== undefined && this.#mayWait(key, resource)) {
      await reporter.report(resource, waitingReport(resource, unreadVerdict(heir.unread), base), log);
      return { requeueAfterMs: UNREAD_RECHECK_MS };
    }
    const outcome = heir === undefined ? await finalizeConfig(input) : outcomeWith(heir);
    const event = finalizeEvent(outcome, resource);
    log.info('finalized', { outcome: outcome.kind });
    if (event?.type === 'Warning') log.warn('left in Nacos', { detail: event.note });
    if (event) reporter.event(resource, event);
    forget(key);
    await removeFinalizer(configClient, resource, FINALIZER);
    this.#finalized.set(key, uid);
  }

  /** For a NacosConfigSync that has not read its objects yet: not for ever, while Nacos answers. */
  #mayWait(key: string, resource: NacosConfig): boolean {
    const { clock, connections } = this.#options;
    const nowMs = clock.monotonic();
    const isConnected = connections.findUsable(connectionOf(resource))?.client.state.kind === 'connected';
    const sinceMs = isConnected ? (this.#waitingMs.get(key) ?? nowMs) : nowMs;
    this.#waitingMs.set(key, sinceMs);
    return nowMs - sinceMs < UNREAD_MS;
  }

  /** It is gone. */
  forget(key: string): void {
    this.#waitingMs.delete(key);
    this.#finalized.delete(key);
  }
}

/** A NacosConfigSync that wants the dataId gets it back as it is, and one that may want it too. */
function outcomeWith({ unread }: Heir): FinalizeOutcome {
  if (unread === undefined) return { kind: 'nothing' };
  const message = `Left in Nacos: NacosConfigSync '${unread}' may declare it, and has not read its objects for a minute`;
  return { kind: 'leave', message };
}

function unreadVerdict(sync: string): Verdict {
  const message = `The deletion waits for NacosConfigSync '${sync}', which may declare the dataId, to read its objects`;
  return { status: 'False', reason: 'Progressing', message };
}
