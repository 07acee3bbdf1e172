/**
 * Brings one NacosConfig and its dataId into line.
 *
 * Level-triggered: whatever happened, it looks at what is declared, at what Nacos holds and at what both held last,
 * decides (plan.ts), writes at most what differs, and reports. Only the leader runs it.
 */
import { FINALIZER } from '../api/names.ts';
import type { NacosConfig } from '../api/resources.ts';
import type { ConnectionDirectory } from '../connections/connection-directory.ts';
import { BridgeError, isBridgeError, type ErrorCode } from '../errors.ts';
import type { Verdict } from '../kube/conditions.ts';
import { addFinalizer, hasFinalizer, removeFinalizer } from '../kube/finalizer.ts';
import type { ResourceClient } from '../kube/resource-client.ts';
import type { KubeObject } from '../kube/resource.ts';
import type { Store } from '../kube/store.ts';
import type { Logger } from '../log.ts';
import type { ConfigObservation } from '../nacos/config-client.ts';
import type { ReconcileContext } from '../runtime/controller.ts';
import { readDeclared } from './declared.ts';
import { finalizeConfig } from './finalize.ts';
import { compileIntent, connectionOf, deletesFromNacos, type ConfigIntent, type PublishIntent } from './intent.ts';
import type { ConfigMetrics } from './metrics.ts';
import { removeStaleMirrors, syncMirror, type ConfigMap } from './mirror.ts';
import { ownershipMark } from './ownership.ts';
import type { ConfigPlan } from './plan.ts';
import { applyPlan, planPublication, validateOnce, type Publication } from './publish.ts';
import { failureReport, suspendedReport, type SyncReport } from './report.ts';
import type { ConfigReporter } from './reporter.ts';
import type { ConfigSession, ConfigSessions } from './session.ts';

export interface ConfigReconcilerOptions {
  clusterId: () => string;
  configs: Store<NacosConfig>;
  /** Metadata of ConfigMaps, with the index CONTROLLER_INDEX; their content is read when it is needed. */
  configMapMetadata: Store<KubeObject>;
  configClient: ResourceClient<NacosConfig>;
  configMapClient: ResourceClient<ConfigMap>;
  connections: ConnectionDirectory;
  sessions: ConfigSessions;
  reporter: ConfigReporter;
  metrics: ConfigMetrics;
  /** The next look when nothing happens, in milliseconds, with jitter. */
  resyncMs: () => number;
}

/** ConfigMaps by the uid of their controller. */
export const CONTROLLER_INDEX = 'controller';

/** The first read of a dataId brings the object back by itself; this is for a connection that fails meanwhile. */
const FIRST_READ_MS = 2000;

