/**
 * Watches: what is there and what follows, as lines of JSON, read from the history of the type.
 *
 * A watcher pulls. It holds a position in the history and no queue, so a slow client holds up nobody and costs nothing; when
 * it lags further behind than the history reaches, it is told so with 410, as by the API server.
 *
 * Guarantees: events come in the order of the revisions, each once. An object that begins to match the selectors is ADDED,
 * one that ceases to is DELETED.
 */
import { setImmediate as turn } from 'node:timers/promises';
import type { Clock } from '../../../operator/clock.ts';
import { ApiFailure } from '../api-failure.ts';
import type { EmbeddedCluster } from '../embedded-cluster.ts';
import type { KubeObject } from '../object.ts';
import { apiVersionOf, type ResourceType } from '../resource-type.ts';
import type { Revised } from '../storage.ts';
import { integer, isTrue, refuse } from './query.ts';
import { tooLarge } from './list.ts';
import type { Representation } from './representation.ts';
import type { Selection } from './selection.ts';

export interface WatchOptions {
  /** Undefined and 0: what is there now comes first. */
  readonly revision: number | undefined;
  readonly allowsBookmarks: boolean;
  readonly sendsInitialEvents: boolean;
  readonly timeoutSeconds: number | undefined;
}

export interface Watch extends WatchOptions {
  readonly type: ResourceType;
  readonly namespace: string | undefined;
  readonly selection: Selection;
  readonly form: Representation;
}

/** What can happen to a watch besides changes. */
export interface WatchSurroundings {
  readonly clock: Clock;
  readonly bookmarkIntervalMs: number;
  /** Ends the watch, between two lines. */
  readonly signal: AbortSignal;
  /** Hands out what makes the watch send a bookmark soon. Returns what forgets it. */
  onBookmarkRequest(listener: () => void): () => void;
}

const sliceLength = 100;

/** @throws ApiFailure */
export function watchOptions(query: URLSearchParams): WatchOptions {
  const sendInitialEvents = query.get('sendInitialEvents');
  const match = query.get('resourceVersionMatch') ?? '';
  const field = 'resourceVersionMatch';
  if (sendInitialEvents !== null && match !== 'NotOlderThan') {
    const why = 'Forbidden: sendInitialEvents requires setting resourceVersionMatch to NotOlderThan';
    refuse('ListOptions', 'FieldValueForbidden', field, why);
  }
  if (sendInitialEvents === null && match !== '') {
    refuse(
      'ListOptions',
      'FieldValueForbidden',
      field,
      'Forbidden: resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided',
    );
  }
  const timeout = query.get('timeoutSeconds');
  const seconds = timeout === null || timeout === '' ? 0 : integer(timeout);
  return {
    revision: watchRevision(query.get('resourceVersion') ?? ''),
    allowsBookmarks: isTrue(query.get('allowWatchBookmarks')),
    sendsInitialEvents: isTrue(sendInitialEvents),
    timeoutSeconds: seconds > 0 ? seconds : undefined,
  };
}

function watchRevision(text: string): number | undefined {
  if (text === '') return undefined;
  if (/^\d{1,15}$/.test(text)) return Number(text);
  const quoted = JSON.stringify(text);
  throw new ApiFailure(
    'InternalError',
    `resourceVersion: Invalid value: ${quoted}: strconv.ParseUint: parsing ${quoted}: invalid syntax`,
  );
}

/** Checks what can be checked before the answer begins. @throws ApiFailure `Timeout` */
export function requireReachable({ revision, sendsInitialEvents }: WatchOptions, current: number): void {
  if (sendsInitialEvents && revision !== undefined && revision > current) throw tooLarge(revision, current);
}

