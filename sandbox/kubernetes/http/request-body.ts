/**
 * Bodies of requests: read up to the API server's limit, and parsed as what their content type says.
 */
import type { IncomingMessage } from 'node:http';
import { parse } from 'yaml';
import { ApiFailure } from '../api-failure.ts';
import type { PatchType } from '../cluster.ts';
import { decodeProtobufObject } from '../types/protobuf-object.ts';
import { duplicateFieldsOf } from '../validation/duplicate-fields.ts';
import { jsonDefect } from './json-defect.ts';

const protobuf = 'application/vnd.kubernetes.protobuf';
/** Of a body that cannot be read, in the message. */
const shownBytes = 30;
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
  if (bytes > limitBytes) {
    throw new ApiFailure('RequestEntityTooLarge', `Request entity too large: limit is ${limitBytes}`);
  }
  return Buffer.concat(chunks);
}

/**
 * One object, in JSON or YAML, or in the API server's protobuf form, which some commands of kubectl send.
 *
 * @throws ApiFailure `UnsupportedMediaType`, `BadRequest`
 */
export function parseObject(body: Buffer, contentType: string | undefined, kind: string): Record<string, unknown> {
  const type = mediaType(contentType);
  if (type === protobuf) return decodeProtobufObject(body);
  if (type !== '' && type !== 'application/json' && type !== 'application/yaml') {
    throw unsupported(['application/json', 'application/yaml', protobuf]);
  }
  const text = body.toString('utf8');
  const value = type === 'application/yaml' ? parseYaml(text) : parseJson(text, kind);
  if (isRecord(value)) return value;
  throw unrecognized(kind, `json: cannot unmarshal ${goKind(value)} into Go value of type struct`, text);
}

const patchTypes: Readonly<Record<string, PatchType>> = {
  'application/json-patch+json': 'json',
  'application/merge-patch+json': 'merge',
  'application/strategic-merge-patch+json': 'strategic',
  'application/apply-patch+yaml': 'apply',
};

/** @throws ApiFailure `UnsupportedMediaType` */
export function patchTypeOf(contentType: string | undefined, isCustom: boolean): PatchType {
  const patchType = patchTypes[mediaType(contentType)];
  if (patchType === undefined) throw new ApiFailure('UnsupportedMediaType', '415: Unsupported Media Type', {});
  if (patchType !== 'strategic' || !isCustom) return patchType;
  const accepted = Object.keys(patchTypes).filter((type) => patchTypes[type] !== 'strategic');
  throw unsupported(accepted);
}

/** @throws ApiFailure `BadRequest` */
export function parsePatch(body: Buffer, patchType: PatchType): unknown {
  const text = body.toString('utf8');
  const value = patchType === 'apply' ? parseYaml(text) : parsePatchJson(text, patchType);
  const fits = patchType === 'json' ? Array.isArray(value) : isRecord(value);
  if (fits) return value;
  const wanted = patchType === 'json' ? '[]handlers.jsonPatchOp' : 'map[string]interface {}';
  throw undecodable(patchType, `json: cannot unmarshal ${goKind(value)} into Go value of type ${wanted}`);
}

/** What a JSON body says twice, for `fieldValidation`; YAML is refused then, and protobuf cannot. */
export function duplicatesIn(body: Buffer, contentType: string | undefined): readonly string[] {
  const type = mediaType(contentType);
  const isObject = type === '' || /^application\/(json|merge-patch\+json|strategic-merge-patch\+json)$/.test(type);
  return isObject ? duplicateFieldsOf(body.toString('utf8')) : [];
}

function undecodable(patchType: PatchType, why: string): ApiFailure {
  return new ApiFailure('BadRequest', patchType === 'strategic' ? why : `error decoding patch: ${why}`);
}

function parsePatchJson(text: string, patchType: PatchType): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw undecodable(patchType, jsonDefect(text));
  }
}

function unsupported(accepted: readonly string[]): ApiFailure {
  return new ApiFailure(
    'UnsupportedMediaType',
    `the body of the request was in an unknown format - accepted media types include: ${accepted.join(', ')}`,
  );
}

function mediaType(contentType = ''): string {
  return contentType.split(';', 1)[0]!.trim().toLowerCase();
}

function parseJson(text: string, kind: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw unrecognized(kind, jsonDefect(text), text);
  }
}

/** JSON is YAML too, and JSON.parse is much the faster. */
function parseYaml(text: string): unknown {
  if (text.trimStart().startsWith('{')) {
    try {
      return JSON.parse(text);
    } catch {
      // A flow mapping of YAML, perhaps.
    }
  }
  try {
    return parse(text, { version: '1.2', merge: true, maxAliasCount: 100 });
  } catch (error) {
    throw new ApiFailure('BadRequest', `error decoding YAML: ${(error as Error).message}`);
  }
}

function unrecognized(kind: string, why: string, text: string): ApiFailure {
  const start = Buffer.from(text).subarray(0, shownBytes);
  const rest = Buffer.byteLength(text) > shownBytes ? ' ...' : '';
  const shown = text === '' ? '<empty>' : start.toString(text.startsWith('{') ? 'utf8' : 'hex') + rest;
  return new ApiFailure(
    'BadRequest',
    `the object provided is unrecognized (must be of type ${kind}): couldn't get version/kind; json parse error: ${why} (${shown})`,
  );
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function goKind(value: unknown): string {
  if (Array.isArray(value)) return 'array';
  if (value === null || typeof value === 'object') return 'object';
  return typeof value === 'boolean' ? 'bool' : typeof value;
}
