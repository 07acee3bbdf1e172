/**
 * The rules of `metadata` that hold for every object. What the API server owns there (uid, generation, managedFields and
 * the like) is the business of storage.
 *
 * Source: k8s.io/apimachinery/pkg/api/validation/objectmeta.go
 */
import type { KubeObject } from '../object.ts';
import type { FieldErrors } from './field-errors.ts';
import { isJsonObject, listAt, objectAt, stringAt } from './json.ts';
import type { JsonObject } from './json.ts';
import {
  checkLabelName,
  checkLabelValue,
  checkPathSegment,
  checkQualifiedName,
  checkServiceName,
  checkSubdomain,
} from './names.ts';

export type NameForm = 'subdomain' | 'label' | 'service' | 'path';

const nameChecks = {
  subdomain: checkSubdomain,
  label: checkLabelName,
  service: checkServiceName,
  path: checkPathSegment,
} as const;

const maximumAnnotationBytes = 256 * 1024;
const standardFinalizers: ReadonlySet<string> = new Set(['kubernetes', 'orphan', 'foregroundDeletion']);

export interface MetadataRules {
  readonly namespaced: boolean;
  readonly nameForm: NameForm;
  /** Finalizers without a domain are allowed where this is false. @default true */
  readonly qualifiedFinalizers?: boolean;
}

export function checkMetadata(
  object: JsonObject,
  previous: KubeObject | undefined,
  errors: FieldErrors,
  { namespaced, nameForm, qualifiedFinalizers = true }: MetadataRules,
): void {
  const metadata = objectAt(object, 'metadata');
  const name = stringAt(metadata, 'name');
  if (name === '') errors.required('metadata.name', 'name or generateName is required');
  else if (!previous) for (const problem of nameChecks[nameForm](name)) errors.invalid('metadata.name', name, problem);
  if (namespaced && stringAt(metadata, 'namespace') === '') errors.required('metadata.namespace');
  if (!namespaced && stringAt(metadata, 'namespace') !== '') {
    errors.forbidden('metadata.namespace', 'not allowed on this type');
  }
  checkLabels(objectAt(metadata, 'labels'), 'metadata.labels', errors);
  checkAnnotations(objectAt(metadata, 'annotations'), 'metadata.annotations', errors);
  checkOwners(listAt(metadata, 'ownerReferences'), errors);
  for (const [index, finalizer] of listAt(metadata, 'finalizers').entries()) {
    checkFinalizer(String(finalizer), index, qualifiedFinalizers, errors);
  }
}

/** For finalizers that an object has now and had not before, where they need no domain. */
export function finalizerWarnings(object: unknown, previous: unknown): readonly string[] {
  const finalizersOf = (of: unknown) => listAt(objectAt(of, 'metadata'), 'finalizers').map(String);
  const had = new Set(finalizersOf(previous));
  const advice = 'prefer a domain-qualified finalizer name to avoid accidental conflicts with other finalizer writers';
  return finalizersOf(object)
    .filter((finalizer) => !had.has(finalizer) && !isQualified(finalizer))
    .map((finalizer) => `metadata.finalizers: ${JSON.stringify(finalizer)}: ${advice}`);
}

function isQualified(finalizer: string): boolean {
  return finalizer.includes('/') || standardFinalizers.has(finalizer);
}

export function checkLabels(labels: JsonObject, path: string, errors: FieldErrors): void {
  for (const [key, value] of sorted(labels)) {
    for (const problem of checkQualifiedName(key)) errors.invalid(path, key, problem);
    for (const problem of checkLabelValue(String(value))) errors.invalid(path, value, problem);
  }
}

function checkAnnotations(annotations: JsonObject, path: string, errors: FieldErrors): void {
  let sizeBytes = 0;
  for (const [key, value] of sorted(annotations)) {
    for (const problem of checkQualifiedName(key.toLowerCase())) errors.invalid(path, key, problem);
    sizeBytes += Buffer.byteLength(key) + Buffer.byteLength(String(value));
  }
  if (sizeBytes > maximumAnnotationBytes) errors.tooLong(path, maximumAnnotationBytes);
}

function checkOwners(owners: readonly unknown[], errors: FieldErrors): void {
  let controllers = 0;
  for (const owner of owners) {
    const path = 'metadata.ownerReferences';
    if (stringAt(owner, 'apiVersion') === '') errors.invalid(`${path}.apiVersion`, '', 'version must not be empty');
    for (const field of ['kind', 'name', 'uid']) {
      if (stringAt(owner, field) === '') errors.invalid(`${path}.${field}`, '', 'must not be empty');
    }
    if (isJsonObject(owner) && owner.controller === true) controllers += 1;
    if (controllers === 2) errors.invalid(path, owners, 'Only one reference can have Controller set to true');
  }
}

function checkFinalizer(finalizer: string, index: number, mustBeQualified: boolean, errors: FieldErrors): void {
  const path = 'metadata.finalizers';
  for (const problem of checkQualifiedName(finalizer)) errors.invalid(path, finalizer, problem);
  if (!mustBeQualified || isQualified(finalizer)) return;
  errors.invalid(`${path}[${index}]`, finalizer, 'name is neither a standard finalizer name nor is it fully qualified');
}

function sorted(map: JsonObject): [string, unknown][] {
  return Object.entries(map).sort(([a], [b]) => (a < b ? -1 : 1));
}
