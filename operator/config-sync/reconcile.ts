/**
 * Brings one NacosConfig and its dataId into line: load, validate, observe, plan, apply, report.
 *
 * Level-triggered: whatever happened, what is declared, what Nacos holds and what both held last are compared
 * (decide.ts), at most what differs is written (apply.ts, rollout/delivery.ts), and it is reported. Only the leader runs it.
 */
import { FINALIZER, KEEP_ANNOTATION } from '../api/names.ts';
import type { NacosConfig } from '../api/resources.ts';
import type { Clock } from '../clock.ts';
import { ambiguityVerdict } from '../connections/ambiguous-namespace.ts';
import { BridgeError, isBridgeError, isLostRace, messageOf } from '../errors.ts';
import { changeAnnotation } from '../kube/annotation.ts';
import { hasFinalizer, removeFinalizer } from '../kube/finalizer.ts';
import type { ResourceClient } from '../kube/resource-client.ts';
import type { KubeObject } from '../kube/resource.ts';
import type { Store } from '../kube/store.ts';
import type { Logger } from '../logger.ts';
import type { VersionObservation } from '../nacos/index.ts';
import type { ReconcileContext } from '../runtime/controller.ts';
import type { ContentReport, ItemOwner } from './apply.ts';
import type { Base, PlaceNow } from './base/nacos-place.ts';
import { storedBase } from './base/recorded-bases.ts';
import { CONFIG_MAP_INDEX, SECRET_INDEX } from './caches.ts';
import type { Claims } from './claims.ts';
import type { ConfigItem } from './decide.ts';
import { Deletions, type DeletionsOptions } from './deletions.ts';
import { holdFor, waitText } from './finalize.ts';
import { compileIntent, connectionOf, keepRequestOf, type ConfigIntent, type DeclaringIntent } from './intent.ts';
import type { ConfigMap, Secret } from './mirror/data-object.ts';
import { ConfigMapPlace } from './places/config-map-place.ts';
import type { ContentPlace } from './places/content-place.ts';
import type { InlineContents } from './places/inline-contents.ts';
import { InlinePlace } from './places/inline-place.ts';
import { SecretPlace } from './places/secret-place.ts';
import { SharedReads } from './places/shared-reads.ts';
import { ownershipMark } from './remote.ts';
import { failureReport, sessionStart, suspendedReport, type SyncReport } from './report.ts';
import type { ConfigSession, ConfigSessions, SessionStart } from './session.ts';
import { againMs, observe, settle } from './settle.ts';
import { checkUse } from './use.ts';

export interface ConfigReconcilerOptions extends Omit<DeletionsOptions, 'forget'> {
  clusterId: () => string;
  configs: Store<NacosConfig>;
  configMapClient: ResourceClient<ConfigMap>;
  inlineContents: InlineContents;
  configMapMetadata: Store<KubeObject>;
  secretMetadata: Store<KubeObject>;
  sessions: ConfigSessions;
  claims: Claims;
  /** When it is reconciled again although nothing happens, in milliseconds, with jitter. */
  resyncMs: () => number;
  /** The age at which what was read of tags and the like is read again, in milliseconds. */
  metadataAgeMs: number;
  clock: Clock;
}

/** The first answer about a dataId brings the object back by itself; this is for a connection that fails meanwhile. */
const FIRST_ANSWER_MS = 2000;
/** Until its turn to be judged has come. */
const TURN_MS = 2000;
/** While a deletion waits for a connection that is missing: nobody tells that its namespace is to go as well, and it is lost. */
const LOSS_RECHECK_MS = 60_000;

/** One NacosConfig in one reconcile. */
interface Scope<I extends ConfigIntent = ConfigIntent> {
  key: string;
  resource: NacosConfig;
  intent: I;
  session: ConfigSession;
  /** Where the connection leads; undefined where only Nacos has a say. */
  place: PlaceNow | undefined;
  log: Logger;
}

export class ConfigReconciler {
  readonly #options: ConfigReconcilerOptions;
  readonly #configMapReads: SharedReads<ConfigMap>;
  readonly #secretReads: SharedReads<Secret>;
  readonly #deletions: Deletions;

