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
import type { Clock, Timer } from '../../../operator/clock.ts';
import { ApiFailure } from '../api-failure.ts';
import type { EmbeddedCluster } from '../embedded-cluster.ts';
import type { KubeObject } from '../object.ts';
import { apiVersionOf, type ResourceType } from '../resource-type.ts';
import type { Revised } from '../storage.ts';
import { requireReached } from './list.ts';
import { integer, isTrue } from './query.ts';
import type { Selection } from './query.ts';
import type { Representation } from './representation.ts';

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

const sliceLength = 100;
const bookmarkIntervalMs = 60_000;

/** @throws ApiFailure `BadRequest`, `Timeout` */
export function watchOptions(query: URLSearchParams, currentRevision: number): WatchOptions {
  const revision = integer(query.get('resourceVersion'));
  const sendsInitialEvents = isTrue(query.get('sendInitialEvents'));
  if (sendsInitialEvents) requireReached(revision ?? 0, currentRevision);
  return {
    revision,
    allowsBookmarks: isTrue(query.get('allowWatchBookmarks')),
    sendsInitialEvents,
    timeoutSeconds: integer(query.get('timeoutSeconds')),
  };
}

/** @param signal ends the watch, between two lines */
export async function* watchLines(
  cluster: EmbeddedCluster,
  watch: Watch,
  clock: Clock,
  signal: AbortSignal,
): AsyncGenerator<string> {
  const { type, form, allowsBookmarks, timeoutSeconds } = watch;
  let bell = Promise.withResolvers<void>();
  const wake = () => bell.resolve();
  const beginsWithState = watch.sendsInitialEvents || !watch.revision;
  const begin = beginsWithState ? cluster.storage.revision : watch.revision;
  const initial = beginsWithState ? cluster.list(type, watch.namespace) : [];
  const stored = cluster.forms.of(type);
  const cursor = cluster.storage.of(stored.type).follow(begin, wake);
  let isOver = false;
  let bookmarkDue = false;
  const end = () => {
    isOver = true;
    wake();
  };
  let bookmarkTimer: Timer | undefined;
  const repeatBookmarks = (): void => {
    bookmarkTimer = clock.after(bookmarkIntervalMs, () => {
      bookmarkDue = true;
      wake();
      repeatBookmarks();
    });
  };
  if (allowsBookmarks) repeatBookmarks();
  const timeout = timeoutSeconds ? clock.after(timeoutSeconds * 1000, end) : undefined;
  signal.addEventListener('abort', end, { once: true });
  try {
    for (let start = 0; start < initial.length && !isOver; start += sliceLength) {
      const slice = initial.slice(start, start + sliceLength).filter((object) => watch.selection.selects(object));
      if (slice.length > 0) yield slice.map((object) => eventLine('ADDED', form.one(object))).join('');
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
    cursor.close();
    bookmarkTimer?.cancel();
    timeout?.cancel();
  }
}

function changeLine(watch: Watch, change: Revised, served: (object: KubeObject) => KubeObject): string {
  const { namespace, selection, form } = watch;
  const { object, previous } = change;
  if (namespace !== undefined && (object.metadata.namespace ?? '') !== namespace) return '';
  const now = served(object);
  const before = previous && served(previous);
  const matched = before !== undefined && selection.selects(before);
  if (change.type === 'DELETED') return matched ? eventLine('DELETED', form.one(now)) : '';
  if (selection.selects(now)) return eventLine(matched ? 'MODIFIED' : 'ADDED', form.one(now));
  if (!matched) return '';
  const { resourceVersion } = object.metadata;
  return eventLine('DELETED', form.one({ ...before, metadata: { ...before.metadata, resourceVersion } }));
}

function bookmarkLine({ type, form }: Watch, revision: number, isEndOfInitialEvents: boolean): string {
  const annotations = isEndOfInitialEvents ? { 'k8s.io/initial-events-end': 'true' } : undefined;
  const metadata = { resourceVersion: String(revision), annotations };
  const object = { kind: type.kind, apiVersion: apiVersionOf(type), metadata } as unknown as KubeObject;
  return eventLine('BOOKMARK', form.one(object));
}

function eventLine(type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR', object: string): string {
  return `{"type":"${type}","object":${object}}\n`;
}
