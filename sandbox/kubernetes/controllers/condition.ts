/** Conditions of a status: found by type, and replaced so that the transition time tells when the status turned. */
import type { Condition } from './shapes.ts';

export function conditionOf(conditions: readonly Condition[] | undefined, type: string): Condition | undefined {
  return conditions?.find((condition) => condition.type === type);
}

export function isTrue(conditions: readonly Condition[] | undefined, type: string): boolean {
  return conditionOf(conditions, type)?.status === 'True';
}

/** Replaces the condition of the same type, in its place; `now` is the transition time unless the status was so before. */
export function withCondition(conditions: readonly Condition[] = [], wanted: Condition, now: string): Condition[] {
  const before = conditionOf(conditions, wanted.type);
  const lastTransitionTime = before?.status === wanted.status ? (before.lastTransitionTime ?? now) : now;
  const condition = { ...wanted, lastTransitionTime };
  return before ? conditions.map((other) => (other === before ? condition : other)) : [...conditions, condition];
}

/** RFC 3339 in whole seconds, as the API writes times. */
export function timestamp(nowMs: number): string {
  return `${new Date(nowMs).toISOString().slice(0, 19)}Z`;
}
