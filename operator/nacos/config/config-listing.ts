/**
 * The configs of a namespace, without their contents, listed from the servers' database: on 3.x page by page; on 2.x, whose
 * pages have all contents in them, by one list of the names of the namespace (Nacos 2.0.4 and newer; older ones have pages
 * alone).
 *
 * Pages are cut from an order that the database does not promise to keep (Nacos names none), and configs come and go
 * between two pages. A pass over all pages counts only when every page told the same total and as many different configs
 * were seen; else there is another. What a listing shows existed at some moment of it. What a complete one does not show
 * was absent at some moment, but for one rare case: while pages are read, a config slips onto a page that is already read
 * when another of an earlier page is removed, and is not missed when at the same time one more is created. So who acts on
 * an absence should see it in two listings.
 *
 * `search=blur` is `LIKE` with `*` as `%`, for the namespace as well: `_` matches any character there, and in MySQL the
 * case may not count. What comes back is matched again.
 */
import { BridgeError, isBridgeError } from '../../errors.ts';
import { normaliseNamespaceId } from './config-key.ts';
import { type ConfigName, type ConfigPattern, matcherOf, normalisePattern } from './config-pattern.ts';
import {
  isJsonObject,
  type JsonObject,
  listOf,
  numberOf,
  parseJsonList,
  parseJsonObject,
  textOf,
} from '../transport/json-object.ts';

interface ListedConfig extends ConfigName {
  /** Servers of 2.x leave this out, and in pages the type, too. */
  readonly md5: string | undefined;
  readonly type: string | undefined;
}

export interface ConfigListing {
  readonly configs: readonly ListedConfig[];
  /** False when configs came and went in every pass: all of these existed, and others may be missing. */
  readonly isComplete: boolean;
}

export interface ListingPage {
  readonly rows: readonly JsonObject[];
  readonly totalCount: number;
  readonly pageCount: number;
}

interface ListingRequest {
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
}

/** Servers of 2.x send the contents along, which are up to 10 MiB each. */
const pageSizes = { v3: 500, v1: 100 } as const;
const passes = 3;

/** Pages count from 1. */
export function listingRequest(
  api: 'v3' | 'v1',
  pattern: ConfigPattern,
  page: number,
  tenantOfPublic: '' | 'public' = '',
): ListingRequest {
  const { namespaceId, group, dataId } = normalisePattern(pattern);
  const common = { search: 'blur', dataId, pageNo: String(page), pageSize: String(pageSizes[api]) };
  if (api === 'v1')
    return { path: '/v1/cs/configs', query: { ...common, group, tenant: namespaceId || tenantOfPublic } };
  const query = { ...common, groupName: group, namespaceId: namespaceId === '' ? 'public' : namespaceId };
  return { path: '/v3/admin/cs/config/list', query };
}

/** @throws NACOS_FAILED when the answer is no page: it must not pass for an empty one. */
export function parseListingPage(api: 'v3' | 'v1', text: string): ListingPage {
  const answer = parseJsonObject(text, 'the list of configs');
  const page = api === 'v3' ? answer['data'] : answer;
  if (!isJsonObject(page) || !Array.isArray(page['pageItems'])) {
    throw new BridgeError('NACOS_FAILED', 'the list of configs must be a page');
  }
  const rows = listOf(page['pageItems']).filter(isJsonObject);
  return { rows, totalCount: numberOf(page['totalCount']), pageCount: numberOf(page['pagesAvailable']) };
}

/** All names of the namespace, in one answer. For servers of 2.x. */
export function namesRequest({ namespaceId }: ConfigPattern): ListingRequest {
  return { path: '/v1/cs/history/configs', query: { tenant: normaliseNamespaceId(namespaceId) } };
}

/** Complete, being one answer. @throws NACOS_FAILED when the answer is no list: it must not pass for an empty one. */
export function parseNames(pattern: ConfigPattern, text: string): ConfigListing {
  const matches = matcherOf(pattern);
  const rows = parseJsonList(text, 'the list of configs').filter(isJsonObject);
  return { configs: rows.map(listedOf).filter(matches), isComplete: true };
}

/** @throws what `readPage` throws; NACOS_FAILED, which removals between two pages may cause, when it does so each time. */
export async function collectListing(
  pattern: ConfigPattern,
  readPage: (page: number) => Promise<ListingPage>,
): Promise<ConfigListing> {
  const seen = new Map<string, ListedConfig>();
  for (let pass = 1; pass <= passes; pass += 1) {
    try {
      const { configs, isConsistent } = await readAll(pattern, readPage);
      if (isConsistent) return { configs: [...configs.values()], isComplete: true };
      for (const [text, config] of configs) seen.set(text, config);
    } catch (error) {
      if (pass === passes || !isBridgeError(error, 'NACOS_FAILED')) throw error;
    }
  }
  return { configs: [...seen.values()], isComplete: false };
}

async function readAll(
  pattern: ConfigPattern,
  readPage: (page: number) => Promise<ListingPage>,
): Promise<{ configs: Map<string, ListedConfig>; isConsistent: boolean }> {
  const matches = matcherOf(pattern);
  const namespaceId = normaliseNamespaceId(pattern.namespaceId);
  const rows = new Set<string>();
  const configs = new Map<string, ListedConfig>();
  const first = await readPage(1);
  let isConsistent = true;
  for (let number = 1, page = first; ; page = await readPage(number)) {
    for (const row of page.rows) {
      const config = listedOf(row);
      const text = `${namespaceOf(row)} ${config.group} ${config.dataId}`;
      rows.add(text);
      if ((namespaceOf(row) ?? namespaceId) === namespaceId && matches(config)) configs.set(text, config);
    }
    isConsistent &&= page.totalCount === first.totalCount;
    number += 1;
    if (number > page.pageCount) break;
  }
  return { configs, isConsistent: isConsistent && rows.size === first.totalCount };
}

function listedOf(row: JsonObject): ListedConfig {
  return {
    group: textOf(row['groupName']) || textOf(row['group']),
    dataId: textOf(row['dataId']),
    md5: textOf(row['md5']) || undefined,
    type: textOf(row['type']) || undefined,
  };
}

/** Undefined where the server leaves it out. */
function namespaceOf(row: JsonObject): string | undefined {
  const given = row['namespaceId'] ?? row['tenant'];
  return typeof given === 'string' ? normaliseNamespaceId(given) : undefined;
}
