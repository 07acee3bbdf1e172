/**
 * Fuzzy watches of 3.1: a client names a pattern of configs and hears which exist, and later which appear and disappear.
 *
 * A pattern is `NAMESPACE>>GROUP>>DATAID`, where `*` stands for any text in the group and the dataId. What a client says
 * to have already is not told again; the first answer ends with a FINISH. The server keeps at most 20 patterns, and tells
 * at most 500 configs of one.
 */
import type { Json, RpcAnswer, RpcConnection, RpcRequest } from '../rpc.ts';
import { refused, succeeded } from '../rpc-answers.ts';
import { groupKeyOf } from './config.ts';
import type { ConfigKey } from './config.ts';
import type { ConfigDump, ConfigStore } from './config-store.ts';

interface Pattern {
  readonly matches: (key: ConfigKey) => boolean;
  readonly watchers: Set<RpcConnection>;
}

const codes = { tooManyPatterns: 50_310, tooManyMatches: 50_311 } as const;
const maxPatterns = 20;
const maxMatches = 500;
const batchSize = 20;

export class FuzzyWatches {
  readonly #store: ConfigStore;
  readonly #patterns = new Map<string, Pattern>();

  constructor(store: ConfigStore) {
    this.#store = store;
  }

  handle({ body, connection, type }: RpcRequest): RpcAnswer {
    const given = body['groupKeyPattern'];
    const text = typeof given === 'string' ? given : '';
    if (body['watchType'] === 'CANCEL_WATCH') this.#unwatch(text, connection);
    if (body['watchType'] !== 'WATCH') return succeeded('ConfigFuzzyWatchResponse');
    const pattern = this.#patterns.get(text) ?? { matches: matcherOf(text), watchers: new Set() };
    if (!this.#patterns.has(text) && this.#patterns.size >= maxPatterns) {
      return refused(type, codes.tooManyPatterns, 'fuzzy watch pattern over limit');
    }
    this.#patterns.set(text, pattern);
    pattern.watchers.add(connection);
    const matching = [...this.#store.allCached()]
      .filter(({ key }) => pattern.matches(key))
      .map(({ key }) => groupKeyOf(key));
    const received: unknown = body['receivedGroupKeys'];
    const known = new Set(Array.isArray(received) ? received.filter((key) => typeof key === 'string') : []);
    const told = matching.slice(0, maxMatches);
    // The answer goes first.
    setImmediate(() => this.#sync(connection, text, known, told, body['initializing'] === true));
    if (matching.length <= maxMatches) return succeeded('ConfigFuzzyWatchResponse');
    return refused(type, codes.tooManyMatches, 'fuzzy watch pattern matched count over limit');
  }

  connectionClosed(connection: RpcConnection): void {
    for (const text of this.#patterns.keys()) this.#unwatch(text, connection);
  }

  /** Costs the number of patterns, which is small, and only where a config appeared or is gone. */
  dumped({ after, before, groupKey, key }: ConfigDump): void {
    if (before && after) return;
    const changeType = after ? 'CONFIG_CHANGED' : 'DELETE_CONFIG';
    const watchers = [...this.#patterns.values()].flatMap((pattern) =>
      pattern.matches(key) ? [...pattern.watchers] : [],
    );
    for (const connection of new Set(watchers)) {
      send(connection, 'ConfigFuzzyWatchChangeNotifyRequest', { groupKey, changeType, module: 'config' });
    }
  }

  #unwatch(text: string, connection: RpcConnection): void {
    const pattern = this.#patterns.get(text);
    pattern?.watchers.delete(connection);
    if (pattern?.watchers.size === 0) this.#patterns.delete(text);
  }

  #sync(
    connection: RpcConnection,
    groupKeyPattern: string,
    known: ReadonlySet<string>,
    matching: readonly string[],
    isInitial: boolean,
  ): void {
    const existing = new Set(matching);
    const contexts = [
      ...matching
        .filter((groupKey) => !known.has(groupKey))
        .map((groupKey) => ({ groupKey, changedType: 'ADD_CONFIG' })),
      ...[...known]
        .filter((groupKey) => !existing.has(groupKey))
        .map((groupKey) => ({ groupKey, changedType: 'DELETE_CONFIG' })),
    ];
    const syncType = isInitial ? 'FUZZY_WATCH_INIT_NOTIFY' : 'FUZZY_WATCH_DIFF_SYNC_NOTIFY';
    const totalBatch = Math.ceil(contexts.length / batchSize);
    const sync = (fields: Json) =>
      send(connection, 'ConfigFuzzyWatchSyncRequest', { groupKeyPattern, ...fields, module: 'config' });
    for (let batch = 0; batch < totalBatch; batch += 1) {
      const part = contexts.slice(batch * batchSize, (batch + 1) * batchSize);
      sync({ contexts: part, syncType, totalBatch, currentBatch: batch + 1 });
    }
    if (isInitial) sync({ syncType: 'FINISH_FUZZY_WATCH_INIT_NOTIFY', totalBatch: 0, currentBatch: 0 });
  }
}

/** What is lost, the client finds by its own resync. */
function send(connection: RpcConnection, type: string, body: Json): void {
  connection.request(type, body).catch(() => {});
}

function matcherOf(text: string): (key: ConfigKey) => boolean {
  const [namespaceId, group, dataId, ...rest] = text.split('>>');
  if (group === undefined || dataId === undefined || rest.length > 0) return () => false;
  const [groups, dataIds] = [wildcard(group), wildcard(dataId)];
  return (key) => key.namespaceId === namespaceId && groups.test(key.group) && dataIds.test(key.dataId);
}

function wildcard(text: string): RegExp {
  const parts = text.split('*').map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`));
  return new RegExp(`^${parts.join('.*')}$`);
}
