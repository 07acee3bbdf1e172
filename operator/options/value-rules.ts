/**
 * What the text of an option may be. Each rule gives the value or throws an error that says the rule and the text, to
 * be read after the name of the option.
 */
import { DNS_LABEL } from '../kube/limits.ts';

/** @throws always, saying the rule and the text that breaks it */
export function broken(rule: string, text: string): never {
  throw new Error(`must be ${rule}, not '${text}'`);
}

export function matching(pattern: RegExp, rule: string): (text: string) => string {
  return (text) => (pattern.test(text) ? text : broken(rule, text));
}

export const namespaceName = matching(DNS_LABEL, 'the name of a namespace');

export const path = matching(/^[^\0]+$/, 'a path');

export function oneOf<T extends string>(...choices: readonly T[]): (text: string) => T {
  return (text) => choices.find((choice) => choice === text) ?? broken(`one of ${choices.join(', ')}`, text);
}

export function boolean(text: string): boolean {
  return oneOf('true', 'false')(text) === 'true';
}

export function integer(min: number, max: number): (text: string) => number {
  return (text) => {
    const number = /^\d{1,9}$/.test(text) ? Number(text) : NaN;
    return number >= min && number <= max ? number : broken(`an integer from ${min} to ${max}`, text);
  };
}

/** What the rotation can do: whole minutes within the hour, or whole hours within the day. */
export function rotationPeriod(text: string): number {
  const seconds = integer(60, 86_400)(text);
  const isWhole = seconds % (seconds > 3600 ? 3600 : 60) === 0;
  return isWhole ? seconds : broken('a multiple of 60 up to 3600, or of 3600 up to 86400', text);
}

export function listOf(parse: (text: string) => string): (text: string) => string[] {
  return (text) => {
    const items = text.split(',').map((item) => parse(item.trim()));
    const twice = items.find((item, index) => items.indexOf(item) !== index);
    return twice === undefined ? items : broken('a list without repetition', text);
  };
}
