/**
 * What a NacosConfigSync says of itself: counts, the worst ten problems, and whether everything is in line.
 *
 * Pure, and small whatever the number of items.
 */
import type { NacosConfigSyncStatus } from '../../api/generated/nacos-config-sync.ts';
import { CONFIRM_DELETION_ANNOTATION } from '../../api/names.ts';
import type { NacosConfigSync } from '../../api/resources.ts';
import type { BridgeError } from '../../errors.ts';
import { failureVerdict, setVerdicts, type Verdict } from '../../kube/conditions.ts';
import type { FoundPlace } from './found-place.ts';
import type { Counts, Problem } from './tally.ts';

/** Of a deletion: entries that are dealt with. */
export interface Progress {
  readonly done: number;
  readonly total: number;
}

export interface SyncFindings {
  readonly total: number;
  readonly counts: Counts;
  readonly problems: readonly Problem[];
  readonly digest: string;
  readonly discovery: 'FuzzyWatch' | 'Listing' | undefined;
  /** Items that the guard keeps from being removed. */
  readonly held: number;
  /** Undefined where nothing is found in Nacos. */
  readonly place: FoundPlace | undefined;
  /** Whether all items are known. */
  readonly isComplete: boolean;
  /** Absent where there is no doubt about the Nacos namespace. */
  readonly ambiguous?: Verdict | undefined;
  /** Absent where there is no rollout. */
  readonly rolledOut?: Verdict | undefined;
  /** Why the last pass did not end. */
  readonly error: BridgeError | undefined;
  /** While it is being deleted. */
  readonly ending?: Progress | undefined;
}

export const MAX_PROBLEMS = 10;

const SUSPENDED = 'Suspended';
const HELD_BY_SUSPEND =
  'The deletion waits, since `spec.suspend` is true and the dataIds would be removed from Nacos: set `suspend` to false, ' +
  "or `deletionPolicy` to 'Retain' to leave them there";

export function statusOf(resource: NacosConfigSync, findings: SyncFindings, nowMs: number): NacosConfigSyncStatus {
  const { discovery, held, place } = findings;
  const found = place?.known;
  const observedGeneration = resource.metadata.generation ?? 0;
  const synced = syncedVerdict(resource, findings);
  const verdicts = {
    Ready: readyVerdict(synced, findings),
    Synced: synced,
    DeletionGuard: held > 0 ? guardVerdict(findings) : undefined,
    RolledOut: findings.rolledOut,
    PublicNamespaceAmbiguous: findings.ambiguous,
  };
  return {
    observedGeneration,
    ...(discovery && { discovery }),
    ...itemsOf(resource, findings),
    ...(found && { place: { ...found, servers: [...found.servers] } }),
    conditions: setVerdicts(resource.status?.conditions ?? [], verdicts, observedGeneration, nowMs),
  };
}

/** While it is suspended or being deleted nothing is looked at, and what was known before stays known. */
function itemsOf({ spec, status }: NacosConfigSync, { counts, digest, ending, problems, total }: SyncFindings) {
  if ((spec.suspend || ending) && status?.items) {
    return { items: status.items, digest: status.digest, problems: status.problems };
  }
  return {
    items: {
      total,
      synced: counts.synced,
      pending: counts.pending,
      conflicts: counts.conflict,
      invalid: counts.invalid,
      failing: counts.failing,
      skipped: counts.skipped + counts.taken,
    },
    digest,
    problems: problems.slice(0, MAX_PROBLEMS).map(shortened),
  };
}

function syncedVerdict({ spec }: NacosConfigSync, findings: SyncFindings): Verdict {
  const { counts, ending, error, isComplete, total } = findings;
  if (error) return failureVerdict(error);
  if (ending && spec.suspend) return { status: 'False', reason: SUSPENDED, message: HELD_BY_SUSPEND };
  if (ending) {
    const message = `It is being deleted: ${ending.done} of ${ending.total} dataIds are dealt with in Nacos`;
    return { status: 'False', reason: 'Deleting', message };
  }
  if (spec.suspend)
    return {
      status: 'Unknown',
      reason: SUSPENDED,
      message: 'Nothing is looked at or written while `spec.suspend` is true',
    };
  if (counts.conflict > 0)
    return notSynced('Conflict', findings, `${counts.conflict} of ${total} items are in conflict`);
  if (counts.failing > 0) return notSynced('ItemsFailing', findings, `${counts.failing} of ${total} items fail`);
  if (!isComplete || counts.pending > 0) {
    const message = `${counts.synced} of ${total} items are in sync, and others are on their way`;
    return { status: 'False', reason: 'Progressing', message };
  }
  if (counts.invalid > 0) return notSynced('Invalid', findings, `${counts.invalid} of ${total} items are not valid`);
  if (total === 0) return { status: 'True', reason: 'NothingSelected', message: 'There are no items' };
  return { status: 'True', reason: 'InSync', message: `${counts.synced} of ${total} items are in sync` };
}

function readyVerdict(synced: Verdict, findings: SyncFindings): Verdict {
  const { counts, held, rolledOut, total } = findings;
  // Nothing more is asked for: who waits for Ready, as Argo and Flux do, need not wait on.
  if (synced.reason === SUSPENDED && synced.status === 'Unknown') return { ...synced, status: 'True' };
  if (synced.status !== 'True') return synced;
  if (counts.skipped > 0) return notSynced('Skipped', findings, `${counts.skipped} of ${total} items are skipped`);
  if (held > 0) return { ...guardVerdict(findings), status: 'False' };
  return rolledOut?.status === 'False' ? rolledOut : synced;
}

/** With the worst of the problems. */
function notSynced(reason: string, { problems }: SyncFindings, summary: string): Verdict {
  const [first] = problems;
  if (first === undefined) return { status: 'False', reason, message: summary };
  const where = first.object === undefined ? `${first.group}/${first.dataId}` : `${first.object}, key '${first.key}'`;
  return { status: 'False', reason, message: `${summary}, such as ${where}: ${first.message}` };
}

function guardVerdict({ held, place }: SyncFindings): Verdict {
  const next = `set the annotation \`${CONFIRM_DELETION_ANNOTATION}: "true"\` to let them go`;
  if (place?.isAnother) {
    const what = `The connection leads to another Nacos, which does not have ${held} of the items; they are held`;
    return { status: 'True', reason: 'AnotherNacos', message: `${what}: publish them there, or ${next}` };
  }
  const message = `More than half of the items would be removed at once; ${held} are held: ${next}`;
  return { status: 'True', reason: 'TooManyRemovals', message };
}

function shortened(problem: Problem): Problem {
  const { message } = problem;
  return message.length > 1000 ? { ...problem, message: `${message.slice(0, 1000)}…` } : problem;
}
