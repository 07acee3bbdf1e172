/**
 * The messages of fuzzy watches (3.0 and newer, ability `fuzzyWatch`): a client names a pattern and hears which configs
 * match, and from then on which appear and disappear. No change of content is told.
 *
 * What Nacos does (ConfigFuzzyWatchContextService, ConfigFuzzyWatchSyncNotifier, FuzzyGroupKeyPattern of 3.0 and 3.1):
 * the server compares what matches with what the client says to have, and pushes the difference in batches of 20, in any
 * order. Only to a request that says `initializing` it then says that this was all, after every batch was acknowledged;
 * so all our requests say it. A server keeps 20 patterns of all its clients together (refusal 50310) and 500 configs of
 * each. From the 500th on a request is refused (50311) although the watch is kept, and what is beyond is left out without
 * a word: a watch that was accepted with 499 configs stays silent about the 501st until it is asked again.
 */
import { type ConfigKey, normaliseNamespaceId } from './config-key.ts';
import { type ConfigName, type ConfigPattern, normalisePattern, patternText } from './config-pattern.ts';
import type { Push } from '../transport/connection.ts';
import { isJsonObject, type JsonObject, listOf, textOf } from '../transport/json-object.ts';
import type { RpcCaller, RpcKind } from '../transport/rpc-caller.ts';

/** From so many matching configs on a server refuses, unless it is configured otherwise. */
export const usualMatchLimit = 500;

export interface FuzzyChange {
  readonly key: ConfigKey;
  readonly isGone: boolean;
}

export type FuzzyPush =
  | { readonly kind: 'change'; readonly change: FuzzyChange }
  /** Part of the answer to a watch. */
  | { readonly kind: 'difference'; readonly watched: string; readonly changes: readonly FuzzyChange[] }
  /** All of the answer was told. */
  | { readonly kind: 'finished'; readonly watched: string };

const fuzzyWatch: RpcKind = {
  operation: 'config_fuzzy_watch',
  type: 'ConfigFuzzyWatchRequest',
  responseType: 'ConfigFuzzyWatchResponse',
  ability: { name: 'fuzzyWatch', words: 'fuzzy watches, which came with Nacos 3.0' },
};

export class FuzzyWatchApi {
  readonly #caller: RpcCaller;

  constructor(caller: RpcCaller) {
    this.#caller = caller;
  }

  /**
   * Starts a watch, or asks again for what differs from `known`; the answer comes as pushes.
   *
   * @throws NACOS_UNSUPPORTED on servers before 3.0; NACOS_OVERLOADED over either limit, when the watch may be kept.
   */
  async watch(pattern: ConfigPattern, known: Iterable<ConfigName>, signal: AbortSignal): Promise<void> {
    const namespaceId = protocolNamespaceId(pattern.namespaceId);
    const receivedGroupKeys = Array.from(known, ({ group, dataId }) => groupKeyOf({ namespaceId, group, dataId }));
    await this.#send(pattern, { watchType: 'WATCH', initializing: true, receivedGroupKeys }, signal);
  }

  async cancel(pattern: ConfigPattern): Promise<void> {
    await this.#send(pattern, { watchType: 'CANCEL_WATCH', initializing: false, receivedGroupKeys: [] });
  }

  async #send(pattern: ConfigPattern, fields: JsonObject, signal?: AbortSignal): Promise<void> {
    const body = { groupKeyPattern: watchText(pattern), ...fields };
    await this.#caller.call(fuzzyWatch, `fuzzy watch of ${patternText(pattern)}`, body, { signal });
  }
}

/** The server knows a `*` at the beginning, at the end, at both, and alone; elsewhere it matches wrongly or nothing. */
export function isWatchable(pattern: ConfigPattern): boolean {
  const { group, dataId } = normalisePattern(pattern);
  return [group, dataId].every((part) => part !== '' && !/[^*]\*[^*]/.test(part) && !part.includes('>>'));
}

/** The pattern as the server's messages name it. */
export function watchText(pattern: ConfigPattern): string {
  const { namespaceId, group, dataId } = normalisePattern(pattern);
  return `${protocolNamespaceId(namespaceId)}>>${group}>>${dataId}`;
}

/** Undefined for pushes of other kinds. */
export function parseFuzzyPush({ type, body }: Push): FuzzyPush | undefined {
  if (type === 'ConfigFuzzyWatchChangeNotifyRequest') {
    const change = changeOf(body['groupKey'], body['changeType']);
    return change && { kind: 'change', change };
  }
  if (type !== 'ConfigFuzzyWatchSyncRequest') return undefined;
  const watched = textOf(body['groupKeyPattern']);
  if (body['syncType'] === 'FINISH_FUZZY_WATCH_INIT_NOTIFY') return { kind: 'finished', watched };
  const changes = listOf(body['contexts'])
    .filter(isJsonObject)
    .map((context) => changeOf(context['groupKey'], context['changedType']))
    .filter((change) => change !== undefined);
  return { kind: 'difference', watched, changes };
}

/** Undefined for what cannot be read, and for kinds of changes that a later server may have. */
function changeOf(groupKey: unknown, changeType: unknown): FuzzyChange | undefined {
  const [dataId, group, tenant = ''] = textOf(groupKey).split('+').map(unescaped);
  if (!dataId || !group) return undefined;
  const key = { namespaceId: normaliseNamespaceId(tenant), group, dataId };
  if (changeType === 'DELETE_CONFIG') return { key, isGone: true };
  return changeType === 'ADD_CONFIG' || changeType === 'CONFIG_CHANGED' ? { key, isGone: false } : undefined;
}

/** A server with fuzzy watches names the public namespace. */
function protocolNamespaceId(namespaceId: string): string {
  return normaliseNamespaceId(namespaceId) === '' ? 'public' : namespaceId;
}

function groupKeyOf({ namespaceId, group, dataId }: ConfigKey): string {
  return [dataId, group, namespaceId].map(escaped).join('+');
}

function escaped(part: string): string {
  return part.replaceAll('%', '%25').replaceAll('+', '%2B');
}

function unescaped(part: string): string {
  return part.replaceAll('%2B', '+').replaceAll('%25', '%');
}
