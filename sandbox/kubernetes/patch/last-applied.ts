/**
 * The annotation of `kubectl apply` without server side, and how a server-side apply by kubectl takes over from it: fields
 * that the annotation says were applied, and that are as it says, are no conflict.
 *
 * Source: k8s.io/apimachinery/pkg/util/managedfields/internal/lastapplied*.go.
 */
import type { KubeObject } from '../object.ts';
import { compareObjects } from './comparison.ts';
import type { FieldSet } from './field-set.ts';
import type { FieldType } from './field-type.ts';
import { encodeJson } from './go-text.ts';
import { fieldsOf } from './owned-fields.ts';

const annotation = 'kubectl.kubernetes.io/last-applied-configuration';
/** What all annotations of an object may have together. */
const maxAnnotationsBytes = 256 * 1024;

/** Undefined when there is no such annotation, or it is of another version. */
export function lastAppliedFields(live: KubeObject, type: FieldType, apiVersion: string): FieldSet | undefined {
  const text = live.metadata.annotations?.[annotation];
  if (!text) return undefined;
  try {
    const lastApplied = JSON.parse(text) as KubeObject;
    if (lastApplied.apiVersion !== apiVersion) return undefined;
    const { added, modified, removed } = compareObjects(lastApplied, live, type);
    return fieldsOf(lastApplied, type).difference(modified).difference(added).difference(removed);
  } catch {
    return undefined;
  }
}

/** Keeps the annotation at what was applied now; objects without it stay without. */
export function withLastApplied(object: KubeObject, applied: KubeObject): KubeObject {
  const { annotations } = object.metadata;
  if (!annotations?.[annotation]) return object;
  const { [annotation]: _own, ...appliedAnnotations } = applied.metadata.annotations ?? {};
  const metadata = applied.metadata.annotations
    ? { ...applied.metadata, annotations: appliedAnnotations }
    : applied.metadata;
  const text = `${encodeJson(sorted({ ...applied, metadata }))}\n`;
  const { [annotation]: old, ...others } = annotations;
  if (text === old) return object;
  const changed = { ...others, [annotation]: text };
  const isTooLarge = sizeOf(changed) > maxAnnotationsBytes;
  return { ...object, metadata: { ...object.metadata, annotations: isTooLarge ? others : changed } };
}

function sizeOf(annotations: Readonly<Record<string, string>>): number {
  return Object.entries(annotations).reduce(
    (sum, [key, value]) => sum + Buffer.byteLength(key) + Buffer.byteLength(value),
    0,
  );
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, entry]) => [key, sorted(entry)]));
}
