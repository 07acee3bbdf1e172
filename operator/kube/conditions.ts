/**
 * Conditions of a status, as in the API conventions: one entry for each type, and a transition time that moves with
 * the status and with nothing else.
 *
 * What is equal stays identical: setting a condition to what it says already returns the very same array, so a status
 * that did not change compares as equal and is not written.
 */
import { reasonOf } from '../error-catalogue.ts';
import type { BridgeError } from '../errors.ts';

export interface Condition {
  type: string;
  status: 'True' | 'False' | 'Unknown';
  /** `metadata.generation` that the condition is about. */
  observedGeneration?: number;
  /** RFC 3339, whole seconds. */
  lastTransitionTime: string;
  /** CamelCase. */
  reason: string;
  message: string;
}

/** What there is to say of one aspect, without the bookkeeping. */
export type Verdict = Pick<Condition, 'status' | 'reason' | 'message'>;

/** Something failed, and why. */
export function failureVerdict({ code, message }: BridgeError): Verdict {
  return { status: 'False', reason: reasonOf(code), message };
}

/** The limit of `message` in `meta/v1 Condition`, in characters. */
const messageLimit = 32_768;

/** `conditions` with `next` in the place of the one of its type, or at the end; `now` is RFC 3339. */
export function setCondition(
  conditions: Condition[],
  next: Omit<Condition, 'lastTransitionTime'>,
  now: string,
): Condition[] {
  const message = next.message.slice(0, messageLimit);
  const index = conditions.findIndex(({ type }) => type === next.type);
  const previous = conditions[index];
  if (previous === undefined) return [...conditions, { ...next, message, lastTransitionTime: now }];
  const moved = previous.status !== next.status;
  const same =
    !moved &&
    previous.reason === next.reason &&
    previous.message === message &&
    previous.observedGeneration === next.observedGeneration;
  if (same) return conditions;
  const lastTransitionTime = moved ? now : previous.lastTransitionTime;
  return conditions.with(index, { ...next, message, lastTransitionTime });
}

export function findCondition(conditions: readonly Condition[] | undefined, type: string): Condition | undefined {
  return conditions?.find((condition) => condition.type === type);
}

/**
 * `conditions` with these verdicts, by type; an aspect whose verdict is undefined does not apply, and its condition goes.
 * `nowMs` is milliseconds since the epoch.
 */
export function setVerdicts(
  conditions: Condition[],
  verdicts: Readonly<Record<string, Verdict | undefined>>,
  observedGeneration: number,
  nowMs: number,
): Condition[] {
  return Object.entries(verdicts).reduce((all, [type, verdict]) => {
    if (verdict === undefined) return all.filter((condition) => condition.type !== type);
    return setCondition(all, { type, ...verdict, observedGeneration }, timestamp(nowMs));
  }, conditions);
}

/** RFC 3339 in whole seconds, as `meta/v1 Time` is written; from milliseconds since the epoch. */
export function timestamp(nowMs: number): string {
  return new Date(nowMs).toISOString().replace(/\.\d{3}Z$/, 'Z');
}
