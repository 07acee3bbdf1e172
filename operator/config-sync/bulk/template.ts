/**
 * Text with placeholders such as `{name}`: filled in, and read back.
 *
 * Pure. Reading back is possible where at most one placeholder, once in the text, is unknown: what stands between the text before
 * it and the text behind it is its value, so that there is never a choice.
 */
export type Values = Readonly<Record<string, string>>;

const PLACEHOLDER = /\{([A-Za-z]+)\}/g;

/** @throws TypeError for a placeholder without a value: the caller has not checked the template. */
export function fill(template: string, values: Values): string {
  return template.replaceAll(PLACEHOLDER, (placeholder, name: string) => {
    const value = Object.hasOwn(values, name) ? values[name] : undefined;
    if (value === undefined) throw new TypeError(`'${template}' must not contain '${placeholder}'`);
    return value;
  });
}

/** The names of all, in their order. */
export function placeholders(template: string): string[] {
  return [...template.matchAll(PLACEHOLDER)].map(([, name = '']) => name);
}

/** What is not known, if it is anything; undefined when `text` does not come from the template, or that would be empty. */
export function readBack(template: string, text: string, known: Values): Values | undefined {
  const unknown = placeholders(template).find((name) => !Object.hasOwn(known, name));
  if (unknown === undefined) return text === fill(template, known) ? {} : undefined;
  const [before = '', after = ''] = template.split(`{${unknown}}`).map((part) => fill(part, known));
  const value = text.slice(before.length, text.length - after.length);
  const fits = text.length > before.length + after.length && text.startsWith(before) && text.endsWith(after);
  return fits ? { [unknown]: value } : undefined;
}
