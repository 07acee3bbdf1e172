/**
 * What users are told of a rollout: which workloads were found, and what became of each.
 *
 * Pure. It tells that a restart was asked for, not that the pods are there: that the workload's own status tells.
 */
import { ROLLOUT_ANNOTATION } from '../../api/names.ts';
import { reasonOf } from '../../error-catalogue.ts';
import { isBridgeError, type BridgeError } from '../../errors.ts';
import type { Verdict } from '../../kube/conditions.ts';
import type { PresentMirror } from '../mirror/mirrors.ts';
import type { WorkloadRef } from '../intent.ts';
import type { Debounce } from './rollout-plan.ts';

/** What workloads are restarted for. */
export interface RolloutWords {
  readonly content: string;
  /** What holds it. */
  readonly object: string;
  /** Of one content. */
  readonly md5?: string;
}

export function mirrorWords({ kind, name, md5 }: PresentMirror): RolloutWords {
  return { content: 'what is mirrored', object: `${kind} '${name}'`, md5 };
}

export const writtenWords: RolloutWords = { content: 'what was written', object: 'an object that was written' };

/** One pass over the workloads. */
export interface Rolled {
  readonly restarted: readonly WorkloadRef[];
  /** That need a restart and take none until somebody resumes them. */
  readonly paused: readonly WorkloadRef[];
  /** That were restarted now or before, or began with what is mirrored. */
  readonly settled: readonly WorkloadRef[];
  readonly optedOut: readonly WorkloadRef[];
  readonly problems: readonly BridgeError[];
}

const MAX_NAMED = 10;

export function rolledOutVerdict({ settled, optedOut }: Rolled, { content, object, md5 }: RolloutWords): Verdict {
  const parts = [
    ...(settled.length > 0 ? [`Began with ${content}, or told to restart for it: ${named(settled)}`] : []),
    ...(optedOut.length > 0 ? [`Left alone, as their annotation ${ROLLOUT_ANNOTATION} asks: ${named(optedOut)}`] : []),
  ];
  const found = parts.length > 0 ? parts.join('; ') : `No workload was found that uses ${object}`;
  return { status: 'True', reason: 'RolledOut', message: found + ofMd5(md5) };
}

export function waitingVerdict({ debounceSeconds }: Debounce): Verdict {
  const message = `Workloads are restarted as soon as the content has not changed for ${debounceSeconds} seconds`;
  return { status: 'Unknown', reason: 'Waiting', message };
}

/** What keeps workloads from being restarted: problems first, then those that are paused. */
export function problemsVerdict({ problems, paused }: Rolled): Verdict {
  const told = problems.slice(0, MAX_NAMED).map(({ message }) => message);
  const others = problems.length - told.length;
  const waits = paused.length > 0 ? [`Paused, and restarted once resumed: ${named(paused)}`] : [];
  const message = [...told, ...(others > 0 ? [`and ${others} more`] : []), ...waits].join('; ');
  const hint = problems.some((problem) => isBridgeError(problem, 'KUBE_FORBIDDEN'))
    ? '; `rollout.enabled` of the chart lets the operator restart workloads'
    : '';
  const [first] = problems;
  return { status: 'False', reason: first ? reasonOf(first.code) : 'Paused', message: `${message}${hint}` };
}

/** Which workloads were restarted, and which take the content with their next Job. */
export function restartedEvent(workloads: readonly WorkloadRef[], { content, md5 }: RolloutWords) {
  const jobs = workloads.filter(({ kind }) => kind === 'CronJob');
  const restarted = workloads.filter(({ kind }) => kind !== 'CronJob');
  const parts = [
    ...(restarted.length > 0 ? [`Restarted ${named(restarted)}`] : []),
    ...(jobs.length > 0 ? [`From its next Job on ${named(jobs)} has the new content`] : []),
  ];
  const note = `${parts.join('; ')}, since ${content} for them has changed${ofMd5(md5)}`;
  return { type: 'Normal', reason: 'RolledOut', action: 'Restart', note } as const;
}

function ofMd5(md5: string | undefined): string {
  return md5 === undefined ? '' : ` (md5 ${md5})`;
}

/** At most ten of them. */
function named(workloads: readonly WorkloadRef[]): string {
  const names = workloads.slice(0, MAX_NAMED).map(({ kind, name }) => `${kind} '${name}'`);
  const others = workloads.length - names.length;
  return `${names.join(', ')}${others > 0 ? ` and ${others} more` : ''}`;
}
