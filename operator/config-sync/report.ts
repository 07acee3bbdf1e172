/**
 * What one reconcile found, and the status that says so.
 *
 * Pure. Status is small, and it is output: `syncedMd5` alone is read again, after a restart, as the base of the
 * three-way comparison. An unchanged report gives an unchanged status, so that nothing is written.
 */
import type { NacosConfig } from '../api/resources.ts';
import type { NacosConfigStatus } from '../api/generated/nacos-config.ts';
import type { BridgeError } from '../errors.ts';
import { setVerdicts, timestamp, type Condition, type Verdict } from '../kube/conditions.ts';
import { sourceOf } from './intent.ts';

/** A part that is absent does not apply, and its condition is left out. */
export interface SyncReport {
  synced?: Verdict;
  drifted?: Verdict;
  mirrored?: Verdict;
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
    lastSyncTime: report.wrote || firstSync ? timestamp(nowMs) : previous?.lastSyncTime,
    conditions: setVerdicts(previous?.conditions ?? [], verdictsOf(report), observedGeneration, nowMs),
  };
}

/** The report of a reconcile that failed before it could find out; what was known before stays known. */
export function failureReport(resource: NacosConfig, error: BridgeError, baseMd5: string | undefined): SyncReport {
  const failed: Verdict = { status: 'False', reason: error.reason, message: error.message };
  const { observedMd5, nacosMd5 } = resource.status ?? {};
  const previous = resource.status?.conditions ?? [];
  const report: SyncReport = { observedMd5, nacosMd5, syncedMd5: baseMd5, wrote: false };
  if (sourceOf(resource) === 'Nacos') return { ...report, mirrored: failed };
  return {
    ...report,
    synced: failed,
    drifted: verdictOf(previous, 'Drifted'),
    mirrored: verdictOf(previous, 'Mirrored'),
  };
}

/** Nothing is written while a resource is suspended, so nothing is known of it either. */
export function suspendedReport(resource: NacosConfig, baseMd5: string | undefined): SyncReport {
  const { observedMd5, nacosMd5 } = resource.status ?? {};
  const suspended: Verdict = {
    status: 'Unknown',
    reason: 'Suspended',
    message: 'Not looked at while `spec.suspend` is true',
  };
  return { synced: suspended, observedMd5, nacosMd5, syncedMd5: baseMd5, wrote: false };
}

/** `Ready` repeats the first thing that is wrong, or says that everything is in line. */
export function readyVerdict({ synced, mirrored }: SyncReport): Verdict {
  const parts = [synced, mirrored].filter((verdict) => verdict !== undefined);
  const wrong = parts.find((verdict) => verdict.status !== 'True');
  if (wrong) return wrong;
  const [first] = parts;
  return { status: 'True', reason: IN_SYNC, message: first?.message ?? 'Everything that was asked for is done' };
}

function verdictsOf(report: SyncReport): Record<string, Verdict | undefined> {
  const { synced, drifted, mirrored } = report;
  return { Ready: readyVerdict(report), Synced: synced, Drifted: drifted, Mirrored: mirrored };
}

function verdictOf(conditions: readonly Condition[], type: string): Verdict | undefined {
  const found = conditions.find((condition) => condition.type === type);
  return found && { status: found.status, reason: found.reason, message: found.message };
}
