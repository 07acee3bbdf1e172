/**
 * The content of one NacosConfig, between Kubernetes and Nacos: read, decided, written, told.
 *
 * For a config that is declared in Nacos there is nothing to do here; see mirror/.
 */
import { FINALIZER, KEEP_ANNOTATION } from '../api/names.ts';
import type { NacosConfig } from '../api/resources.ts';
import { BridgeError, isBridgeError } from '../errors.ts';
import { addFinalizer, hasFinalizer, removeFinalizer } from '../kube/finalizer.ts';
import type { ResourceClient } from '../kube/resource-client.ts';
import type { Logger } from '../logger.ts';
import { applyPlan } from './apply-plan.ts';
import type { ConfigPlan, PublishPlan, WriteBackPlan } from './plan.ts';
import { decide, type Decision, type NacosView } from './decide.ts';
import { deletesFromNacos, type ContentSource, type DeclaringIntent } from './intent.ts';
import type { ConfigMetrics } from './metrics.ts';
import type { ConfigMap, Secret } from './mirror/data-object.ts';
import { ConfigMapPlace } from './places/config-map-place.ts';
import type { ContentPlace } from './places/content-place.ts';
import { InlinePlace } from './places/inline-place.ts';
import { SecretPlace } from './places/secret-place.ts';
import type { SyncReport } from './report.ts';
import type { ConfigReporter } from './reporter.ts';
import type { ConfigSession } from './session.ts';
import type { Subject } from './subject.ts';
import { checkContent } from './validation.ts';

export interface ContentSyncOptions {
  configClient: ResourceClient<NacosConfig>;
  configMapClient: ResourceClient<ConfigMap>;
  secretClient: ResourceClient<Secret>;
  reporter: ConfigReporter;
  metrics: ConfigMetrics;
}

/** What a look is about, before anything was read. */
export interface ContentRequest {
  key: string;
  resource: NacosConfig;
  intent: DeclaringIntent;
  session: ConfigSession;
  /** The mark of ownership. */
  mark: string;
}

export class ContentSync {
  readonly #options: ContentSyncOptions;

  constructor(options: ContentSyncOptions) {
    this.#options = options;
  }

  async sync({ key, resource, intent, session, mark }: ContentRequest, log: Logger): Promise<SyncReport> {
    const place = this.#placeOf(resource, intent.content);
    const declared = await place.read();
    const subject: Subject = { resource, intent, place, declared, session, mark };
    checkOnce(subject);
    const decision = await this.#decide(subject);
    await this.#holdFinalizer(resource, intent, decision.plan);
    await this.#useUpKeep(decision, subject);
    const report = await applyPlan(decision, subject);
    this.#tell(key, decision, subject, log);
    return report;
  }

