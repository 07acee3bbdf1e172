/**
 * Fuzzy watches of 3.1: a client names a pattern of configs and hears which exist, and later which appear and disappear.
 *
 * A pattern is `NAMESPACE>>GROUP>>DATAID`, where a `*` at the beginning or the end of the group or the dataId stands for
 * any text; elsewhere it matches nothing. What a client says to have already is not told again; the first answer ends with
 * a FINISH, after its batches are acknowledged. The server keeps at most 20 patterns, and 500 configs of each: with the
 * 500th a request is refused, though the watch is kept, and what is beyond appears and disappears without a word.
 */
import { Refusal } from '../refusal.ts';
import { textOf } from '../rpc.ts';
import type { Json, RpcConnection, RpcRequest } from '../rpc.ts';
import { groupKeyOf } from './config.ts';
import type { ConfigKey } from './config.ts';
import type { ConfigDump, ConfigStore } from './config-store.ts';

interface Pattern {
  readonly matches: (key: ConfigKey) => boolean;
  readonly watchers: Set<RpcConnection>;
  /** Group keys; not all of them at the limit. */
  readonly matched: Set<string>;
}

const maxPatterns = 20;
const maxMatches = 500;
const batchSize = 20;

export class FuzzyWatches {
  readonly #store: ConfigStore;
  readonly #patterns = new Map<string, Pattern>();

  constructor(store: ConfigStore) {
    this.#store = store;
  }

  /** @throws Refusal */
  handle({ body, connection }: RpcRequest): Json {
    const text = textOf(body['groupKeyPattern']) ?? '';
    if (body['watchType'] === 'CANCEL_WATCH') this.#unwatch(text, connection);
    if (body['watchType'] !== 'WATCH') return {};
    const pattern = this.#patterns.get(text) ?? this.#add(text);
    pattern.watchers.add(connection);
    const received: unknown = body['receivedGroupKeys'];
    const known = new Set(Array.isArray(received) ? received.filter((key) => typeof key === 'string') : []);
    // The answer goes first.
    setImmediate(() => void this.#sync(connection, text, known, body['initializing'] === true));
    if (!isFull(pattern)) return {};
    throw new Refusal('too many matches', 'fuzzy watch pattern matched count over limit');
  }

  connectionClosed(connection: RpcConnection): void {
    for (const text of this.#patterns.keys()) this.#unwatch(text, connection);
  }

  /** Costs the number of patterns, which is small, and only where a config appeared or is gone. */
  dumped({ after, before, groupKey, key }: ConfigDump): void {
    if (before && after) return;
    const matching = [...this.#patterns.values()].filter((pattern) => pattern.matches(key));
    const isNews = matching.map((pattern) =>
      after ? this.#appeared(pattern, groupKey) : this.#gone(pattern, groupKey),
    );
    if (!isNews.includes(true)) return;
    // Whoever watches it in any way hears it, also by a pattern that is full.
    const watchers = new Set(matching.flatMap((pattern) => [...pattern.watchers]));
    const changeType = after ? 'CONFIG_CHANGED' : 'DELETE_CONFIG';
    for (const connection of watchers) {
      void send(connection, 'ConfigFuzzyWatchChangeNotifyRequest', { groupKey, changeType, module: 'config' });
    }
  }

  /** @throws Refusal */
  #add(text: string): Pattern {
    if (this.#patterns.size >= maxPatterns) {
      throw new Refusal('too many patterns', 'fuzzy watch pattern over limit');
    }
    const pattern = { matches: matcherOf(text), watchers: new Set<RpcConnection>(), matched: new Set<string>() };
    this.#patterns.set(text, pattern);
    this.#fill(pattern);
    return pattern;
  }

  #fill(pattern: Pattern): void {
    for (const { key } of this.#store.allCached()) {
      if (isFull(pattern)) return;
      if (pattern.matches(key)) pattern.matched.add(groupKeyOf(key));
    }
  }

  #appeared(pattern: Pattern, groupKey: string): boolean {
    if (isFull(pattern) || pattern.matched.has(groupKey)) return false;
    pattern.matched.add(groupKey);
    return true;
  }

