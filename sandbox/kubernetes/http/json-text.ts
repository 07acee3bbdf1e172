/**
 * Stored objects as JSON text, made once for each object: they are immutable, and many watchers and lists show the same
 * ones.
 */
import type { KubeObject } from '../object.ts';

const texts = new WeakMap<KubeObject, string>();

/** `{"kind":…,"apiVersion":…,…}` */
export function objectText(object: KubeObject): string {
  return `{"kind":${JSON.stringify(object.kind)},"apiVersion":${JSON.stringify(object.apiVersion)},${fieldsText(object)}`;
}

/** Without kind and apiVersion, as the API server shows items of lists of its own types. */
export function bareText(object: KubeObject): string {
  return `{${fieldsText(object)}`;
}

/** Everything but kind and apiVersion, from the first field to the closing brace. */
function fieldsText(object: KubeObject): string {
  let text = texts.get(object);
  if (text === undefined) {
    const { kind: _, apiVersion: __, ...fields } = object;
    text = JSON.stringify(fields).slice(1);
    texts.set(object, text);
  }
  return text;
}
