/**
 * Text with placeholders such as `{name}`: filled in, and read back.
 *
 * Pure. Reading back is possible where one placeholder, once in the text, is unknown: what stands between the text before
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

/** How often `{name}` occurs. */
export function occurrences(template: string, name: string): number {
  return template.split(`{${name}}`).length - 1;
}

/** The value of `{name}` in `text`; undefined when `text` does not come from the template, or the value is empty. */
export function readBack(template: string, name: string, text: string, known: Values): string | undefined {
  const [before = '', after = ''] = template.split(`{${name}}`).map((part) => fill(part, known));
  const value = text.slice(before.length, text.length - after.length);
  const fits = text.length > before.length + after.length && text.startsWith(before) && text.endsWith(after);
  return fits ? value : undefined;
}
