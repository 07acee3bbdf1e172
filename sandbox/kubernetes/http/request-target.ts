/**
 * What a request asks for, by its path and method: `GET /api/v1/namespaces/NS/pods/NAME/status` and the like.
 *
 * Source: https://kubernetes.io/docs/reference/using-api/api-concepts/#resource-uris
 */
import { ApiFailure } from '../api-failure.ts';
import type { ResourceType, Verb } from '../resource-type.ts';
import { isTrue } from './query.ts';

export interface ResourceTarget {
  readonly group: string;
  readonly version: string;
  /** Undefined when the path names none: cluster-scoped types, and lists over all namespaces. */
  readonly namespace: string | undefined;
  readonly plural: string;
  readonly name: string | undefined;
  readonly subresource: string | undefined;
}

const subresourcesOfNamespaces = ['finalize', 'status'];

/** Undefined when the path is not one of a resource. */
export function resourceTarget(path: string): ResourceTarget | undefined {
  const steps = path.split('/').filter((step) => step !== '');
  const [root, ...rest] = steps.map(decoded);
  if (root === 'api' && rest.length >= 2) return targetOf('', rest[0]!, rest.slice(1));
  if (root === 'apis' && rest.length >= 3) return targetOf(rest[0]!, rest[1]!, rest.slice(2));
  return undefined;
}

function targetOf(group: string, version: string, steps: readonly string[]): ResourceTarget {
  const [first, second, third] = steps;
  const isInNamespace = first === 'namespaces' && third !== undefined && !subresourcesOfNamespaces.includes(third);
  const namespace = isInNamespace ? second : undefined;
  const [plural = '', name, ...below] = isInNamespace ? steps.slice(2) : steps;
  return { group, version, namespace, plural, name, subresource: below.length === 0 ? undefined : below.join('/') };
}

function decoded(step: string): string {
  try {
    return decodeURIComponent(step);
  } catch {
    return step;
  }
}

/** Of pods: what would need a container that runs. */
const ofContainers: ReadonlySet<string> = new Set([
  'attach',
  'ephemeralcontainers',
  'exec',
  'log',
  'portforward',
  'proxy',
]);

/** @throws ApiFailure `MethodNotAllowed`, and `BadRequest` for what needs a container */
export function requireVerb(method: string, target: ResourceTarget, query: URLSearchParams, type: ResourceType): Verb {
  const { subresource, namespace, name } = target;
  if (type.kind === 'Pod' && subresource !== undefined && ofContainers.has(subresource)) {
    const lacks = 'so it has no logs, exec, cp, attach or port-forward';
    throw new ApiFailure('BadRequest', `the pod ${JSON.stringify(name)} is simulated and runs nothing, ${lacks}`);
  }
  const verb = verbOf(method, target, query);
  const isOfAllNamespaces = type.namespaced && namespace === undefined;
  const fits = !isOfAllNamespaces || (name === undefined && (verb === 'list' || verb === 'watch'));
  const onSubresource = verb === 'get' || verb === 'update' || verb === 'patch';
  const isServed = verb !== undefined && (subresource === undefined ? type.verbs.includes(verb) : onSubresource);
  if (fits && isServed) return verb;
  throw new ApiFailure('MethodNotAllowed', 'the server does not allow this method on the requested resource', {});
}

function verbOf(method: string, { name }: ResourceTarget, query: URLSearchParams): Verb | undefined {
  if (method === 'GET' && isTrue(query.get('watch'))) return 'watch';
  const ofOne: Readonly<Record<string, Verb>> = { GET: 'get', PUT: 'update', PATCH: 'patch', DELETE: 'delete' };
  const ofAll: Readonly<Record<string, Verb>> = { GET: 'list', POST: 'create', DELETE: 'deletecollection' };
  return (name === undefined ? ofAll : ofOne)[method];
}
