/**
 * What one reconcile found, and the status that says so.
 *
 * Pure. Status is small, and it is output: `syncedMd5` alone is read again, after a restart, as the base of the
 * three-way comparison. An unchanged report gives an unchanged status, so that nothing is written.
 */
import type { NacosConfig } from '../api/resources.ts';
import type { NacosConfigStatus } from '../api/generated/nacos-config.ts';
import type { BridgeError } from '../errors.ts';
import { failureVerdict, findCondition, setVerdicts, timestamp, type Verdict } from '../kube/conditions.ts';
import { sourceOf } from './intent.ts';

/** A part that is absent does not apply, and its condition is left out. */
export interface SyncReport {
  synced?: Verdict;
  drifted?: Verdict;
  mirrored?: Verdict;
  /** Only while it is False does it keep the resource from being Ready. */
  rolledOut?: Verdict;
  /** The object that holds the mirror. */
  mirrorName?: string;
  /** Declared in Kubernetes. */
  observedMd5?: string;
  nacosMd5?: string;
  syncedMd5?: string;
  /** Whether this reconcile made the two sides equal by writing to one of them. */
  wrote: boolean;
}

export const IN_SYNC = 'InSync';

export function statusOf(resource: NacosConfig, report: SyncReport, nowMs: number): NacosConfigStatus {
  const previous = resource.status;
  const observedGeneration = resource.metadata.generation ?? 0;
  const firstSync = previous?.lastSyncTime === undefined && report.syncedMd5 !== undefined;
  return {
    observedGeneration,
    dataId: resource.spec.dataId ?? resource.metadata.name,
    source: sourceOf(resource),
    observedMd5: report.observedMd5,
    nacosMd5: report.nacosMd5,
    syncedMd5: report.syncedMd5,
    mirrorName: report.mirrorName,
    lastSyncTime: report.wrote || firstSync ? timestamp(nowMs) : previous?.lastSyncTime,
    conditions: setVerdicts(previous?.conditions ?? [], verdictsOf(report), observedGeneration, nowMs),
  };
}

/** The report of a reconcile that failed before it could find out; what was known before stays known. */
export function failureReport(resource: NacosConfig, error: BridgeError, baseMd5: string | undefined): SyncReport {
  const failed: Verdict = failureVerdict(error);
  const { observedMd5, nacosMd5, mirrorName } = resource.status ?? {};
  const rolledOut = verdictBefore(resource, 'RolledOut');
  const report: SyncReport = { observedMd5, nacosMd5, mirrorName, rolledOut, syncedMd5: baseMd5, wrote: false };
  if (sourceOf(resource) === 'Nacos') return { ...report, mirrored: failed };
  return {
    ...report,
    synced: failed,
    drifted: verdictBefore(resource, 'Drifted'),
    mirrored: verdictBefore(resource, 'Mirrored'),
  };
}

/** What the status said of this aspect before. */
export function verdictBefore({ status }: NacosConfig, type: string): Verdict | undefined {
  const found = findCondition(status?.conditions, type);
  return found && { status: found.status, reason: found.reason, message: found.message };
}

/** Nothing is written while a resource is suspended, so nothing is known of it either. */
export function suspendedReport(resource: NacosConfig, baseMd5: string | undefined): SyncReport {
  const { observedMd5, nacosMd5, mirrorName } = resource.status ?? {};
  const suspended: Verdict = {
    status: 'Unknown',
    reason: 'Suspended',
    message: 'Not looked at while `spec.suspend` is true',
  };
  return { synced: suspended, observedMd5, nacosMd5, mirrorName, syncedMd5: baseMd5, wrote: false };
}

/** `Ready` repeats the first thing that is wrong, or says that everything is in line. */
export function readyVerdict({ synced, mirrored, rolledOut }: SyncReport): Verdict {
  const parts = [synced, mirrored].filter((verdict) => verdict !== undefined);
  const wrong = parts.find((verdict) => verdict.status !== 'True');
  if (wrong) return wrong;
  if (rolledOut?.status === 'False') return rolledOut;
  const [first] = parts;
  return { status: 'True', reason: IN_SYNC, message: first?.message ?? 'Everything that was asked for is done' };
}

function verdictsOf(report: SyncReport): Record<string, Verdict | undefined> {
  const { synced, drifted, mirrored, rolledOut } = report;
  return { Ready: readyVerdict(report), Synced: synced, Drifted: drifted, Mirrored: mirrored, RolledOut: rolledOut };
}
