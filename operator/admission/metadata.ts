/**
 * The schema of `metadata`, and the rules of it that hold for every object. What the API server owns there (uid,
 * generation, managedFields and the like) is the business of storage.
 *
 * Source: k8s.io/apimachinery/pkg/{apis/meta/v1/types.go,api/validation/objectmeta.go}
 */
import { type FieldProblem, invalid, problem, required, tooLong } from './field-problem.ts';
import { isJsonObject, type JsonObject, listAt, objectAt, stringAt } from './json.ts';
import { checkLabelValue, checkQualifiedName, checkSubdomain } from './names.ts';
import type { Schema } from './schema.ts';

const text: Schema = { type: 'string' };
const time: Schema = { type: 'string', format: 'date-time' };
const integer: Schema = { type: 'integer', format: 'int64' };
const boolean: Schema = { type: 'boolean' };

/** A map of texts of a Go type, where null is ''. */
export const texts: Schema = { type: 'object', additionalProperties: { type: 'string', default: '' } };

const owner: Schema = {
  type: 'object',
  properties: { apiVersion: text, kind: text, name: text, uid: text, controller: boolean, blockOwnerDeletion: boolean },
};
const managed: Schema = {
  type: 'object',
  properties: {
    apiVersion: text,
    fieldsType: text,
    fieldsV1: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
    manager: text,
    operation: text,
    subresource: text,
    time,
  },
};

/** What values are allowed; how they are merged, and that nothing is in a list twice, is another's business. */
export const metadataSchema: Schema = {
  type: 'object',
  properties: {
    annotations: texts,
    creationTimestamp: time,
    deletionGracePeriodSeconds: integer,
    deletionTimestamp: time,
    finalizers: { type: 'array', items: text },
    generateName: text,
    generation: integer,
    labels: texts,
    managedFields: { type: 'array', items: managed },
    name: text,
    namespace: text,
    ownerReferences: { type: 'array', items: owner },
    resourceVersion: text,
    selfLink: text,
    uid: text,
  },
};

const maximumAnnotationBytes = 256 * 1024;
const standardFinalizers: readonly string[] = ['kubernetes', 'orphan', 'foregroundDeletion'];

export interface MetadataRules {
  readonly namespaced: boolean;
  /** Names need only fit into a path, such as those of Roles. */
  readonly anyName?: boolean;
  /** Finalizers need no domain, as those of custom resources. */
  readonly plainFinalizers?: boolean;
}

export function* metadataProblems(
  object: JsonObject,
  previous: JsonObject | undefined,
  { namespaced, anyName = false, plainFinalizers = false }: MetadataRules,
): Generator<FieldProblem> {
  const metadata = objectAt(object, 'metadata');
  const name = stringAt(metadata, 'name');
  if (name === '') yield required('metadata.name', 'name or generateName is required');
  else if (!previous && !anyName) {
    for (const detail of checkSubdomain(name)) yield invalid('metadata.name', name, detail);
  }
  const isPlaced = stringAt(metadata, 'namespace') !== '';
  if (namespaced && !isPlaced) yield required('metadata.namespace');
  if (!namespaced && isPlaced) yield problem('FieldValueForbidden', 'metadata.namespace', 'not allowed on this type');
  yield* labelProblems(objectAt(metadata, 'labels'));
  yield* annotationProblems(objectAt(metadata, 'annotations'));
  for (const [index, finalizer] of listAt(metadata, 'finalizers').map(String).entries()) {
    for (const detail of checkQualifiedName(finalizer)) yield invalid('metadata.finalizers', finalizer, detail);
    if (!plainFinalizers && !finalizer.includes('/') && !standardFinalizers.includes(finalizer)) {
      const detail = 'name is neither a standard finalizer name nor is it fully qualified';
      yield invalid(`metadata.finalizers[${index}]`, finalizer, detail);
    }
  }
  yield* ownerProblems(listAt(metadata, 'ownerReferences'));
}

function* labelProblems(labels: JsonObject): Generator<FieldProblem> {
  for (const [key, value] of sorted(labels)) {
    for (const detail of checkQualifiedName(key)) yield invalid('metadata.labels', key, detail);
    const details = typeof value === 'string' ? checkLabelValue(value) : [];
    for (const detail of details) yield invalid('metadata.labels', value, detail);
  }
}

function* annotationProblems(annotations: JsonObject): Generator<FieldProblem> {
  let sizeBytes = 0;
  for (const [key, value] of sorted(annotations)) {
    for (const detail of checkQualifiedName(key.toLowerCase())) yield invalid('metadata.annotations', key, detail);
    sizeBytes += Buffer.byteLength(key) + Buffer.byteLength(String(value));
  }
  if (sizeBytes > maximumAnnotationBytes) yield tooLong('metadata.annotations', maximumAnnotationBytes);
}

function* ownerProblems(owners: readonly unknown[]): Generator<FieldProblem> {
  const path = 'metadata.ownerReferences';
  for (const one of owners) {
    for (const field of ['apiVersion', 'kind', 'name', 'uid']) {
      if (stringAt(one, field) === '') yield invalid(`${path}.${field}`, '', 'must not be empty');
    }
  }
  if (owners.filter((one) => isJsonObject(one) && one['controller'] === true).length > 1) {
    yield invalid(path, undefined, 'Only one reference can have Controller set to true');
  }
}

function sorted(map: JsonObject): [string, unknown][] {
  return Object.entries(map).sort(([a], [b]) => (a < b ? -1 : 1));
}
