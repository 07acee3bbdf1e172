/**
 * The HTTP API for administration, where a config is read from the database: right at once after a write, when the
 * servers' caches may still show what was before.
 *
 * Servers of 3.x have `/v3/admin`, servers of 2.x `/v1`; which one is asked is found out by what the server answers, once
 * per connection, and `/v3/admin/core/state` and `/v1/console/server/state` tell the version on the way.
 */
import { BridgeError, isBridgeError } from '../../errors.ts';
import { type ConfigKey, describeKey, normaliseKey } from '../config/config-key.ts';
import {
  collectListing,
  type ConfigListing,
  type ListingPage,
  listingRequest,
  parseListingPage,
} from '../config/config-listing.ts';
import { type ConfigPattern, patternText } from '../config/config-pattern.ts';
import type { ReadSnapshot } from '../config/config-snapshot.ts';
import type { Access, Word } from '../transport/access.ts';
import type { HttpAnswer, HttpTransport } from '../transport/http-transport.ts';
import { isJsonObject, type JsonObject, numberOf, parseJsonObject, textOf } from '../transport/json-object.ts';
import type { NacosMetrics } from '../metrics.ts';
import { errorOfAnswer } from '../transport/response-errors.ts';

export interface ConfigDetail extends ReadSnapshot {
  readonly tags: readonly string[];
  readonly description: string;
  readonly appName: string;
  /** What the last writer said of itself. */
  readonly srcUser: string;
  readonly srcIp: string;
}

interface ServerState {
  /** Such as `3.1.0`; '' when the server does not say. */
  readonly version: string;
  readonly adminApi: 'v3' | 'v1';
}

interface AdminApiOptions {
  readonly http: HttpTransport;
  /** Whether the servers let us administer. */
  readonly access: Access;
  readonly metrics: NacosMetrics;
}

type Flavour = ServerState['adminApi'];

/** Where either API is asked, in which words, and where in a body its answer is. */
const flavours = {
  v3: {
    state: '/v3/admin/core/state',
    config: '/v3/admin/cs/config',
    queryOf: ({ dataId, group, namespaceId }: ConfigKey) => ({
      namespaceId: namespaceId || 'public',
      groupName: group,
      dataId,
    }),
    dataOf: (body: JsonObject | undefined) => body?.['data'],
  },
  v1: {
    state: '/v1/console/server/state',
    config: '/v1/cs/configs',
    queryOf: ({ dataId, group, namespaceId }: ConfigKey) => ({ show: 'all', tenant: namespaceId, group, dataId }),
    dataOf: (body: JsonObject | undefined) => body,
  },
};

/** Nacos' ErrorCode.RESOURCE_NOT_FOUND: tells a missing config from a missing API, both being HTTP 404. */
const resourceNotFound = 20_004;

export class AdminApi {
  readonly #options: AdminApiOptions;
  #flavour: Flavour | undefined;

  constructor(options: AdminApiOptions) {
    this.#options = options;
  }

