/**
 * A decision as an ordered list of rules, of which the first that applies decides. The list is the table: there is no
 * other one that could differ from it.
 */
export interface Rule<Input, Plan> {
  /** The row in words: what is so, and what is decided then. */
  readonly title: string;
  readonly when: (input: Input) => boolean;
  readonly plan: (input: Input) => Plan;
}

/** The condition of a last rule. */
export const otherwise = (): boolean => true;

export function firstOf<Input, Plan>(rules: readonly Rule<Input, Plan>[], input: Input): Plan {
  const rule = rules.find(({ when }) => when(input));
  if (rule === undefined) throw new TypeError('the last rule must always apply');
  return rule.plan(input);
}