  #placeOf(resource: NacosConfig, source: ContentSource): ContentPlace {
    const { configClient, configMapClient, secretClient } = this.#options;
    const namespace = resource.metadata.namespace ?? '';
    switch (source.kind) {
      case 'inline':
        return new InlinePlace(configClient, resource);
      case 'configMap':
        return new ConfigMapPlace(configMapClient, namespace, source.name, source.key);
      case 'secret':
        return new SecretPlace(secretClient, namespace, source);
    }
  }

  /** No conflict is called on a base that is older than the one that is stored: after a restart, the cache may be. */
  async #decide(subject: Subject): Promise<Decision> {
    const decision = await decide(subject);
    const { resource, session } = subject;
    if (decision.plan.kind !== 'conflict' || !session.isBaseCached) return decision;
    const stored = await this.#options.configClient.get(resource.metadata.name, resource.metadata.namespace);
    const { baseMd5 } = session;
    session.rebase(stored?.status?.syncedMd5);
    return session.baseMd5 === baseMd5 ? decision : decide(subject);
  }

  /** Ours goes on before the first write to Nacos, and off when deleting need not reach Nacos any more. */
  async #holdFinalizer(resource: NacosConfig, intent: DeclaringIntent, plan: ConfigPlan): Promise<void> {
    const holds = hasFinalizer(resource, FINALIZER);
    const wants = intent.source === 'Kubernetes' && deletesFromNacos(resource);
    const owns = plan.kind === 'publish' || plan.kind === 'in-sync' || plan.kind === 'write-back';
    if (wants && owns && !holds && !(await addFinalizer(this.#options.configClient, resource, FINALIZER))) {
      // What is published now, nobody would remove.
      throw new BridgeError('KUBE_CONFLICT', `NacosConfig '${resource.metadata.name}' was deleted meanwhile`);
    }
    if (!wants && holds) await removeFinalizer(this.#options.configClient, resource, FINALIZER);
  }

  #tell(key: string, { plan }: Decision, subject: Subject, log: Logger): void {
    const { lag, driftFound } = this.#options.metrics;
    switch (plan.kind) {
      case 'drifted':
        return driftFound(plan.reason);
      case 'conflict':
      case 'remote-missing':
        return;
      case 'in-sync':
        lag.to_nacos.settled(key, false);
        return lag.to_kubernetes.settled(key, false);
      case 'publish':
        lag.to_nacos.settled(key, true);
        return this.#tellPublish(plan, subject, log);
      case 'write-back':
        lag.to_kubernetes.settled(key, true);
        return this.#tellWriteBack(plan, subject, log);
    }
  }

  #tellPublish(plan: PublishPlan, { resource, session }: Subject, log: Logger): void {
    const { metrics, reporter } = this.#options;
    const { reason, message, repairsDrift } = plan;
    if (repairsDrift) metrics.driftRepaired();
    const { group, dataId, namespaceId } = session.address;
    log.info('published', { reason, dataId, group, namespaceId, md5: session.baseMd5 });
    const type = repairsDrift || plan.decidedBy ? 'Warning' : 'Normal';
    reporter.event(resource, { type, reason, action: 'Publish', note: message });
  }

  #tellWriteBack(
    { message, decidedBy }: WriteBackPlan,
    { resource, intent, session, place }: Subject,
    log: Logger,
  ): void {
    const { metrics, reporter } = this.#options;
    const isDrift = intent.source === 'Kubernetes';
    if (isDrift) metrics.driftFound('ChangedInNacos');
    log.info('written back', { place: place.title, md5: session.baseMd5 });
    const type = isDrift || decidedBy ? 'Warning' : 'Normal';
    reporter.event(resource, { type, reason: 'WrittenBack', action: 'WriteBack', note: message });
  }

  /**
   * The annotation was about one conflict; left, it might decide a later one that nobody has seen. So it goes before what
   * it decides is done, and the session remembers it until then. After a crash in between the conflict is told again.
   * One that came when both sides had that content already goes as well.
   */
  async #useUpKeep({ plan, nacos }: Decision, { resource, declared, session }: Subject): Promise<void> {
    const { name, namespace, annotations } = resource.metadata;
    const md5 = annotations?.[KEEP_ANNOTATION];
    if (md5 === undefined || !isUsedUp(plan, md5, nacos)) return;
    const path = `/metadata/annotations/${KEEP_ANNOTATION.replace('/', '~1')}`;
    const operations = [{ op: 'test', path, value: md5 } as const, { op: 'remove', path } as const];
    try {
      await this.#options.configClient.jsonPatch(name, namespace, operations);
    } catch (error) {
      if (!isBridgeError(error, 'KUBE_INVALID')) throw error;
      const message = `The annotation ${KEEP_ANNOTATION} of NacosConfig '${name}' was changed meanwhile`;
      throw new BridgeError('KUBE_CONFLICT', message, { cause: error });
    }
    session.keep = { md5, kubernetesMd5: declared.md5, nacosMd5: nacos.md5 };
  }
}

function isUsedUp(plan: ConfigPlan, keepMd5: string, nacos: NacosView): boolean {
  if (plan.kind === 'in-sync') return keepMd5 === nacos.md5;
  return (plan.kind === 'publish' || plan.kind === 'write-back') && plan.decidedBy === 'annotation';
}

/** Whatever a decision may publish is right before it is taken; what is right is not parsed again. */
function checkOnce({ resource, intent, place, declared, session }: Subject): void {
  if (declared.kind === 'absent') return;
  const { generation } = resource.metadata;
  const { md5 } = declared;
  if (session.valid?.md5 === md5 && session.valid.generation === generation) return;
  checkContent(declared.content, intent, place);
  session.valid = { md5, generation };
}
