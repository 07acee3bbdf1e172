/**
 * What a request's object must agree on with its path: kind, namespace and name.
 */
import { ApiFailure } from '../api-failure.ts';
import type { KubeObject } from '../object.ts';
import { apiVersionOf, type ResourceType } from '../resource-type.ts';

/**
 * The object with apiVersion, kind and namespace filled in where it says none.
 *
 * @param name for an object that need not say its own
 * @throws ApiFailure `BadRequest`
 */
export function requireObject(
  body: Readonly<Record<string, unknown>>,
  type: ResourceType,
  namespace: string | undefined,
  name?: string,
): KubeObject {
  const apiVersion = stringOr(body.apiVersion, apiVersionOf(type));
  const kind = stringOr(body.kind, type.kind);
  if (apiVersion !== apiVersionOf(type) || kind !== type.kind) throw wrongKind(apiVersion, kind, type);
  const given = typeof body.metadata === 'object' && body.metadata !== null ? body.metadata : {};
  const metadata: Record<string, unknown> = { name: name ?? '', ...given };
  for (const field of ['name', 'namespace', 'generateName']) {
    const value = metadata[field];
    if (value === undefined || value === null || typeof value === 'string') continue;
    const goType = Array.isArray(value) ? 'array' : typeof value;
    const message = `json: cannot unmarshal ${goType} into Go struct field ObjectMeta.metadata.${field} of type string`;
    throw new ApiFailure(
      'BadRequest',
      `${type.kind} in version "${type.version}" cannot be handled as a ${type.kind}: ${message}`,
    );
  }
  if (metadata.namespace && metadata.namespace !== (namespace ?? '')) {
    throw new ApiFailure(
      'BadRequest',
      'the namespace of the provided object does not match the namespace sent on the request',
    );
  }
  return { ...body, apiVersion, kind, metadata: { ...metadata, namespace } } as unknown as KubeObject;
}

/** @throws ApiFailure `BadRequest` */
export function requireSameName(object: KubeObject, name: string): void {
  if (object.metadata.name === name) return;
  if (!object.metadata.name) throw new ApiFailure('BadRequest', 'name must be provided');
  throw new ApiFailure(
    'BadRequest',
    `the name of the object (${object.metadata.name}) does not match the name on the URL (${name})`,
  );
}

function stringOr(value: unknown, fallback: string): string {
  return typeof value === 'string' && value !== '' ? value : fallback;
}

function wrongKind(apiVersion: string, kind: string, type: ResourceType): ApiFailure {
  const slash = apiVersion.indexOf('/');
  const version = apiVersion.slice(slash + 1);
  const why =
    apiVersion === apiVersionOf(type)
      ? `converting (${version}.${kind}) to (${type.kind}): unknown conversion`
      : `no kind "${kind}" is registered for version "${apiVersion}"`;
  return new ApiFailure('BadRequest', `${kind} in version "${version}" cannot be handled as a ${type.kind}: ${why}`);
}
