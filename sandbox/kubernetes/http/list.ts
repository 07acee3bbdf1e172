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
import { choice, integer } from './query.ts';
import type { Selection } from './query.ts';
import { type ListMetadata, listTail, type Representation } from './representation.ts';

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
  const { selection, query } = request;
  const { revision, objects, limit } = stateFor(cluster, request);
  const selected = selection.isEverything ? objects : objects.filter((object) => selection.selects(object));
  const metadata = { resourceVersion: String(revision) };
  if (limit <= 0 || selected.length <= limit) return { metadata, objects: selected };
  const page = selected.slice(0, limit);
  const { namespace = '', name } = page.at(-1)!.metadata;
  // As the API server: with a selector it does not know.
  const isSelective = Boolean(query.get('labelSelector')) || Boolean(query.get('fieldSelector'));
  const remainingItemCount = isSelective ? undefined : selected.length - limit;
  return {
    metadata: { ...metadata, continue: encodeContinue({ revision, namespace, name }), remainingItemCount },
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
  const limit = integer(query.get('limit')) ?? 0;
  const token = query.get('continue') ?? '';
  const match = choice('resourceVersionMatch', query.get('resourceVersionMatch'), ['Exact', 'NotOlderThan']);
  if (token !== '') return { ...continued(cluster, type, namespace, token), limit };
  const now = isStale ? cluster.previousRevision(type) : cluster.storage.revision;
  const asked = integer(query.get('resourceVersion'));
  if (asked !== undefined) requireReached(asked, cluster.storage.revision);
  const isExact = match === 'Exact' || (match === undefined && limit > 0);
  const revision = isExact && asked ? asked : now;
  // What a cache may answer is answered whole.
  const isWhole = asked === 0 && match === undefined;
  return { revision, objects: objectsAt(cluster, type, revision, namespace), limit: isWhole ? 0 : limit };
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

/** @throws ApiFailure `Timeout` for a revision that is yet to come */
export function requireReached(asked: number, current: number): void {
  if (asked <= current) return;
  throw new ApiFailure('Timeout', `Timeout: Too large resource version: ${asked}, current: ${current}`, {
    causes: [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }],
    retryAfterSeconds: 1,
  });
}

/** Where the next page of a list begins: the revision of the first page, and the last object that was sent. */
interface ContinueToken {
  readonly revision: number;
  readonly namespace: string;
  readonly name: string;
}

function encodeContinue(token: ContinueToken): string {
  return Buffer.from(JSON.stringify(token)).toString('base64url');
}

/** @throws ApiFailure `BadRequest` */
function decodeContinue(text: string): ContinueToken {
  try {
    const token = JSON.parse(Buffer.from(text, 'base64url').toString()) as ContinueToken;
    if (Number.isSafeInteger(token.revision)) return token;
  } catch {
    // Told below, as everything else that is no token of ours.
  }
  throw new ApiFailure('BadRequest', 'invalid continue token');
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
    const start = objects.findIndex((object) => inOrder(object, { metadata: last }) > 0);
    return { revision, objects: start < 0 ? [] : objects.slice(start) };
  } catch (error) {
    if (!(error instanceof ApiFailure) || error.reason !== 'Expired') throw error;
    throw new ApiFailure('Expired', 'The provided continue parameter is too old: start a new list without it.');
  }
}