  constructor(options: ConfigReconcilerOptions) {
    const { clock, configMapClient, configMapMetadata, configs, secretClient, secretMetadata } = options;
    const readersBy = (index: string) => (key: string) => configs.byIndex(index, key).length;
    this.#options = options;
    this.#deletions = new Deletions({ ...options, forget: (key) => this.#forget(key) });
    this.#configMapReads = new SharedReads({
      client: configMapClient,
      metadata: configMapMetadata,
      readersOf: readersBy(CONFIG_MAP_INDEX),
      clock,
    });
    this.#secretReads = new SharedReads({
      client: secretClient,
      metadata: secretMetadata,
      readersOf: readersBy(SECRET_INDEX),
      clock,
    });
  }

  async reconcile(key: string, { log }: ReconcileContext): Promise<{ requeueAfterMs: number } | void> {
    const resource = this.#options.configs.get(key);
    if (resource === undefined) {
      this.#deletions.forget(key);
      return this.#forget(key);
    }
    try {
      if (resource.metadata.deletionTimestamp !== undefined) {
        const [base, mark] = [this.#base(key, resource), this.#mark(resource)];
        return await this.#deletions.reconcile({ key, resource, base, mark, log });
      }
      return await this.#sync(key, resource, log);
    } catch (error) {
      // Its turn has not come yet.
      if (isBridgeError(error, 'VALIDATION_BUSY')) return { requeueAfterMs: error.retryAfterMs ?? TURN_MS };
      if (isLostRace(error)) throw error;
      const report = this.#failure(key, resource, error);
      if (isBridgeError(error, 'NOT_ALLOWED')) await this.#letGo(key, resource, error);
      await this.#options.reporter.report(resource, report, log);
      const isDeleted = resource.metadata.deletionTimestamp !== undefined;
      if (isDeleted && isBridgeError(error, 'REFERENCE_MISSING')) return { requeueAfterMs: LOSS_RECHECK_MS };
      throw error;
    }
  }

  /** Every outcome has a condition, that of a mistake of ours too. */
  #failure(key: string, resource: NacosConfig, error: unknown): SyncReport {
    const isKnown = isBridgeError(error);
    const cause = isKnown
      ? error
      : new BridgeError('INTERNAL', `Failed by a defect of the operator: ${messageOf(error)}`);
    const base = this.#base(key, resource);
    if (resource.metadata.deletionTimestamp === undefined) return failureReport(resource, cause, base);
    const { code, message } = cause;
    return failureReport(resource, new BridgeError(code, waitText(resource, message), { cause }), base);
  }

  async #sync(key: string, resource: NacosConfig, log: Logger): Promise<{ requeueAfterMs: number }> {
    const { clock, connections, delivery, inlineContents, places, reporter, resyncMs, sessions } = this.#options;
    const connection = connections.find(connectionOf(resource));
    const intent = compileIntent(resource, connection.namespaceId);
    checkUse(connection, resource.metadata.namespace, intent.address);
    if (intent.suspend) {
      await reporter.report(resource, suspendedReport(resource, this.#base(key, resource)), log);
      return { requeueAfterMs: resyncMs() };
    }
    const { address } = intent;
    const place = intent.source === 'Nacos' ? undefined : await places.at(connection, address.namespaceId);
    const session = await sessions.open(key, connection, address, place, () => this.#sessionStart(resource));
    const observed = observe(session);
    if (observed === undefined) return { requeueAfterMs: FIRST_ANSWER_MS };
    const scope = { key, resource, intent, session, place, log };
    const content = await this.#syncContent(scope, observed);
    const { served = observed } = session;
    const contentOf = (md5: string) => session.contentOf(md5);
    const delivered = await delivery.deliver({ ...scope, served: { observation: served, contentOf } });
    const { error, requeueAfterMs = Infinity, wroteMirror, ...mirrored } = delivered;
    const ambiguous = ambiguityVerdict(connection.client, resource.spec.namespaceId);
    const wrote = content.wrote || wroteMirror;
    await reporter.report(resource, { ...content, ...mirrored, ambiguous, wrote }, log);
    if (error) throw error;
    session.release(served);
    inlineContents.release(resource);
    return { requeueAfterMs: Math.min(requeueAfterMs, againMs(session, clock), resyncMs()) };
  }

  /** Kubernetes to Nacos, and back; for a config that is declared in Nacos there is nothing to do. */
  async #syncContent({ intent, ...scope }: Scope, observed: VersionObservation): Promise<ContentReport> {
    const { key, resource, session, log } = scope;
    await session.recheck();
    if (intent.source === 'Nacos') {
      return { nacosMd5: observed.kind === 'present' ? observed.snapshot.md5 : undefined, wrote: false };
    }
    const owner = this.#options.claims.ownerOf(resource, session.connection, session.address);
    if (owner !== undefined) return claimed(owner, session);
    const item = await this.#read({ ...scope, intent });
    const { decision, report } = await settle(item, this.#ownerOf(resource), scope.place, this.#options);
    this.#options.reporter.applied(key, decision.plan, resource, item, log);
    return report;
  }

  async #read({ resource, intent, session }: Omit<Scope<DeclaringIntent>, 'place'>): Promise<ConfigItem> {
    const place = this.#placeOf(resource, intent);
    return {
      intent,
      generation: resource.metadata.generation,
      place,
      declared: await place.read(),
      session,
      mark: this.#mark(resource),
      rivals: this.#options.claims.rivals(resource, session.connection, session.address),
      keep: keepRequestOf(resource),
    };
  }

  #placeOf(resource: NacosConfig, { content }: DeclaringIntent): ContentPlace {
    const { configClient, configMapClient, inlineContents } = this.#options;
    const namespace = resource.metadata.namespace ?? '';
    switch (content.kind) {
      case 'inline':
        return new InlinePlace(configClient, resource, inlineContents);
      case 'configMap':
        return new ConfigMapPlace(configMapClient, namespace, content.name, content.key, this.#configMapReads);
      case 'secret':
        return new SecretPlace(this.#secretReads, namespace, content);
    }
  }

  #ownerOf(resource: NacosConfig): ItemOwner {
    const { configClient } = this.#options;
    return {
      hold: ({ plan }) => holdFor(plan, configClient, resource),
      dropKeep: () => changeAnnotation(configClient, resource, KEEP_ANNOTATION),
    };
  }

  #sessionStart(resource: NacosConfig): SessionStart {
    const { name, namespace } = resource.metadata;
    const stored = async () => {
      const fresh = await this.#options.configClient.get(name, namespace);
      return fresh && storedBase(fresh);
    };
    return { ...sessionStart(resource), storedBase: stored };
  }

  /** Nothing is asked of Nacos for it any more; what it has there and here stays. */
  async #letGo(key: string, resource: NacosConfig, { message }: BridgeError): Promise<void> {
    const { configClient, reporter, sessions } = this.#options;
    sessions.close(key);
    if (!hasFinalizer(resource, FINALIZER)) return;
    await removeFinalizer(configClient, resource, FINALIZER);
    const note = `Its dataId stays in Nacos, also when it is deleted: ${message}`;
    reporter.event(resource, { type: 'Warning', reason: 'LeftInNacos', action: 'Remove', note });
  }

  #mark({ metadata }: NacosConfig): string {
    return ownershipMark(this.#options.clusterId(), metadata.namespace ?? '', metadata.name);
  }

  #base(key: string, resource: NacosConfig): Base | undefined {
    return this.#options.sessions.get(key)?.base ?? storedBase(resource);
  }

  #forget(key: string): void {
    const { delivery, reporter, sessions } = this.#options;
    sessions.close(key);
    delivery.forget(key);
    reporter.forget(key);
  }
}

/** Another NacosConfig of this cluster has the dataId. Nothing is decided about it here. */
function claimed(owner: string, session: ConfigSession): ContentReport {
  const message =
    `${session.title}: NacosConfig '${owner}', which is older, declares its content. ` +
    'When that one is deleted this one takes over';
  return { synced: { status: 'False', reason: 'Conflict', message }, base: session.base, wrote: false };
}
