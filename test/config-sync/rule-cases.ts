import type { Rule } from '../../operator/rules.ts';

/** The titles of the rules that decide none of these inputs. */
export function rulesWithoutCase<Input, Plan>(rules: readonly Rule<Input, Plan>[], inputs: readonly Input[]): string[] {
  const deciding = new Set(inputs.map((input) => rules.find(({ when }) => when(input))));
  return rules.filter((rule) => !deciding.has(rule)).map(({ title }) => title);
}
