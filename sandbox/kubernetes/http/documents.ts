/**
 * The paths that describe the API: discovery and OpenAPI.
 */
import { ApiFailure } from '../api-failure.ts';
import { discoveryAnswer } from '../discovery/discovery.ts';
import { openApiAnswer } from '../discovery/open-api.ts';
import type { ResourceTypes } from '../resource-type.ts';
import type { Answer } from './answer.ts';

/** Undefined when the path is none of these. @throws ApiFailure `NotAcceptable` */
export function documentAnswer(types: ResourceTypes, path: string, accept = ''): Answer | undefined {
  const description = openApiAnswer(types, path, accept);
  if (description !== undefined) {
    const { contentType, text, etag } = description;
    return { status: 200, contentType, headers: { etag: `"${etag}"` }, body: text };
  }
  if (path === '/openapi/v2')
    throw new ApiFailure('NotAcceptable', 'only the following media types are accepted: application/json');
  const discovery = discoveryAnswer(types, path, accept);
  if (discovery === undefined) return undefined;
  return { status: 200, contentType: discovery.contentType, body: JSON.stringify(discovery.body) };
}