  /** Needs no login. @throws NACOS_UNREACHABLE, TIMEOUT; NACOS_UNSUPPORTED when the server has neither API. */
  serverState(signal?: AbortSignal): Promise<ServerState> {
    return this.#options.metrics.measure('admin_server_state', async () => {
      const state = (await this.#stateOf('v3', signal)) ?? (await this.#stateOf('v1', signal));
      this.#flavour = state?.adminApi;
      if (state) return state;
      throw new BridgeError(
        'NACOS_UNSUPPORTED',
        'the server has neither the v3 nor the v1 HTTP API for administration',
      );
    });
  }

  /** @throws NACOS_FORBIDDEN, NACOS_UNAUTHENTICATED, NACOS_UNSUPPORTED, NACOS_UNREACHABLE, TIMEOUT, NACOS_FAILED. */
  getConfig(key: ConfigKey, signal?: AbortSignal): Promise<ConfigDetail | undefined> {
    return this.#options.metrics.measure('admin_get_config', async () => {
      const flavour = this.#flavour ?? (await this.serverState(signal)).adminApi;
      const get = () => this.#configOf(flavour, key, signal);
      // A read that meets a removal half-way fails inside the server (500, seen on 3.1); it is over with the next one.
      return get().catch((error: unknown) => (isBridgeError(error, 'NACOS_FAILED') ? get() : Promise.reject(error)));
    });
  }

  /**
   * The configs that match, without contents; config-listing.ts says what may be concluded from it.
   *
   * @throws as `getConfig`, when no pass over the pages came to an end.
   */
  async listConfigs(pattern: ConfigPattern, signal?: AbortSignal): Promise<ConfigListing> {
    const api = this.#flavour ?? (await this.serverState(signal)).adminApi;
    return collectListing(pattern, (page) =>
      this.#options.metrics.measure('admin_list_configs', () => this.#listPage(api, pattern, page, signal)),
    );
  }

  async #listPage(api: Flavour, pattern: ConfigPattern, page: number, signal?: AbortSignal): Promise<ListingPage> {
    const { path, query } = listingRequest(api, pattern, page);
    const answer = await this.#get(path, query, signal);
    if (answer.status !== 200) throw failure(answer, `list of ${patternText(pattern)}`);
    return parseListingPage(api, answer.text);
  }

  async #configOf(api: Flavour, key: ConfigKey, signal?: AbortSignal): Promise<ConfigDetail | undefined> {
    const { config, dataOf, queryOf } = flavours[api];
    const answer = await this.#get(config, queryOf(normaliseKey(key)), signal);
    if (isAbsence(api, answer)) return undefined;
    if (answer.status !== 200) throw failure(answer, `read of ${describeKey(key)}`);
    const data = dataOf(parseJsonObject(answer.text, 'the answer of the admin API'));
    return isJsonObject(data) ? detailOf(data) : undefined;
  }

  #get(path: string, query: Readonly<Record<string, string>>, signal?: AbortSignal): Promise<HttpAnswer> {
    const { access, http } = this.#options;
    return access.send((headers) => http.send({ method: 'GET', path, query, headers, signal }), wordOf);
  }

  async #stateOf(adminApi: Flavour, signal?: AbortSignal): Promise<ServerState | undefined> {
    const { dataOf, state: path } = flavours[adminApi];
    const answer = await this.#options.http.send({ method: 'GET', path, signal });
    // Refused, it exists all the same.
    if (adminApi === 'v3' && isRefusal(answer)) return { version: '', adminApi };
    const data = dataOf(jsonOf(answer));
    return answer.status === 200 && isJsonObject(data) ? { version: textOf(data['version']), adminApi } : undefined;
  }
}

function detailOf(data: JsonObject): ConfigDetail {
  const tags = textOf(data['configTags']).split(',');
  return {
    content: textOf(data['content']),
    md5: textOf(data['md5']),
    type: textOf(data['type']) || 'text',
    lastModifiedMs: numberOf(data['modifyTime']),
    tags: tags.map((tag) => tag.trim()).filter((tag) => tag !== ''),
    description: textOf(data['desc']),
    appName: textOf(data['appName']),
    srcUser: textOf(data['createUser']),
    srcIp: textOf(data['createIp']),
  };
}

function isAbsence(api: Flavour, answer: HttpAnswer): boolean {
  if (api === 'v3') return answer.status === 404 && resultCodeOf(answer) === resourceNotFound;
  return answer.status === 200 && ['', 'null'].includes(answer.text.trim());
}

function isRefusal(answer: HttpAnswer): boolean {
  return answer.status === 401 || answer.status === 403;
}

/** That a read is served says nothing of the rest of the API. */
function wordOf(answer: HttpAnswer): Word {
  return isRefusal(answer) ? 'refused' : undefined;
}

function jsonOf(answer: HttpAnswer): JsonObject | undefined {
  try {
    return parseJsonObject(answer.text, 'the answer');
  } catch (error) {
    if (isBridgeError(error)) return undefined;
    throw error;
  }
}

function resultCodeOf(answer: HttpAnswer): number {
  return numberOf(jsonOf(answer)?.['code']);
}

function failure(answer: HttpAnswer, operation: string): BridgeError {
  if (answer.status === 404)
    return new BridgeError('NACOS_UNSUPPORTED', `${operation}: the server lacks this HTTP API`);
  const body = jsonOf(answer);
  const message = textOf(body?.['message']) || `HTTP ${answer.status}`;
  return errorOfAnswer(
    { type: 'HTTP', resultCode: answer.status, errorCode: resultCodeOf(answer), message },
    operation,
  );
}
