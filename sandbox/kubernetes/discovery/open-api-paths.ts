/**
 * The paths of the resources in an OpenAPI document: as much of them as clients look at, which is operations with their
 * kinds and the parameters that they take.
 */
import { apiVersionOf } from '../resource-type.ts';
import type { ResourceType } from '../resource-type.ts';

const write = ['dryRun', 'fieldManager', 'fieldValidation'];
const remove = ['dryRun', 'gracePeriodSeconds', 'orphanDependents', 'propagationPolicy'];
const list = ['continue', 'fieldSelector', 'labelSelector', 'limit', 'resourceVersion', 'watch'];

const integers: ReadonlySet<string> = new Set(['gracePeriodSeconds', 'limit']);
const booleans: ReadonlySet<string> = new Set(['force', 'orphanDependents', 'watch']);

const patchForms = ['application/apply-patch+yaml', 'application/json-patch+json', 'application/merge-patch+json'];
/** kubectl sends this form wherever it is named, so it is for built-in types only. */
const strategicForm = 'application/strategic-merge-patch+json';

/** @param reference what comes before the name of a definition, such as `#/components/schemas/` */
export function pathsOf(types: readonly ResourceType[], reference: string): Record<string, object> {
  return Object.fromEntries(types.flatMap((type) => [...pathsOfType(type, reference)]));
}

function* pathsOfType(type: ResourceType, reference: string): Generator<[string, object]> {
  const root = type.group === '' ? `/api/${type.version}` : `/apis/${apiVersionOf(type)}`;
  const collection = type.namespaced ? `${root}/namespaces/{namespace}/${type.plural}` : `${root}/${type.plural}`;
  const operate = operations(type, reference);
  if (type.namespaced) yield [`${root}/${type.plural}`, { get: operate('list', list) }];
  yield [
    collection,
    { get: operate('list', list), post: operate('post', write), delete: operate('deletecollection', remove) },
  ];
  const one = {
    get: operate('get', []),
    put: operate('put', write),
    patch: operate('patch', [...write, 'force']),
  };
  yield [`${collection}/{name}`, { ...one, delete: operate('delete', remove) }];
  if (type.hasStatus) yield [`${collection}/{name}/status`, one];
}

function operations(type: ResourceType, reference: string) {
  const { group, version, kind, definition } = type;
  const schema = { $ref: `${reference}${definition}` };
  const body = { content: { '*/*': { schema } }, required: true };
  const forms = type.isCustom ? patchForms : [...patchForms, strategicForm];
  const patch = { content: Object.fromEntries(forms.map((form) => [form, { schema: { type: 'object' } }])) };
  return (action: string, parameters: readonly string[]) => ({
    'x-kubernetes-action': action,
    'x-kubernetes-group-version-kind': { group, version, kind },
    parameters: parameters.map((name) => ({ name, in: 'query', schema: { type: typeOf(name) } })),
    requestBody: action === 'patch' ? patch : action === 'post' || action === 'put' ? body : undefined,
    responses: { '200': { description: 'OK', content: { 'application/json': { schema } } } },
  });
}

function typeOf(parameter: string): string {
  if (integers.has(parameter)) return 'integer';
  return booleans.has(parameter) ? 'boolean' : 'string';
}
