/**
 * What became of a NacosConfig, told to users: its status, events, log lines and metrics.
 *
 * Status is small, and it is output: `syncedMd5`, `syncedPlace` and `Owned` alone are read again, after a restart, as the
 * base of the three-way comparison. An unchanged report gives an unchanged status, so that nothing is written. An event is recorded for each
 * write that we made and when a problem appears or changes, not at each attempt.
 */
import { FIELD_MANAGER } from '../api/names.ts';
import type { NacosConfig, NacosConfigSync } from '../api/resources.ts';
import type { NacosConfigStatus } from '../api/generated/nacos-config.ts';
import type { Clock } from '../clock.ts';
import { reasonOf } from '../error-catalogue.ts';
import type { BridgeError } from '../errors.ts';
import { failureVerdict, findCondition, setVerdicts, timestamp, type Verdict } from '../kube/conditions.ts';
import type { EventRecorder } from '../kube/events.ts';
import type { ResourceClient } from '../kube/resource-client.ts';
import { StatusWriter } from '../kube/status-writer.ts';
import type { Logger } from '../logger.ts';
import { absentMd5 } from '../nacos/index.ts';
import { IN_SYNC, type ContentReport } from './apply.ts';
import { UNTOLD_MD5, type Base, type NacosPlace } from './base/nacos-place.ts';
import { storedBase } from './base/recorded-bases.ts';
import type { ConfigItem } from './decide.ts';
import { isSecret, sourceOf } from './intent.ts';
import type { ConfigMetrics } from './metrics.ts';
import type { MirrorKind } from './mirror/mirror-target.ts';
import type { ConfigPlan, PublishPlan, WriteBackPlan } from './plan.ts';
import type { SessionStart } from './session.ts';

/** What one reconcile found. A part that is absent does not apply, and its condition is left out. */
export interface SyncReport extends ContentReport {
  isSuspended?: boolean;
  mirrored?: Verdict;
  /** Only while it is False does it keep the resource from being Ready. */
  rolledOut?: Verdict;
  /** The object that holds the mirror. */
  mirrorName?: string;
  /** Of that, and of former ones that are there still. */
  mirrorKinds?: readonly MirrorKind[];
  /** Absent where there is no doubt about the Nacos namespace. */
  ambiguous?: Verdict;
}

export interface ConfigEvent {
  type: 'Normal' | 'Warning';
  /** What happened, in CamelCase. */
  reason: string;
  /** What we did or tried, in CamelCase. */
  action: 'Publish' | 'WriteBack' | 'Mirror' | 'Restart' | 'Remove' | 'Reconcile';
  note: string;
}

export interface ConfigReporterOptions {
  configClient: ResourceClient<NacosConfig>;
  events: EventRecorder;
  metrics: ConfigMetrics;
  clock: Clock;
}

export class ConfigReporter {
  readonly #options: ConfigReporterOptions;
  readonly #statuses: StatusWriter<NacosConfig>;

  constructor(options: ConfigReporterOptions) {
    this.#options = options;
    this.#statuses = new StatusWriter(options.configClient, FIELD_MANAGER, options.clock);
  }

  /** Writes the status. */
  async report(cached: NacosConfig, found: SyncReport, log: Logger): Promise<void> {
    const resource = this.#statuses.latest(cached);
    const report = isSecret(resource) ? withoutDigests(found) : found;
    this.#reportProblem(resource, report, log);
    await this.#statuses.write(resource, statusOf(resource, report, this.#options.clock.now()));
  }