/** A lost race is nobody's problem: the watches bring the new state, and the decision is taken again on it. */
const lostRaces: readonly ErrorCode[] = ['NACOS_CAS_FAILED', 'KUBE_CONFLICT', 'ABORTED'];

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
      if (!isBridgeError(error) || lostRaces.includes(error.code)) throw error;
      await this.#options.reporter.report(resource, failureReport(resource, error, this.#baseMd5(key, resource)), log);
      throw error;
    }
  }

  async #sync(key: string, resource: NacosConfig, log: Logger): Promise<{ requeueAfterMs: number }> {
    const { connections, reporter, resyncMs } = this.#options;
    const connection = connections.find(connectionOf(resource));
    const intent = compileIntent(resource, connection.namespaceId);
    if (intent.suspend) {
      await reporter.report(resource, suspendedReport(resource, this.#baseMd5(key, resource)), log);
      return { requeueAfterMs: resyncMs() };
    }
    const session = this.#options.sessions.open(key, connection, intent.address, (begun) => begin(begun, resource));
    const observation = observe(session);
    if (observation === undefined) return { requeueAfterMs: FIRST_READ_MS };
    const report = await this.#publish(key, resource, intent, session, observation, log);
    const mirror = await this.#mirror(key, resource, intent, session, log);
    await reporter.report(
      resource,
      { ...report, mirrored: mirror?.verdict, wrote: report.wrote || mirror?.wrote === true },
      log,
    );
    if (mirror?.error) throw mirror.error;
    return { requeueAfterMs: resyncMs() };
  }

  /** Kubernetes to Nacos; for a config that is declared in Nacos there is nothing to publish. */
  async #publish(
    key: string,
    resource: NacosConfig,
    intent: ConfigIntent,
    session: ConfigSession,
    observation: ConfigObservation,
    log: Logger,
  ): Promise<SyncReport> {
    const nacosMd5 = observation.kind === 'present' ? observation.snapshot.md5 : undefined;
    if (intent.source === 'Nacos') return { nacosMd5, wrote: false };
    const declared = await readDeclared(intent, (name) =>
      this.#options.configMapClient.get(name, resource.metadata.namespace),
    );
    const publication = { resource, intent, declared, session, mark: this.#mark(resource) };
    validateOnce(publication);
    const { plan, remote } = await planPublication(publication);
    await this.#holdFinalizer(resource, intent, plan);
    const report = await applyPlan(plan, publication, remote);
    this.#tellPlan(key, publication, plan, log);
    return report;
  }

  /** Nacos to Kubernetes. A failure here must not hide what became of the publication, so it is returned. */
  async #mirror(
    key: string,
    resource: NacosConfig,
    { mirror }: ConfigIntent,
    session: ConfigSession,
    log: Logger,
  ): Promise<{ verdict?: Verdict; wrote: boolean; error?: BridgeError } | undefined> {
    const { configMapClient, configMapMetadata, metrics, reporter } = this.#options;
    try {
      const controlled = configMapMetadata.byIndex(CONTROLLER_INDEX, resource.metadata.uid ?? '');
      await removeStaleMirrors(resource, mirror, controlled, configMapClient);
      if (mirror === undefined || session.observation === undefined) return undefined;
      const { verdict, written } = await syncMirror(resource, mirror, session.observation, configMapClient);
      metrics.lag.to_kubernetes.settled(key, written !== undefined);
      if (written === undefined) return { verdict, wrote: false };
      log.info('mirror written', { configMap: mirror.name, key: mirror.key, written });
      reporter.event(resource, { type: 'Normal', reason: `Mirror${written}`, action: 'Mirror', note: verdict.message });
      return { verdict, wrote: true };
    } catch (error) {
      if (!isBridgeError(error) || lostRaces.includes(error.code)) throw error;
      return { verdict: { status: 'False', reason: error.reason, message: error.message }, wrote: false, error };
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
    if (outcome.kind === 'remove') {
      reporter.event(resource, {
        type: 'Normal',
        reason: 'Removed',
        action: 'Remove',
        note: 'Removed the dataId from Nacos',
      });
    } else if (outcome.kind !== 'nothing') {
      const reason = outcome.kind === 'forced' ? 'ForceFinalized' : 'LeftInNacos';
      reporter.event(resource, { type: 'Warning', reason, action: 'Remove', note: outcome.message });
    }
    this.#forget(key);
    await removeFinalizer(configClient, resource, FINALIZER);
  }

  /** Ours goes on before the first write to Nacos, and off when deleting need not reach Nacos any more. */
  async #holdFinalizer(resource: NacosConfig, intent: PublishIntent, plan: ConfigPlan): Promise<void> {
    const holds = hasFinalizer(resource, FINALIZER);
    const wants = deletesFromNacos(resource);
    const owns = plan.kind === 'publish' || plan.kind === 'in-sync';
    if (wants && owns && !holds) await addFinalizer(this.#options.configClient, resource, FINALIZER);
    if (!wants && holds) await removeFinalizer(this.#options.configClient, resource, FINALIZER);
  }

  #tellPlan(key: string, { resource, declared, session }: Publication, plan: ConfigPlan, log: Logger): void {
    const { metrics, reporter } = this.#options;
    if (plan.kind === 'drifted') return metrics.driftFound(plan.reason);
    if (plan.kind === 'conflict') return;
    metrics.lag.to_nacos.settled(key, plan.kind === 'publish');
    if (plan.kind === 'in-sync') return;
    if (plan.repairsDrift) metrics.driftRepaired();
    const { group, dataId, namespaceId } = session.address;
    log.info('published', { reason: plan.reason, dataId, group, namespaceId, md5: declared.md5 });
    const type = plan.repairsDrift ? 'Warning' : 'Normal';
    reporter.event(resource, { type, reason: plan.reason, action: 'Publish', note: plan.message });
  }

  #mark({ metadata }: NacosConfig): string {
    return ownershipMark(this.#options.clusterId(), metadata.namespace ?? '', metadata.name);
  }

  #baseMd5(key: string, resource: NacosConfig): string | undefined {
    return this.#options.sessions.get(key)?.baseMd5 ?? resource.status?.syncedMd5;
  }

  #forget(key: string): void {
    const { metrics, reporter, sessions } = this.#options;
    sessions.close(key);
    metrics.lag.to_nacos.forget(key);
    metrics.lag.to_kubernetes.forget(key);
    reporter.forget(key);
  }
}

/** What a restart left in the status is where a new session begins. */
function begin(session: ConfigSession, { status }: NacosConfig): void {
  session.baseMd5 = status?.syncedMd5;
  const isSynced = status?.conditions?.some(({ type, status: value }) => type === 'Synced' && value === 'True');
  session.metadataGeneration = isSynced ? status?.observedGeneration : undefined;
}

/**
 * What Nacos holds; undefined while the first read is under way.
 *
 * @throws BridgeError CONNECTION_NOT_READY when nothing was read and nothing can be.
 */
function observe({ observation, notReadBecause: cause, connection }: ConfigSession): ConfigObservation | undefined {
  if (observation !== undefined || cause === undefined) return observation;
  throw new BridgeError('CONNECTION_NOT_READY', `${connection.title} is not ready: ${cause.message}`, { cause });
}
