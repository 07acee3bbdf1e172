/**
 * What a path of the API means: `/api/v1/namespaces/NS/pods/NAME/status` and the like.
 *
 * Source: https://kubernetes.io/docs/reference/using-api/api-concepts/#resource-uris
 */
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
  const [plural = '', name, ...subresource] = isInNamespace ? steps.slice(2) : steps;
  return {
    group,
    version,
    namespace,
    plural,
    name,
    subresource: subresource.length === 0 ? undefined : subresource.join('/'),
  };
}

function decoded(step: string): string {
  try {
    return decodeURIComponent(step);
  } catch {
    return step;
  }
}
