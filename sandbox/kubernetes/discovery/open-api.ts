/**
 * The schemas of everything that is served, as OpenAPI v3: an index, and a document for each group and version. kubectl
 * explains, validates and merges by them.
 *
 * Documents are made when they are first asked for and kept until their types change.
 */
import { createHash } from 'node:crypto';
import { type Answer, jsonAnswer } from '../http/answer.ts';
import { apiVersionOf } from '../resource-type.ts';
import type { ResourceType, ResourceTypes } from '../resource-type.ts';
import { builtInDefinitions, objectMetaDefinition } from '../types/built-in-facts.ts';

const reference = '#/components/schemas/';

interface Document {
  readonly types: readonly ResourceType[];
  readonly text: string;
  readonly hash: string;
}

/** By group and version. */
const kept = new WeakMap<ResourceTypes, Map<string, Document>>();

/**
 * @param path without query, such as `/openapi/v3` or `/openapi/v3/apis/apps/v1`
 * @returns undefined for what is no path of OpenAPI, and for a group that does not exist
 */
export function openApiAnswer(types: ResourceTypes, path: string): Answer | undefined {
  if (path === '/openapi/v2') return emptyVersion2;
  const [, groupVersion] = /^\/openapi\/v3(?:\/(.+))?$/.exec(path) ?? [undefined, ''];
  if (groupVersion === undefined) return jsonAnswer(index(types));
  const document = documentOf(types, groupVersion);
  return document && { status: 200, headers: { etag: `"${document.hash}"` }, body: document.text };
}

/** What kubectl asks for when version 3 knows no kind of a name: a document without definitions tells it the same. */
const emptyVersion2: Answer = {
  status: 200,
  contentType: 'application/com.github.proto-openapi.spec.v2.v1.0+protobuf',
  body: '',
};

function index(types: ResourceTypes): object {
  const groupVersions = new Set(types.list().map(groupVersionOf));
  const paths = [...groupVersions].map((path) => {
    return [path, { serverRelativeURL: `/openapi/v3/${path}?hash=${documentOf(types, path)?.hash}` }];
  });
  return { paths: Object.fromEntries(paths) as object };
}

function groupVersionOf(type: ResourceType): string {
  return type.group === '' ? `api/${type.version}` : `apis/${apiVersionOf(type)}`;
}

function documentOf(types: ResourceTypes, groupVersion: string): Document | undefined {
  const own = types.list().filter((type) => groupVersionOf(type) === groupVersion);
  if (own.length === 0) return undefined;
  const documents = kept.get(types) ?? new Map<string, Document>();
  kept.set(types, documents);
  const before = documents.get(groupVersion);
  if (before?.types.length === own.length && own.every((type, at) => type === before.types[at])) return before;
  const text = JSON.stringify({
    openapi: '3.0.0',
    info: { title: 'Kubernetes', version: 'unversioned' },
    paths: Object.fromEntries(own.flatMap(pathsOf)) as object,
    components: { schemas: definitionsOf(own) },
  });
  const document = { types: own, text, hash: createHash('sha256').update(text).digest('hex').toUpperCase() };
  documents.set(groupVersion, document);
  return document;
}

/** Of built-in types as the API server has them, of CRDs from their own schemas. */
function definitionsOf(types: readonly ResourceType[]): object {
  const definitions = new Map<string, object>();
  for (const type of types) {
    const { definition = '', isCustom } = type;
    if (isCustom) definitions.set(definition, customDefinition(type));
    reach(isCustom ? objectMetaDefinition : definition, definitions);
  }
  return Object.fromEntries(definitions);
}

function reach(name: string, into: Map<string, object>): void {
  const definition = builtInDefinitions[name];
  if (into.has(name) || !definition) return;
  into.set(name, definition);
  for (const [, next = ''] of JSON.stringify(definition).matchAll(/"#\/components\/schemas\/([^"]+)"/g))
    reach(next, into);
}

const conventions = 'More info: https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md';

/** Of the fields that the API server adds to the schemas of CRDs: part of its documents, which kubectl prints. */
const descriptions = {
  apiVersion:
    'APIVersion defines the versioned schema of this representation of an object. Servers should convert recognized ' +
    `schemas to the latest internal value, and may reject unrecognized values. ${conventions}#resources`,
  kind:
    'Kind is a string value representing the REST resource this object represents. Servers may infer this from the ' +
    `endpoint the client submits requests to. Cannot be updated. In CamelCase. ${conventions}#types-kinds`,
  metadata: `Standard object's metadata. ${conventions}#metadata`,
} as const;

function customDefinition({ schema, group, version, kind }: ResourceType): object {
  const properties = {
    ...schema.properties,
    apiVersion: { type: 'string', description: descriptions.apiVersion },
    kind: { type: 'string', description: descriptions.kind },
    metadata: { description: descriptions.metadata, allOf: [{ $ref: `${reference}${objectMetaDefinition}` }] },
  };
  return { ...schema, properties, 'x-kubernetes-group-version-kind': [{ group, version, kind }] };
}

const patchForms = ['application/apply-patch+yaml', 'application/json-patch+json', 'application/merge-patch+json'];
/** kubectl sends this form wherever it is named, so it is for built-in types only. */
const strategicForm = 'application/strategic-merge-patch+json';

/** As much of the paths as kubectl looks at: operations with their kinds, and how objects are patched. */
function pathsOf(type: ResourceType): [string, object][] {
  const { group, version, kind, plural, namespaced, isCustom, definition } = type;
  const root = group === '' ? `/api/${version}` : `/apis/${group}/${version}`;
  const collection = namespaced ? `${root}/namespaces/{namespace}/${plural}` : `${root}/${plural}`;
  const content = { 'application/json': { schema: { $ref: `${reference}${definition}` } } };
  const operation = {
    'x-kubernetes-group-version-kind': { group, version, kind },
    responses: { '200': { description: 'OK', content } },
  };
  const parameters = ['dryRun', 'fieldManager', 'fieldValidation', 'force'].map((name) => ({ name, in: 'query' }));
  const forms = isCustom ? patchForms : [...patchForms, strategicForm];
  const requestBody = { content: Object.fromEntries(forms.map((form) => [form, {}])) };
  const get = { ...operation, 'x-kubernetes-action': 'get' };
  const patch = { ...operation, 'x-kubernetes-action': 'patch', parameters, requestBody };
  return [
    [collection, { get: { ...operation, 'x-kubernetes-action': 'list' } }],
    [`${collection}/{name}`, { get, patch }],
  ];
}
