/**
 * Lists: which state of the cluster a request asks for, one page of it, and its text in pieces.
 *
 * Guarantees: the pages of a list show one state, that of the first page, for as long as the history reaches back to it;
 * a list of any length is written in slices, so that nobody else waits for it.
 */
import { setImmediate as turn } from 'node:timers/promises';
import { ApiFailure } from '../api-failure.ts';
import type { EmbeddedCluster } from '../embedded-cluster.ts';
import type { KubeObject } from '../object.ts';
import { inOrder } from '../object-table.ts';
import type { ResourceType } from '../resource-type.ts';
import { decodeContinue, encodeContinue } from './continue-token.ts';
import { integer, isTrue, refuse, resourceVersion } from './query.ts';
import { type ListMetadata, listTail, type Representation } from './representation.ts';
import type { Selection } from './selection.ts';

export interface ListRequest {
  readonly type: ResourceType;
  readonly namespace: string | undefined;
  readonly query: URLSearchParams;
  readonly selection: Selection;
  /** A fault: the answer is what was there before the last write of the type. */
  readonly isStale: boolean;
}

export interface ListPage {
  readonly metadata: ListMetadata;
  readonly objects: readonly KubeObject[];
}

/** How many objects are turned into text before others have their turn. */
const sliceLength = 100;

/** @throws ApiFailure */
export function listPage(cluster: EmbeddedCluster, request: ListRequest): ListPage {
  const { query, selection } = request;
  const { revision, objects, limit } = stateFor(cluster, request);
  const selected = selection.isEverything ? objects : objects.filter((object) => selection.selects(object));
  const metadata = { resourceVersion: String(revision) };
  if (limit === 0 || selected.length <= limit) return { metadata, objects: selected };
  const page = selected.slice(0, limit);
  const { namespace = '', name } = page.at(-1)!.metadata;
  return {
    metadata: {
      ...metadata,
      continue: encodeContinue({ revision, namespace, name }),
      // As the API server: with a selector it does not know.
      remainingItemCount: isSelective(query) ? undefined : selected.length - limit,
    },
    objects: page,
  };
}

export async function* listText({ metadata, objects }: ListPage, form: Representation): AsyncGenerator<string> {
  let text = form.listHead(metadata);
  for (let start = 0; start < objects.length; start += sliceLength) {
    if (start > 0) {
      yield `${text},`;
      await turn();
      text = '';
    }
    text += objects
      .slice(start, start + sliceLength)
      .map((object) => form.item(object))
      .join(',');
  }
  yield text + listTail;
}

interface ListState {
  readonly revision: number;
  readonly objects: readonly KubeObject[];
  /** 0 is no limit. */
  readonly limit: number;
}

function stateFor(cluster: EmbeddedCluster, { type, namespace, query, isStale }: ListRequest): ListState {
  const limit = Math.max(0, integer(query.get('limit') || '0'));
  const token = query.get('continue') ?? '';
  const match = requireMatch(query);
  if (token !== '') return { ...continued(cluster, type, namespace, token), limit };
  const now = isStale ? cluster.previousRevision(type) : cluster.storage.revision;
  const asked = resourceVersion(query.get('resourceVersion'));
  if (asked !== undefined && asked > cluster.storage.revision) throw tooLarge(asked, cluster.storage.revision);
  // What a cache may answer is answered whole.
  if (asked === 0 && match === '')
    return { revision: now, objects: objectsAt(cluster, type, now, namespace), limit: 0 };
  const isExact = match === 'Exact' || (asked !== undefined && match === '' && limit > 0);
  const revision = isExact && asked !== undefined ? asked : now;
  return { revision, objects: objectsAt(cluster, type, revision, namespace), limit };
}

function objectsAt(
  cluster: EmbeddedCluster,
  type: ResourceType,
  revision: number,
  namespace: string | undefined,
): readonly KubeObject[] {
  if (revision === cluster.storage.revision) return cluster.list(type, namespace);
  return cluster.listAt(type, revision, namespace);
}

function continued(
  cluster: EmbeddedCluster,
  type: ResourceType,
  namespace: string | undefined,
  text: string,
): Omit<ListState, 'limit'> {
  const { revision, ...last } = decodeContinue(text);
  try {
    const objects = cluster.listAt(type, revision, namespace);
    const key = { apiVersion: '', kind: '', metadata: last };
    const start = objects.findIndex((object) => inOrder(object, key) > 0);
    return { revision, objects: start < 0 ? [] : objects.slice(start) };
  } catch (error) {
    if (!(error instanceof ApiFailure) || error.reason !== 'Expired') throw error;
    throw new ApiFailure(
      'Expired',
      'The provided continue parameter is too old to display a consistent list result. You must start a new list without ' +
        'the continue parameter.',
    );
  }
}

function isSelective(query: URLSearchParams): boolean {
  return Boolean(query.get('labelSelector')) || Boolean(query.get('fieldSelector'));
}

/** @throws ApiFailure `Invalid` for options that do not go together */
function requireMatch(query: URLSearchParams): string {
  const match = query.get('resourceVersionMatch') ?? '';
  const version = query.get('resourceVersion') ?? '';
  if (isTrue(query.get('sendInitialEvents'))) {
    refuse(
      'ListOptions',
      'FieldValueForbidden',
      'sendInitialEvents',
      'Forbidden: sendInitialEvents is forbidden for list',
    );
  }
  if (match === '') return match;
  const field = 'resourceVersionMatch';
  if (version === '') {
    const why = 'Forbidden: resourceVersionMatch is forbidden unless resourceVersion is provided';
    refuse('ListOptions', 'FieldValueForbidden', field, why);
  }
  if (query.get('continue')) {
    refuse(
      'ListOptions',
      'FieldValueForbidden',
      field,
      'Forbidden: resourceVersionMatch is forbidden when continue is provided',
    );
  }
  if (match !== 'Exact' && match !== 'NotOlderThan') {
    const why = `Unsupported value: "${match}": supported values: "Exact", "NotOlderThan", ""`;
    refuse('ListOptions', 'FieldValueNotSupported', field, why);
  }
  if (match === 'Exact' && version === '0') {
    const why = 'Forbidden: resourceVersionMatch "Exact" is forbidden for resourceVersion "0"';
    refuse('ListOptions', 'FieldValueForbidden', field, why);
  }
  return match;
}

export function tooLarge(asked: number, current: number): ApiFailure {
  return new ApiFailure('Timeout', `Timeout: Too large resource version: ${asked}, current: ${current}`, {
    causes: [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }],
    retryAfterSeconds: 1,
  });
}