export async function* watchLines(
  cluster: EmbeddedCluster,
  watch: Watch,
  { clock, bookmarkIntervalMs, signal, onBookmarkRequest }: WatchSurroundings,
): AsyncGenerator<string> {
  const { type, form, allowsBookmarks } = watch;
  let bell = Promise.withResolvers<void>();
  const wake = () => bell.resolve();
  const beginsWithState = watch.sendsInitialEvents || watch.revision === undefined || watch.revision === 0;
  const begin = beginsWithState ? cluster.storage.revision : watch.revision;
  const initial = beginsWithState ? cluster.list(type, watch.namespace) : [];
  const stored = cluster.forms.of(type);
  const cursor = cluster.storage.of(stored.type).follow(begin, wake);
  let isOver = false;
  let bookmarkDue = false;
  const askBookmark = () => {
    bookmarkDue = allowsBookmarks;
    wake();
  };
  const end = () => {
    isOver = true;
    wake();
  };
  const endings: (() => void)[] = [onBookmarkRequest(askBookmark), cursor.close];
  const every = (): void => {
    const timer = clock.after(bookmarkIntervalMs, () => {
      askBookmark();
      every();
    });
    endings[2] = () => timer.cancel();
  };
  if (allowsBookmarks) every();
  if (watch.timeoutSeconds !== undefined) {
    const timer = clock.after(watch.timeoutSeconds * 1000, end);
    endings[3] = () => timer.cancel();
  }
  signal.addEventListener('abort', end, { once: true });
  try {
    for (let start = 0; start < initial.length && !isOver; start += sliceLength) {
      const slice = initial.slice(start, start + sliceLength).filter((object) => watch.selection.selects(object));
      if (slice.length > 0) yield slice.map((object) => eventLine('ADDED', form.watched(object))).join('');
      await turn();
    }
    if (watch.sendsInitialEvents && allowsBookmarks) yield bookmarkLine(watch, begin, true);
    while (!isOver && !signal.aborted) {
      bell = Promise.withResolvers<void>();
      const changes = cursor.take(sliceLength);
      const text = changes.map((change) => changeLine(watch, change, stored.toServed)).join('');
      if (text !== '') yield text;
      if (changes.length > 0) {
        await turn();
        continue;
      }
      cursor.skipTo(cluster.storage.revision);
      if (bookmarkDue) {
        bookmarkDue = false;
        yield bookmarkLine(watch, cursor.revision, false);
        continue;
      }
      await bell.promise;
    }
  } catch (error) {
    if (!(error instanceof ApiFailure)) throw error;
    yield eventLine('ERROR', JSON.stringify(error.toStatus()));
  } finally {
    signal.removeEventListener('abort', end);
    for (const ending of endings) ending?.();
  }
}

function changeLine(watch: Watch, change: Revised, served: (object: KubeObject) => KubeObject): string {
  const { namespace, selection, form } = watch;
  const { object, previous } = change;
  if (namespace !== undefined && (object.metadata.namespace ?? '') !== namespace) return '';
  const now = served(object);
  const before = previous && served(previous);
  const matched = before !== undefined && selection.selects(before);
  if (change.type === 'DELETED') return matched ? eventLine('DELETED', form.watched(now)) : '';
  if (selection.selects(now)) return eventLine(matched ? 'MODIFIED' : 'ADDED', form.watched(now));
  if (!matched) return '';
  const { resourceVersion } = object.metadata;
  return eventLine('DELETED', form.watched({ ...before, metadata: { ...before.metadata, resourceVersion } }));
}

function bookmarkLine({ type, form }: Watch, revision: number, isEndOfInitialEvents: boolean): string {
  const annotations = isEndOfInitialEvents ? { 'k8s.io/initial-events-end': 'true' } : undefined;
  const metadata = { resourceVersion: String(revision), annotations };
  const object = { kind: type.kind, apiVersion: apiVersionOf(type), metadata } as unknown as KubeObject;
  return eventLine('BOOKMARK', form.watched(object));
}

function eventLine(type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR', object: string): string {
  return `{"type":"${type}","object":${object}}\n`;
}
