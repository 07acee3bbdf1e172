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
import type { RunningSync } from './running-sync.ts';
import { Tally, type Problem } from './tally.ts';

/** Of a deletion: entries that are dealt with. */
export interface Progress {
  readonly done: number;
  readonly total: number;
}

type Told = Pick<Tally, 'counts' | 'digest' | 'total' | 'worst'>;

export interface SyncFindings {
  /** Undefined where there is none at work. */
  readonly running: (Pick<RunningSync, 'finder' | 'held' | 'place'> & { readonly tally: Told }) | undefined;
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

const MAX_PROBLEMS = 10;

const SUSPENDED = 'Suspended';
const NOT_LOOKED_AT = 'Nothing is looked at or written while `spec.suspend` is true';
const HELD_BY_SUSPEND =
  'The deletion waits, since `spec.suspend` is true and the dataIds would be removed from Nacos: set `suspend` to false, ' +
  "or `deletionPolicy` to 'Retain' to leave them there";

export function statusOf(resource: NacosConfigSync, findings: SyncFindings, nowMs: number): NacosConfigSyncStatus {
  const { ambiguous, ending, rolledOut: RolledOut, running } = findings;
  const { finder, held = 0, place, tally = new Tally() } = running ?? {};
  const observedGeneration = resource.metadata.generation ?? 0;
  const Synced = syncedVerdict(resource, findings, tally);
  const DeletionGuard = held > 0 ? guardVerdict(held, place?.isAnother === true) : undefined;
  const Ready = readyVerdict(Synced, DeletionGuard, RolledOut, tally);
  const verdicts = { Ready, Synced, DeletionGuard, RolledOut, PublicNamespaceAmbiguous: ambiguous };
  return {
    observedGeneration,
    ...(finder?.mode && { discovery: finder.mode }),
    ...itemsOf(resource, ending !== undefined, tally),
    ...(place?.known && { place: { ...place.known, servers: [...place.known.servers] } }),
    conditions: setVerdicts(resource.status?.conditions ?? [], verdicts, observedGeneration, nowMs),
  };
}

/** While it is suspended or being deleted nothing is looked at, and what was known before stays known. */
function itemsOf({ spec, status }: NacosConfigSync, isEnding: boolean, tally: Told) {
  if ((spec.suspend || isEnding) && status?.items) {
    return { items: status.items, digest: status.digest, problems: status.problems };
  }
  const { digest, total } = tally;
  const { conflict: conflicts, failing, invalid, pending, skipped, synced, taken } = tally.counts;
  return {
    items: { total, synced, pending, conflicts, invalid, failing, skipped: skipped + taken },
    digest,
    problems: tally.worst(MAX_PROBLEMS).map(shortened),
  };
}

function syncedVerdict({ spec }: NacosConfigSync, findings: SyncFindings, tally: Told): Verdict {
  const { ending, error, isComplete } = findings;
  const { counts, total } = tally;
  const inSync = `${counts.synced} of ${total} items are in sync`;
  if (error) return failureVerdict(error);
  if (ending && spec.suspend) return isNot(SUSPENDED, HELD_BY_SUSPEND);
  if (ending) {
    return isNot('Deleting', `It is being deleted: ${ending.done} of ${ending.total} dataIds are dealt with in Nacos`);
  }
  if (spec.suspend) return { status: 'Unknown', reason: SUSPENDED, message: NOT_LOOKED_AT };
  if (counts.conflict > 0) return areNot('Conflict', counts.conflict, 'are in conflict', tally);
  if (counts.failing > 0) return areNot('ItemsFailing', counts.failing, 'fail', tally);
  if (!isComplete || counts.pending > 0) return isNot('Progressing', `${inSync}, and others are on their way`);
  if (counts.invalid > 0) return areNot('Invalid', counts.invalid, 'are not valid', tally);
  if (total === 0) return { status: 'True', reason: 'NothingSelected', message: 'There are no items' };
  return { status: 'True', reason: 'InSync', message: inSync };
}

function readyVerdict(
  synced: Verdict,
  guard: Verdict | undefined,
  rolledOut: Verdict | undefined,
  tally: Told,
): Verdict {
  const { skipped } = tally.counts;
  // Nothing more is asked for: who waits for Ready, as Argo and Flux do, need not wait on.
  if (synced.reason === SUSPENDED && synced.status === 'Unknown') return { ...synced, status: 'True' };
  if (synced.status !== 'True') return synced;
  if (skipped > 0) return areNot('Skipped', skipped, 'are skipped', tally);
  if (guard) return { ...guard, status: 'False' };
  return rolledOut?.status === 'False' ? rolledOut : synced;
}

function isNot(reason: string, message: string): Verdict {
  return { status: 'False', reason, message };
}

/** With the worst of the problems. */
function areNot(reason: string, count: number, words: string, tally: Told): Verdict {
  const summary = `${count} of ${tally.total} items ${words}`;
  const [first] = tally.worst(1);
  if (first === undefined) return isNot(reason, summary);
  const where = first.object === undefined ? `${first.group}/${first.dataId}` : `${first.object}, key '${first.key}'`;
  return isNot(reason, `${summary}, such as ${where}: ${first.message}`);
}

function guardVerdict(held: number, isAnotherNacos: boolean): Verdict {
  const next = `set the annotation \`${CONFIRM_DELETION_ANNOTATION}: "true"\` to let them go`;
  if (isAnotherNacos) {
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
