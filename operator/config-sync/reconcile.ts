/**
 * Brings one NacosConfig and its dataId into line: load, validate, observe, plan, apply, report.
 *
 * Level-triggered: whatever happened, what is declared, what Nacos holds and what both held last are compared
 * (decide.ts), at most what differs is written (apply.ts, rollout/delivery.ts), and it is reported. Only the leader runs it.
 */
import { FINALIZER, KEEP_ANNOTATION } from '../api/names.ts';
import type { NacosConfig } from '../api/resources.ts';
import type { ConnectionDirectory } from '../connections/connection-directory.ts';
import { BridgeError, isBridgeError, isLostRace } from '../errors.ts';
import { hasFinalizer, removeFinalizer } from '../kube/finalizer.ts';
import type { ResourceClient } from '../kube/resource-client.ts';
import type { Store } from '../kube/store.ts';
import type { Logger } from '../logger.ts';
import type { VersionObservation } from '../nacos/index.ts';
import type { ReconcileContext } from '../runtime/controller.ts';
import { applyDecision, type ContentReport, type ItemOwner } from './apply.ts';
import { decideItem, validateItem, type ConfigItem } from './decide.ts';
import { finalizeConfig, finalizeEvent, holdFinalizer } from './finalize.ts';
import { compileIntent, connectionOf, keepRequestOf, type ConfigIntent, type DeclaringIntent } from './intent.ts';
import type { ConfigMap, Secret } from './mirror/data-object.ts';
import { ConfigMapPlace } from './places/config-map-place.ts';
import type { ContentPlace } from './places/content-place.ts';
import { InlinePlace } from './places/inline-place.ts';
import { SecretPlace } from './places/secret-place.ts';
import { ownershipMark } from './remote.ts';
import { failureReport, sessionStart, suspendedReport, type ConfigReporter } from './report.ts';
import type { Delivery } from './rollout/delivery.ts';
import type { ConfigSession, ConfigSessions, SessionStart } from './session.ts';

export interface ConfigReconcilerOptions {
  clusterId: () => string;
  configs: Store<NacosConfig>;
  configClient: ResourceClient<NacosConfig>;
  configMapClient: ResourceClient<ConfigMap>;
  secretClient: ResourceClient<Secret>;
  connections: ConnectionDirectory;
  sessions: ConfigSessions;
  delivery: Delivery;
  reporter: ConfigReporter;
  /** When it is reconciled again although nothing happens, in milliseconds, with jitter. */
  resyncMs: () => number;
}

/** The first answer about a dataId brings the object back by itself; this is for a connection that fails meanwhile. */
const FIRST_ANSWER_MS = 2000;
/** While Nacos stores something that it does not serve. */
const RECHECK_MS = 2000;

