/**
 * The objects and patches that requests carry: read up to the API server's limit, parsed as what their content type says,
 * and held against their path.
 */
import type { IncomingMessage } from 'node:http';
import { parse } from 'yaml';
import { ApiFailure } from '../api-failure.ts';
import type { PatchType } from '../cluster.ts';
import type { KubeObject } from '../object.ts';
import { apiVersionOf, type ResourceType } from '../resource-type.ts';
import { decodeProtobufObject } from '../types/protobuf-object.ts';
import { duplicateFieldsOf } from '../validation/duplicate-fields.ts';

const protobuf = 'application/vnd.kubernetes.protobuf';
const limitBytes = 3 * 1024 * 1024;

/** @throws ApiFailure `RequestEntityTooLarge` */
export async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    // The rest is read and dropped: a client that still writes would not see the answer.
    if (bytes <= limitBytes) chunks.push(chunk);
  }
  if (bytes <= limitBytes) return Buffer.concat(chunks);
  throw new ApiFailure('RequestEntityTooLarge', `Request entity too large: limit is ${limitBytes}`);
}

/**
 * One object, in JSON, or in the API server's protobuf form, which some commands of kubectl send.
 *
 * @throws ApiFailure `UnsupportedMediaType`, `BadRequest`
 */
export function parseObject(body: Buffer, contentType: string | undefined, kind: string): Record<string, unknown> {
  const type = mediaType(contentType);
  if (type === protobuf) return decodeProtobufObject(body);
  if (type !== '' && type !== 'application/json') throw unsupported(type, ['application/json', protobuf]);
  const value = parseJson(body.toString('utf8'), `the object provided is no ${kind}`);
  if (isRecord(value)) return value;
  throw new ApiFailure('BadRequest', `the object provided is no ${kind}: it is no JSON object`);
}

const patchTypes: Readonly<Record<string, PatchType>> = {
  'application/json-patch+json': 'json',
  'application/merge-patch+json': 'merge',
  'application/strategic-merge-patch+json': 'strategic',
  'application/apply-patch+yaml': 'apply',
};

/** @throws ApiFailure `UnsupportedMediaType` */
export function patchTypeOf(contentType: string | undefined, isCustom: boolean): PatchType {
  const type = mediaType(contentType);
  const patchType = patchTypes[type];
  if (patchType !== undefined && !(isCustom && patchType === 'strategic')) return patchType;
  throw unsupported(
    type,
    Object.keys(patchTypes).filter((known) => !isCustom || patchTypes[known] !== 'strategic'),
  );
}

/** @throws ApiFailure `BadRequest` */
export function parsePatch(body: Buffer, patchType: PatchType): unknown {
  const text = body.toString('utf8');
  if (patchType !== 'apply') return parseJson(text, 'error decoding patch');
  const value = parseYaml(text);
  if (isRecord(value)) return value;
  throw new ApiFailure('BadRequest', 'error decoding patch: an applied configuration is an object');
}

/** What a JSON body says twice, for `fieldValidation`; YAML is refused then, and protobuf cannot. */
export function duplicatesIn(body: Buffer, contentType: string | undefined): readonly string[] {
  const type = mediaType(contentType);
  const isObject = type === '' || /^application\/(json|merge-patch\+json|strategic-merge-patch\+json)$/.test(type);
  return isObject ? duplicateFieldsOf(body.toString('utf8')) : [];
}

/**
 * The object with apiVersion, kind and namespace filled in where it says none.
 *
 * @param name that the object must have where the path names one, and need not say
 * @throws ApiFailure `BadRequest` where the object and the path disagree
 */
export function requireObject(
  body: Readonly<Record<string, unknown>>,
  type: ResourceType,
  namespace: string | undefined,
  name?: string,
): KubeObject {
  const { apiVersion = apiVersionOf(type), kind = type.kind } = body;
  if (apiVersion !== apiVersionOf(type) || kind !== type.kind) {
    throw new ApiFailure('BadRequest', `${String(kind)} of ${String(apiVersion)} cannot be handled as a ${type.kind}`);
  }
  const metadata: Record<string, unknown> = { name: name ?? '', ...(isRecord(body.metadata) ? body.metadata : {}) };
  for (const field of ['name', 'namespace', 'generateName']) {
    if (metadata[field] === null || typeof (metadata[field] ?? '') === 'string') continue;
    throw new ApiFailure('BadRequest', `metadata.${field} must be of type string`);
  }
  if (metadata.namespace && metadata.namespace !== (namespace ?? '')) {
    throw new ApiFailure(
      'BadRequest',
      'the namespace of the provided object does not match the namespace sent on the request',
    );
  }
  if (name !== undefined && metadata.name !== name) {
    const given = String(metadata.name);
    throw new ApiFailure(
      'BadRequest',
      `the name of the object (${given}) does not match the name on the URL (${name})`,
    );
  }
  return { ...body, apiVersion, kind, metadata: { ...metadata, namespace } } as unknown as KubeObject;
}

function unsupported(type: string, accepted: readonly string[]): ApiFailure {
  const message = `the body of the request was in an unknown format (${type}): accepted are ${accepted.join(', ')}`;
  return new ApiFailure('UnsupportedMediaType', message);
}

function mediaType(contentType = ''): string {
  return contentType.split(';', 1)[0]!.trim().toLowerCase();
}

function parseJson(text: string, failure: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new ApiFailure('BadRequest', `${failure}: ${(error as Error).message}`);
  }
}

/** JSON is YAML too, and JSON.parse is much the faster. */
function parseYaml(text: string): unknown {
  try {
    if (text.trimStart().startsWith('{')) return JSON.parse(text);
  } catch {
    // A flow mapping of YAML, perhaps.
  }
  try {
    return parse(text, { version: '1.2', merge: true, maxAliasCount: 100 });
  } catch (error) {
    throw new ApiFailure('BadRequest', `error decoding YAML: ${(error as Error).message}`);
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