  #gone(pattern: Pattern, groupKey: string): boolean {
    const wasFull = isFull(pattern);
    const isNews = pattern.matched.delete(groupKey);
    // Another one takes its place, and nobody is told.
    if (isNews && wasFull) this.#fill(pattern);
    return isNews;
  }

  #unwatch(text: string, connection: RpcConnection): void {
    const pattern = this.#patterns.get(text);
    pattern?.watchers.delete(connection);
    if (pattern?.watchers.size === 0) this.#patterns.delete(text);
  }

  async #sync(
    connection: RpcConnection,
    groupKeyPattern: string,
    known: ReadonlySet<string>,
    isInitial: boolean,
  ): Promise<void> {
    const pattern = this.#patterns.get(groupKeyPattern);
    if (!pattern) return;
    const added = [...pattern.matched].filter((groupKey) => !known.has(groupKey));
    const gone = [...known].filter((groupKey) => !pattern.matched.has(groupKey));
    const contexts = added.map((groupKey) => ({ groupKey, changedType: 'ADD_CONFIG' }));
    // Of a full pattern the server does not know all, and so not what is missing.
    if (!isFull(pattern)) contexts.push(...gone.map((groupKey) => ({ groupKey, changedType: 'DELETE_CONFIG' })));
    const syncType = isInitial ? 'FUZZY_WATCH_INIT_NOTIFY' : 'FUZZY_WATCH_DIFF_SYNC_NOTIFY';
    const totalBatch = Math.ceil(contexts.length / batchSize);
    const sync = (fields: Json) =>
      send(connection, 'ConfigFuzzyWatchSyncRequest', { groupKeyPattern, ...fields, module: 'config' });
    const batches = Array.from({ length: totalBatch }, (_, batch) => {
      const part = contexts.slice(batch * batchSize, (batch + 1) * batchSize);
      return sync({ contexts: part, syncType, totalBatch, currentBatch: batch + 1 });
    });
    const areHeard = (await Promise.all(batches)).every(Boolean);
    // Where all that differs was left out, the real server forgets to finish.
    const isLeftOut = totalBatch === 0 && added.length + gone.length > 0;
    if (!isInitial || !areHeard || isLeftOut) return;
    await sync({ syncType: 'FINISH_FUZZY_WATCH_INIT_NOTIFY', totalBatch: 0, currentBatch: 0 });
  }
}

function isFull({ matched }: Pattern): boolean {
  return matched.size >= maxMatches;
}

/** What is lost, the client finds by its own resync. Resolves to whether it was acknowledged. */
function send(connection: RpcConnection, type: string, body: Json): Promise<boolean> {
  return connection.request(type, body).then(
    () => true,
    () => false,
  );
}

function matcherOf(text: string): (key: ConfigKey) => boolean {
  const [namespaceId, group, dataId, ...rest] = text.split('>>');
  if (group === undefined || dataId === undefined || rest.length > 0) return () => false;
  const [groups, dataIds] = [itemMatcher(group), itemMatcher(dataId)];
  return (key) => key.namespaceId === namespaceId && groups(key.group) && dataIds(key.dataId);
}

/** All `*` are dropped from the text that is looked for, wherever they are. */
function itemMatcher(pattern: string): (text: string) => boolean {
  if (!pattern.includes('*')) return (text) => text === pattern;
  const wanted = pattern.replaceAll('*', '');
  const [isOpenAtStart, isOpenAtEnd] = [pattern.startsWith('*'), pattern.endsWith('*')];
  if (isOpenAtStart && isOpenAtEnd) return (text) => text.includes(wanted);
  if (isOpenAtStart) return (text) => text.endsWith(wanted);
  return (text) => isOpenAtEnd && text.startsWith(wanted);
}