/** One NacosConfig in one reconcile. */
interface Scope<I extends ConfigIntent = ConfigIntent> {
  key: string;
  resource: NacosConfig;
  intent: I;
  session: ConfigSession;
  log: Logger;
}

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
    const { connections, delivery, reporter, resyncMs, sessions } = this.#options;
    const connection = connections.find(connectionOf(resource));
    const intent = compileIntent(resource, connection.namespaceId);
    if (intent.suspend) {
      await reporter.report(resource, suspendedReport(resource, this.#baseMd5(key, resource)), log);
      return { requeueAfterMs: resyncMs() };
    }
    const session = sessions.open(key, connection, intent.address, () => this.#sessionStart(resource));
    const observed = observe(session);
    if (observed === undefined) return { requeueAfterMs: FIRST_ANSWER_MS };
    const scope = { key, resource, intent, session, log };
    const content = await this.#syncContent(scope, observed);
    const { served = observed } = session;
    const contentOf = (md5: string) => session.contentOf(md5);
    const delivered = await delivery.deliver({ ...scope, served: { observation: served, contentOf } });
    const { error, requeueAfterMs = Infinity, wroteMirror, ...mirrored } = delivered;
    await reporter.report(resource, { ...content, ...mirrored, wrote: content.wrote || wroteMirror }, log);
    if (error) throw error;
    session.release(served);
    const recheckMs = session.held.isServed ? Infinity : RECHECK_MS;
    return { requeueAfterMs: Math.min(requeueAfterMs, recheckMs, resyncMs()) };
  }

  /** Kubernetes to Nacos, and back; for a config that is declared in Nacos there is nothing to do. */
  async #syncContent({ intent, ...scope }: Scope, observed: VersionObservation): Promise<ContentReport> {
    const { key, resource, session, log } = scope;
    await session.recheck();
    if (intent.source === 'Nacos') {
      return { nacosMd5: observed.kind === 'present' ? observed.snapshot.md5 : undefined, wrote: false };
    }
    const item = await this.#read({ ...scope, intent });
    validateItem(item);
    const decision = await decideItem(item);
    const report = await applyDecision(decision, item, this.#ownerOf(resource));
    this.#options.reporter.applied(key, decision.plan, resource, item, log);
    return report;
  }

  async #read({ resource, intent, session }: Scope<DeclaringIntent>): Promise<ConfigItem> {
    const place = this.#placeOf(resource, intent);
    return {
      intent,
      generation: resource.metadata.generation,
      place,
      declared: await place.read(),
      session,
      mark: this.#mark(resource),
      keep: keepRequestOf(resource),
    };
  }

  #placeOf(resource: NacosConfig, { content }: DeclaringIntent): ContentPlace {
    const { configClient, configMapClient, secretClient } = this.#options;
    const namespace = resource.metadata.namespace ?? '';
    switch (content.kind) {
      case 'inline':
        return new InlinePlace(configClient, resource);
      case 'configMap':
        return new ConfigMapPlace(configMapClient, namespace, content.name, content.key);
      case 'secret':
        return new SecretPlace(secretClient, namespace, content);
    }
  }

  #ownerOf(resource: NacosConfig): ItemOwner {
    const { configClient } = this.#options;
    return {
      hold: (plan) => holdFinalizer(configClient, resource, plan),
      dropKeep: (md5) => dropKeep(configClient, resource, md5),
    };
  }

  #sessionStart(resource: NacosConfig): SessionStart {
    const { name, namespace } = resource.metadata;
    const storedBase = async () => (await this.#options.configClient.get(name, namespace))?.status?.syncedMd5;
    return { ...sessionStart(resource), storedBase };
  }

  async #finalize(key: string, resource: NacosConfig, log: Logger): Promise<void> {
    const { configClient, connections, delivery, reporter } = this.#options;
    await delivery.finalize(resource);
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
    const { delivery, reporter, sessions } = this.#options;
    sessions.close(key);
    delivery.forget(key);
    reporter.forget(key);
  }
}

/**
 * What Nacos holds; undefined while its first answer is under way.
 *
 * @throws BridgeError CONNECTION_NOT_READY when nothing was read and nothing can be.
 */
function observe(session: ConfigSession): VersionObservation | undefined {
  const { served, notReadBecause } = session;
  if (served !== undefined || notReadBecause === undefined) return served;
  throw session.notReady(notReadBecause);
}

async function dropKeep(client: ResourceClient<NacosConfig>, { metadata }: NacosConfig, md5: string): Promise<void> {
  const { name, namespace } = metadata;
  const path = `/metadata/annotations/${KEEP_ANNOTATION.replace('/', '~1')}`;
  const operations = [{ op: 'test', path, value: md5 } as const, { op: 'remove', path } as const];
  try {
    await client.jsonPatch(name, namespace, operations);
  } catch (error) {
    if (!isBridgeError(error, 'KUBE_INVALID')) throw error;
    const message = `The annotation ${KEEP_ANNOTATION} of NacosConfig '${name}' was changed meanwhile`;
    throw new BridgeError('KUBE_CONFLICT', message, { cause: error });
  }
}