  /** What was decided about the content of a NacosConfig, and is done. */
  applied(key: string, plan: ConfigPlan, resource: NacosConfig, item: ConfigItem, log: Logger): void {
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
        return this.#published(plan, resource, item, log);
      case 'write-back':
        lag.to_kubernetes.settled(key, true);
        return this.#writtenBack(plan, resource, item, log);
    }
  }

  event(resource: NacosConfig, event: ConfigEvent): void {
    const note = isSecret(resource) ? withoutMd5s(event.note) : event.note;
    this.#options.events.event(resource, { ...event, note });
  }

  forget(key: string): void {
    const { lag } = this.#options.metrics;
    lag.to_nacos.forget(key);
    lag.to_kubernetes.forget(key);
    this.#statuses.forget(key);
  }

  #published(plan: PublishPlan, resource: NacosConfig, { place, session }: ConfigItem, log: Logger): void {
    const { decidedBy, message, reason, repairsDrift } = plan;
    if (repairsDrift) this.#options.metrics.driftRepaired();
    const { group, dataId, namespaceId } = session.address;
    log.info('published', { reason, dataId, group, namespaceId, md5: place.isSecret ? undefined : session.baseMd5 });
    const type = repairsDrift || decidedBy ? 'Warning' : 'Normal';
    this.event(resource, { type, reason, action: 'Publish', note: message });
  }

  #writtenBack(plan: WriteBackPlan, resource: NacosConfig, { intent, session, place }: ConfigItem, log: Logger): void {
    const isDrift = intent.source === 'Kubernetes';
    if (isDrift) this.#options.metrics.driftFound('ChangedInNacos');
    log.info('written back', { place: place.title, md5: session.baseMd5 });
    const type = isDrift || plan.decidedBy ? 'Warning' : 'Normal';
    this.event(resource, { type, reason: 'WrittenBack', action: 'WriteBack', note: plan.message });
  }

  #reportProblem(resource: NacosConfig, report: SyncReport, log: Logger): void {
    const ready = readyVerdict(report);
    if (ready.status !== 'False') return;
    const before = findCondition(resource.status?.conditions, 'Ready');
    if (before?.reason === ready.reason && before.message === ready.message) return;
    log.warn('not ready', { reason: ready.reason, detail: ready.message });
    this.event(resource, { type: 'Warning', reason: ready.reason, action: 'Reconcile', note: ready.message });
  }
}

export function statusOf(resource: NacosConfig, report: SyncReport, nowMs: number): NacosConfigStatus {
  const previous = resource.status;
  const observedGeneration = resource.metadata.generation ?? 0;
  const firstSync = previous?.lastSyncTime === undefined && report.base !== undefined;
  return {
    observedGeneration,
    dataId: resource.spec.dataId ?? resource.metadata.name,
    source: sourceOf(resource),
    observedMd5: report.observedMd5,
    nacosMd5: report.nacosMd5,
    syncedMd5: report.base?.md5 === UNTOLD_MD5 ? undefined : report.base?.md5,
    syncedPlace: report.base?.place && statusPlace(report.base.place),
    mirrorName: report.mirrorName,
    mirrorKinds: report.mirrorKinds && [...report.mirrorKinds],
    lastSyncTime: report.wrote || firstSync ? timestamp(nowMs) : previous?.lastSyncTime,
    conditions: setVerdicts(previous?.conditions ?? [], verdictsOf(report), observedGeneration, nowMs),
  };
}

/** Of content that is in a Secret no digest is told: whoever may read the status could guess what is short. */
function withoutDigests(report: SyncReport): SyncReport {
  const told = (verdict: Verdict | undefined) => verdict && { ...verdict, message: withoutMd5s(verdict.message) };
  const { base, drifted, mirrored, rolledOut, synced } = report;
  return {
    ...report,
    synced: told(synced),
    drifted: told(drifted),
    mirrored: told(mirrored),
    rolledOut: told(rolledOut),
    observedMd5: undefined,
    nacosMd5: undefined,
    base: base && { ...base, md5: UNTOLD_MD5 },
  };
}

/** For messages about content that is in a Secret. */
export function withoutMd5s(message: string): string {
  return message.replaceAll(/ \(md5 [0-9a-f]{32}\)/g, '').replaceAll(/\b[0-9a-f]{32}\b/g, '(not told)');
}

/** `maxItems` of the field. */
const MAX_SERVERS = 64;

function statusPlace({ id, namespaceId, servers }: NacosPlace): NonNullable<NacosConfigStatus['syncedPlace']> {
  return { id, namespaceId: namespaceId === '' ? undefined : namespaceId, servers: servers.slice(0, MAX_SERVERS) };
}

