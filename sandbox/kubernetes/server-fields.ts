/**
 * The fields of an object that belong to the API server: who writes an object cannot set them, and what every write does to
 * them. Pure functions from object to object.
 */
import { randomInt, randomUUID } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { invalid } from './refusals.ts';
import type { KubeObject, ObjectMeta } from './object.ts';
import { apiVersionOf, type ResourceType } from './resource-type.ts';

/** As k8s.io/apiserver/pkg/storage/names: no vowels, so that no word comes out. */
const nameLetters = 'bcdfghjklmnpqrstvwxz2456789';
const longestGenerated = 63;
const suffixLength = 5;

let [latestSecond, latestText] = [Number.NaN, ''];

/** RFC 3339 in whole seconds; the latest one is remembered, since most writes of a second ask for the same. */
export function timeText(nowMs: number): string {
  const second = Math.floor(nowMs / 1000);
  if (second !== latestSecond) {
    [latestSecond, latestText] = [second, `${new Date(nowMs).toISOString().slice(0, 19)}Z`];
  }
  return latestText;
}

/** What a client sends to be created, with the fields that the server gives to it. */
export function newObject(object: KubeObject, type: ResourceType, nowMs: number): KubeObject {
  const { generation: _, deletionTimestamp: __, deletionGracePeriodSeconds: ___, ...metadata } = object.metadata;
  const { status, ...fields } = object;
  return {
    ...fields,
    ...(type.hasStatus || status === undefined ? {} : { status }),
    apiVersion: apiVersionOf(type),
    kind: type.kind,
    metadata: {
      ...metadata,
      namespace: type.namespaced ? metadata.namespace : undefined,
      uid: randomUUID(),
      creationTimestamp: timeText(nowMs),
      generation: type.hasGeneration ? 1 : undefined,
    },
  };
}

/** A name for `generateName` that may be taken already. */
export function generatedName(base: string): string {
  const suffix = Array.from({ length: suffixLength }, () => nameLetters[randomInt(nameLetters.length)]).join('');
  return base.slice(0, longestGenerated - suffixLength) + suffix;
}

/** What a client wants to be stored, where the fields of the server are as they were. */
export function keepServerFields(proposed: KubeObject, previous: KubeObject, type: ResourceType): KubeObject {
  const { name, namespace, uid, creationTimestamp, resourceVersion } = previous.metadata;
  const { deletionTimestamp, deletionGracePeriodSeconds, generation } = previous.metadata;
  const kept = { name, namespace, uid, creationTimestamp, resourceVersion };
  const ofDeletion = { deletionTimestamp, deletionGracePeriodSeconds, generation };
  return {
    ...proposed,
    apiVersion: apiVersionOf(type),
    kind: type.kind,
    metadata: { ...proposed.metadata, ...kept, ...ofDeletion },
  };
}

/** @throws ApiFailure `Invalid`: an object that is being deleted can only lose finalizers. */
export function requireNoNewFinalizers(next: KubeObject, previous: KubeObject, type: ResourceType): void {
  if (previous.metadata.deletionTimestamp === undefined) return;
  const had = new Set(previous.metadata.finalizers);
  const added = (next.metadata.finalizers ?? []).filter((finalizer) => !had.has(finalizer));
  if (added.length === 0) return;
  const why = 'no new finalizers can be added if the object is being deleted';
  throw invalid(type, next.metadata.name, {
    reason: 'FieldValueForbidden',
    message: `Forbidden: ${why}, found new finalizers ${added.join(', ')}`,
    field: 'metadata.finalizers',
  });
}

/** The generation after a write: it counts the changes of what users want. */
export function nextGeneration(next: KubeObject, previous: KubeObject, countsAnnotations: boolean): number | undefined {
  const { generation } = previous.metadata;
  if (generation === undefined) return undefined;
  const isAnnotated = countsAnnotations && !isDeepStrictEqual(usersAnnotations(next), usersAnnotations(previous));
  return isDeepStrictEqual(wanted(next), wanted(previous)) && !isAnnotated ? generation : generation + 1;
}

/** Without the revision, which the Deployment controller writes together with the status. */
function usersAnnotations({ metadata }: KubeObject): Readonly<Record<string, string>> {
  const { 'deployment.kubernetes.io/revision': _, ...annotations } = metadata.annotations ?? {};
  return annotations;
}

function wanted({ apiVersion: _, kind: __, metadata: ___, status: ____, ...rest }: KubeObject): object {
  return rest;
}

/** Whether writing `next` over `previous` would change nothing but times of managers; both without empty fields. */
export function isSameState(next: KubeObject, previous: KubeObject): boolean {
  return isDeepStrictEqual(withoutTimes(next), withoutTimes(previous));
}

function withoutTimes(object: KubeObject): object {
  const { resourceVersion: _, managedFields = [], ...metadata } = object.metadata;
  return { ...object, metadata, managedFields: managedFields.map(({ time: __, ...entry }) => entry) };
}

/** Without fields that are undefined, and without metadata that is empty. */
export function withoutEmptyFields(object: KubeObject): KubeObject {
  const metadata = kept(object.metadata, (value) => !isEmpty(value)) as unknown as ObjectMeta;
  return { ...(kept(object, () => true) as KubeObject), metadata };
}

function kept(object: object, keeps: (value: unknown) => boolean): Record<string, unknown> {
  const fields: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(object)) if (value !== undefined && keeps(value)) fields[name] = value;
  return fields;
}

function isEmpty(value: unknown): boolean {
  if (value === '' || value === null) return true;
  return typeof value === 'object' && Object.keys(value).length === 0;
}
