/**
 * Brings one NacosConfig and its dataId into line.
 *
 * Level-triggered: whatever happened, it looks at what is declared, at what Nacos holds and at what both held last,
 * decides (plan.ts, two-way-plan.ts), writes at most what differs, and reports. Only the leader runs it.
 */
import { FINALIZER } from '../api/names.ts';
import type { NacosConfig } from '../api/resources.ts';
import type { ConnectionDirectory } from '../connections/connection-directory.ts';
import { isBridgeError, isLostRace, type BridgeError } from '../errors.ts';
import { failureVerdict } from '../kube/conditions.ts';
import { hasFinalizer, removeFinalizer } from '../kube/finalizer.ts';
import type { ResourceClient } from '../kube/resource-client.ts';
import type { Store } from '../kube/store.ts';
import type { Logger } from '../logger.ts';
import type { VersionObservation } from '../nacos/index.ts';
import type { ReconcileContext } from '../runtime/controller.ts';
import type { ContentSync } from './content-sync.ts';
import { finalizeConfig, finalizeEvent } from './finalize.ts';
import { compileIntent, connectionOf, type ConfigIntent } from './intent.ts';
import type { ConfigMetrics } from './metrics.ts';
import { ownershipMark } from './remote.ts';
import { failureReport, suspendedReport, verdictBefore, type SyncReport } from './report.ts';
import type { ConfigReporter } from './reporter.ts';
import type { Delivered, Delivery } from './rollout/delivery.ts';
import { sessionStart } from './session-start.ts';
import type { ConfigSession, ConfigSessions } from './session.ts';

export interface ConfigReconcilerOptions {
  clusterId: () => string;
  configs: Store<NacosConfig>;
  configClient: ResourceClient<NacosConfig>;
  connections: ConnectionDirectory;
  sessions: ConfigSessions;
  content: ContentSync;
  delivery: Delivery;
  reporter: ConfigReporter;
  metrics: ConfigMetrics;
  /** The next look when nothing happens, in milliseconds, with jitter. */
  resyncMs: () => number;
}

/** The first answer about a dataId brings the object back by itself; this is for a connection that fails meanwhile. */
const FIRST_ANSWER_MS = 2000;
/** The next look while Nacos stores something that it does not serve. */
const RECHECK_MS = 2000;

export class ConfigReconciler {
  readonly #options: ConfigReconcilerOptions;

  constructor(options: ConfigReconcilerOptions) {
    this.#options = options;
  }

  async reconcile(key: string, { log }: ReconcileContext): Promise<{ requeueAfterMs: number } | void> {
    const resource = this.#options.configs.get(key);
    if (resource === undefined) return this.#forget(key);
    try {
      if (resource.metadata.deletionTimestamp !== undefined) return await this.#finalize(key, resource, log);
      return await this.#sync(key, resource, log);
    } catch (error) {
      if (!isBridgeError(error) || isLostRace(error)) throw error;
      await this.#options.reporter.report(resource, failureReport(resource, error, this.#baseMd5(key, resource)), log);
      throw error;
    }
  }

  async #sync(key: string, resource: NacosConfig, log: Logger): Promise<{ requeueAfterMs: number }> {
    const { connections, reporter, resyncMs, sessions } = this.#options;
    const connection = connections.find(connectionOf(resource));
    const intent = compileIntent(resource, connection.namespaceId);
    if (intent.suspend) {
      await reporter.report(resource, suspendedReport(resource, this.#baseMd5(key, resource)), log);
      return { requeueAfterMs: resyncMs() };
    }
    const session = sessions.open(key, connection, intent.address, () => sessionStart(resource));
    const observation = observe(session);
    if (observation === undefined) return { requeueAfterMs: FIRST_ANSWER_MS };
    await session.recheck();
    const report = await this.#syncContent(key, resource, intent, session, observation, log);
    const { observation: served = observation } = session;
    const { delivered, error } = await this.#deliver(key, resource, intent, session, served, log);
    const { wroteMirror, lookAgainMs = Infinity, ...verdicts } = delivered;
    await reporter.report(resource, { ...report, ...verdicts, wrote: report.wrote || wroteMirror }, log);
    if (error) throw error;
    session.release(served);
    const recheckMs = session.held.isServed ? Infinity : RECHECK_MS;
    return { requeueAfterMs: Math.min(lookAgainMs, recheckMs, resyncMs()) };
  }

  /** Kubernetes to Nacos, and back; for a config that is declared in Nacos there is nothing to do. */
  async #syncContent(
    key: string,
    resource: NacosConfig,
    intent: ConfigIntent,
    session: ConfigSession,
    observation: VersionObservation,
    log: Logger,
  ): Promise<SyncReport> {
    if (intent.source === 'Nacos') {
      return { nacosMd5: observation.kind === 'present' ? observation.snapshot.md5 : undefined, wrote: false };
    }
    return this.#options.content.sync({ key, resource, intent, session, mark: this.#mark(resource) }, log);
  }

  /** Nacos to those who read it. A failure here must not hide what became of the content, so it is returned. */
  async #deliver(
    key: string,
    resource: NacosConfig,
    intent: ConfigIntent,
    session: ConfigSession,
    observation: VersionObservation,
    log: Logger,
  ): Promise<{ delivered: Delivered; error?: BridgeError }> {
    try {
      const served = { observation, contentOf: (md5: string) => session.contentOf(md5) };
      return { delivered: await this.#options.delivery.deliver(key, resource, intent, served, log) };
    } catch (error) {
      if (!isBridgeError(error) || isLostRace(error)) throw error;
      const mirrored = failureVerdict(error);
      const { mirrorName } = resource.status ?? {};
      const rolledOut = verdictBefore(resource, 'RolledOut');
      return { delivered: { mirrored, mirrorName, rolledOut, wroteMirror: false }, error };
    }
  }

  async #finalize(key: string, resource: NacosConfig, log: Logger): Promise<void> {
    const { configClient, connections, reporter } = this.#options;
    if (!hasFinalizer(resource, FINALIZER)) return this.#forget(key);
    const outcome = await finalizeConfig({
      resource,
      connection: () => connections.find(connectionOf(resource)),
      mark: this.#mark(resource),
      baseMd5: this.#baseMd5(key, resource),
    });
    log.info('finalized', { outcome: outcome.kind });
    const event = finalizeEvent(outcome);
    if (event) reporter.event(resource, event);
    this.#forget(key);
    await removeFinalizer(configClient, resource, FINALIZER);
  }

  #mark({ metadata }: NacosConfig): string {
    return ownershipMark(this.#options.clusterId(), metadata.namespace ?? '', metadata.name);
  }

  #baseMd5(key: string, resource: NacosConfig): string | undefined {
    return this.#options.sessions.get(key)?.baseMd5 ?? resource.status?.syncedMd5;
  }

  #forget(key: string): void {
    const { delivery, metrics, reporter, sessions } = this.#options;
    sessions.close(key);
    delivery.forget(key);
    metrics.lag.to_nacos.forget(key);
    metrics.lag.to_kubernetes.forget(key);
    reporter.forget(key);
  }
}

/**
 * What Nacos holds; undefined while its first answer is under way.
 *
 * @throws BridgeError CONNECTION_NOT_READY when nothing was read and nothing can be.
 */
function observe(session: ConfigSession): VersionObservation | undefined {
  const { observation, notReadBecause } = session;
  if (observation !== undefined || notReadBecause === undefined) return observation;
  throw session.notReady(notReadBecause);
}
