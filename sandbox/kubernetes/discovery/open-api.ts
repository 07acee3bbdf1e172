/**
 * The schemas of everything that is served, as OpenAPI: an index and a document for each group and version (v3), and one
 * document of all (v2, as JSON). kubectl explains, validates and merges by them.
 *
 * Documents are made when they are first asked for and kept until their types change.
 */
import { createHash } from 'node:crypto';
import { apiVersionOf } from '../resource-type.ts';
import type { ResourceType, ResourceTypes } from '../resource-type.ts';
import { definitionsOf } from './open-api-definitions.ts';
import { pathsOf } from './open-api-paths.ts';

export interface TextAnswer {
  readonly contentType: string;
  /** JSON, or protobuf of ASCII alone. */
  readonly text: string;
  /** For the header ETag, without quotes. */
  readonly etag: string;
}

interface Kept {
  readonly types: readonly ResourceType[];
  readonly answer: TextAnswer;
}

/** By path of the document. */
const kept = new WeakMap<ResourceTypes, Map<string, Kept>>();

/**
 * @param path without query, such as `/openapi/v3` or `/openapi/v3/apis/apps/v1`
 * @returns undefined for what is no path of OpenAPI, a group that does not exist, or a form that is not served
 */
export function openApiAnswer(types: ResourceTypes, path: string, accept: string): TextAnswer | undefined {
  if (path === '/openapi/v3') return keep(types, path, types.list(), () => index(types));
  if (path === '/openapi/v2') {
    if (accept === '' || /json|\*\/\*/.test(accept))
      return keep(types, path, types.list(), () => documentV2(types.list()));
    return accept.includes('protobuf') ? emptyDocumentV2 : undefined;
  }
  const groupVersion = /^\/openapi\/v3\/(apis?\/.+)$/.exec(path)?.[1];
  return groupVersion === undefined ? undefined : documentV3(types, groupVersion);
}

function index(types: ResourceTypes): object {
  const groupVersions = new Set(types.list().map(groupVersionPath));
  const paths = [...groupVersions].map((path) => {
    const hash = documentV3(types, path)?.etag ?? '';
    return [path, { serverRelativeURL: `/openapi/v3/${path}?hash=${hash}` }];
  });
  return { paths: Object.fromEntries(paths) as object };
}

function documentV3(types: ResourceTypes, groupVersion: string): TextAnswer | undefined {
  const own = types.list().filter((type) => groupVersionPath(type) === groupVersion);
  if (own.length === 0) return undefined;
  return keep(types, groupVersion, own, () => ({
    openapi: '3.0.0',
    info: { title: 'Kubernetes', version: 'unversioned' },
    paths: pathsOf(own, '#/components/schemas/'),
    components: { schemas: definitionsOf(own, '#/components/schemas/') },
  }));
}

function documentV2(types: readonly ResourceType[]): object {
  return {
    swagger: '2.0',
    info: { title: 'Kubernetes', version: 'unversioned' },
    paths: {},
    definitions: definitionsOf(types, '#/definitions/'),
  };
}

/**
 * What kubectl asks for when the documents of v3 know no kind of this name: a document without definitions tells it the
 * same. The message is openapi.v2.Document of gnostic: `swagger` 1, `info` 2 with `title` 1 and `version` 2.
 */
const emptyDocumentV2: TextAnswer = {
  contentType: 'application/com.github.proto-openapi.spec.v2.v1.0+protobuf',
  text: field(1, '2.0') + field(2, field(1, 'Kubernetes') + field(2, 'unversioned')),
  etag: 'EMPTY',
};

/** Of ASCII, shorter than 128. */
function field(number: number, text: string): string {
  const ofLength = 2;
  return String.fromCharCode((number << 3) | ofLength, text.length) + text;
}

function groupVersionPath(type: ResourceType): string {
  return type.group === '' ? `api/${type.version}` : `apis/${apiVersionOf(type)}`;
}

function keep(types: ResourceTypes, path: string, of: readonly ResourceType[], make: () => object): TextAnswer {
  const documents = kept.get(types) ?? new Map<string, Kept>();
  kept.set(types, documents);
  const before = documents.get(path);
  if (before && before.types.length === of.length && before.types.every((type, index) => type === of[index])) {
    return before.answer;
  }
  const text = JSON.stringify(make());
  const etag = createHash('sha512').update(text).digest('hex').toUpperCase();
  const answer = { contentType: 'application/json', text, etag };
  documents.set(path, { types: of, answer });
  return answer;
}
