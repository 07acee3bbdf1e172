/**
 * The annotation of `kubectl apply` without server side, and how a server-side apply by kubectl takes over from it: fields
 * that the annotation says were applied, and that are as it says, are no conflict.
 *
 * Source: k8s.io/apimachinery/pkg/util/managedfields/internal/lastapplied*.go.
 */
import type { KubeObject } from '../object.ts';
import { FieldSet } from './field-set.ts';
import { mapOf } from './field-type.ts';
import type { FieldType, JsonMap } from './field-type.ts';
import { compareObjects, fieldsOf } from './object-fields.ts';

const annotation = 'kubectl.kubernetes.io/last-applied-configuration';

/** What the annotation of `kubectl apply` without server side says was applied, where the object still is so. */
export function lastAppliedFields(live: KubeObject, type: FieldType, apiVersion: string): FieldSet {
  const lastApplied = parsedOrNothing(live.metadata.annotations?.[annotation]);
  if (lastApplied?.['apiVersion'] !== apiVersion) return FieldSet.empty;
  const { written, removed } = compareObjects(lastApplied, live, type);
  return fieldsOf(lastApplied, type).difference(written).difference(removed);
}

function parsedOrNothing(text = ''): JsonMap | undefined {
  try {
    return mapOf(JSON.parse(text));
  } catch {
    return undefined;
  }
}

/** Keeps that annotation at what was applied now, for the next apply without server side. */
export function withLastApplied(object: KubeObject, { metadata, ...rest }: KubeObject): KubeObject {
  const { annotations } = object.metadata;
  if (annotations?.[annotation] === undefined) return object;
  const text = `${goJson(sorted({ ...rest, metadata }))}\n`;
  return {
    ...object,
    metadata: { ...object.metadata, annotations: { ...annotations, [annotation]: text } },
  };
}

/** As Go writes JSON, safe in HTML. */
function goJson(value: unknown): string {
  return JSON.stringify(value).replaceAll(/[<>&]/g, (one) => `\\u00${one.charCodeAt(0).toString(16)}`);
}

/** As Go writes maps. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  const map = mapOf(value);
  if (map === undefined) return value;
  const entries = Object.entries(map).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, entry]) => [key, sorted(entry)]));
}