/** What a restart has left in the status. */
export function sessionStart(resource: NacosConfig): SessionStart {
  const { conditions, nacosMd5, observedGeneration } = resource.status ?? {};
  const isSynced = findCondition(conditions, 'Synced')?.status === 'True';
  const base = storedBase(resource);
  // Before the first time nothing is there that Kubernetes declares.
  const isNew = sourceOf(resource) === 'Kubernetes' && base === undefined;
  return {
    base,
    metadataGeneration: isSynced ? observedGeneration : undefined,
    expectedMd5: nacosMd5 ?? (isNew ? absentMd5 : undefined),
  };
}

/**
 * The report of a reconcile that failed before it could find out. What was known before stays known, but for what is said
 * of the dataId: that was not looked at.
 */
export function failureReport(resource: NacosConfig, error: BridgeError, base: Base | undefined): SyncReport {
  const failed: Verdict = failureVerdict(error);
  const { mirrorName, mirrorKinds } = resource.status ?? {};
  const report: SyncReport = {
    mirrorName,
    mirrorKinds,
    rolledOut: verdictBefore(resource, 'RolledOut'),
    base,
    wrote: false,
  };
  if (sourceOf(resource) === 'Nacos') return { ...report, mirrored: failed };
  return {
    ...report,
    synced: failed,
    drifted: notLookedAt(resource, 'Drifted', error),
    owned: verdictBefore(resource, 'Owned'),
    mirrored: verdictBefore(resource, 'Mirrored'),
  };
}

/** An aspect that applies, and of which nothing is known now. */
function notLookedAt(resource: NacosConfig, type: string, { code }: BridgeError): Verdict | undefined {
  if (verdictBefore(resource, type) === undefined) return undefined;
  return { status: 'Unknown', reason: reasonOf(code), message: 'Not looked at, since `Synced` is False' };
}

/** What the status said of this aspect before. */
export function verdictBefore(
  { status }: Pick<NacosConfig | NacosConfigSync, 'status'>,
  type: string,
): Verdict | undefined {
  const found = findCondition(status?.conditions, type);
  return found && { status: found.status, reason: found.reason, message: found.message };
}

const NOT_LOOKED_AT = 'Not looked at while `spec.suspend` is true';

/** Nothing is written while a resource is suspended, so nothing is known of it either. */
export function suspendedReport(resource: NacosConfig, base: Base | undefined): SyncReport {
  const { mirrorName, mirrorKinds } = resource.status ?? {};
  const suspended: Verdict = { status: 'Unknown', reason: 'Suspended', message: NOT_LOOKED_AT };
  const owned = verdictBefore(resource, 'Owned');
  const mirrored = resource.spec.mirror && suspended;
  const report: SyncReport = { isSuspended: true, mirrored, mirrorName, mirrorKinds, owned, base, wrote: false };
  return sourceOf(resource) === 'Nacos' ? report : { ...report, synced: suspended };
}

/** A deletion that has to reach Nacos and waits, with the reason why. */
export function waitingReport(resource: NacosConfig, wait: Verdict, base: Base | undefined): SyncReport {
  return { ...suspendedReport(resource, base), isSuspended: false, synced: wait };
}

/** `Ready` repeats the first thing that is wrong, or says that everything that is asked for is in line. */
export function readyVerdict({ isSuspended, synced, mirrored, rolledOut }: SyncReport): Verdict {
  // Nothing more is asked for: who waits for Ready, as Argo and Flux do, need not wait on.
  if (isSuspended) return { status: 'True', reason: 'Suspended', message: NOT_LOOKED_AT };
  const parts = [synced, mirrored].filter((verdict) => verdict !== undefined);
  const wrong = parts.find((verdict) => verdict.status !== 'True');
  if (wrong) return wrong;
  if (rolledOut?.status === 'False') return rolledOut;
  const [first] = parts;
  return { status: 'True', reason: IN_SYNC, message: first?.message ?? 'Everything that was asked for is done' };
}

function verdictsOf(report: SyncReport): Record<string, Verdict | undefined> {
  const { ambiguous, synced, drifted, owned, mirrored, rolledOut } = report;
  return {
    Ready: readyVerdict(report),
    Synced: synced,
    Drifted: drifted,
    Owned: owned,
    Mirrored: mirrored,
    RolledOut: rolledOut,
    PublicNamespaceAmbiguous: ambiguous,
  };
}
