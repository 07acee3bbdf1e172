/**
 * The HTTP API for administration, where a config is read from the database: right at once after a write, when the
 * servers' caches may still show what was before.
 *
 * Servers of 3.x have `/v3/admin`, servers of 2.x `/v1`; which one is asked is found out by what the server answers, once
 * per connection, and `/v3/admin/core/state` and `/v1/console/server/state` tell the version on the way.
 *
 * Its authentication is its own: what it refuses says nothing of what clients may do, and the other way round. `status`
 * tells how we stand with it.
 */
import { BridgeError, isBridgeError } from '../../errors.ts';
import { type ConfigKey, describeKey, normaliseKey, normaliseNamespaceId } from '../config/config-key.ts';
import {
  collectListing,
  type ConfigListing,
  type ListingPage,
  listingRequest,
  namesRequest,
  parseListingPage,
  parseNames,
} from '../config/config-listing.ts';
import { type ConfigPattern, patternText } from '../config/config-pattern.ts';
import type { ReadSnapshot } from '../config/config-snapshot.ts';
import { Access, type TokenHeaders, type Word, wordOfRefusal } from '../transport/access.ts';
import { errorOfHttp, jsonOf } from '../transport/http-errors.ts';
import type { HttpAnswer, HttpTransport } from '../transport/http-transport.ts';
import { isJsonObject, type JsonObject, numberOf, parseJsonObject, textOf } from '../transport/json-object.ts';
import type { Login } from '../transport/login.ts';
import type { NacosMetrics } from '../metrics.ts';
import type { ServerAddress } from '../transport/server-address.ts';
import { AdminStanding, type AdminStatus } from './admin-standing.ts';

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
  readonly login: Login;
  readonly metrics: NacosMetrics;
  /** Of the read of a config, whose answer may be large. */
  readonly requestTimeoutMs: number;
  /** What the public namespace of configs is called in requests of v1. */
  readonly tenantOfPublic: () => '' | 'public';
  /** Told when `status` is another. */
  readonly onStanding: () => void;
}

interface StateQuestion {
  /** Whose state it is about. @default any server's */
  readonly server?: ServerAddress;
  readonly signal?: AbortSignal;
}

interface Question {
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  /** What the right to ask it is a right to. */
  readonly scope: string;
  readonly signal?: AbortSignal;
  /** @default that of HTTP */
  readonly timeoutMs?: number;
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
    queryOf: ({ dataId, group, namespaceId }: ConfigKey, tenantOfPublic: string) => ({
      show: 'all',
      tenant: namespaceId || tenantOfPublic,
      group,
      dataId,
    }),
    dataOf: (body: JsonObject | undefined) => body,
  },
};

/** Refused by a server without an API. */
const anyScope = '';
/** Nacos' ErrorCode.RESOURCE_NOT_FOUND: tells a missing config from a missing API, both being HTTP 404. */
const resourceNotFound = 20_004;

export class AdminApi {
  readonly #options: AdminApiOptions;
  readonly #access: Access;
  readonly #standing: AdminStanding;
  #flavour: Flavour | undefined;
  /** Asks again what was refused last. */
  #refused: (() => Promise<unknown>) | undefined;
  /** A server of 2.x lacks the short list of names. */
  #lacksNames = false;

  constructor(options: AdminApiOptions) {
    this.#options = options;
    this.#standing = new AdminStanding(options.onStanding);
    const { login } = options;
    // Its verdict is told by `status`, which knows more.
    this.#access = new Access({ login, onChange: () => {}, speaksForAll: false });
    login.onChange(() => {
      if (login.state.kind === 'accepted' && this.status.error) this.#afterLogin();
    });
  }

  get status(): AdminStatus {
    return this.#standing.status;
  }

  /** Asks again what was refused last: something that stood in the way may be mended, and nobody else may ask for long. */
  recheck(): void {
    this.#refused?.().catch(() => {});
  }

  /** What is known is of another server. */
  forget(): void {
    this.#flavour = undefined;
    this.#lacksNames = false;
    this.#standing.forget();
  }

  /**
   * Needs no login. @throws NACOS_UNREACHABLE, TIMEOUT, NACOS_OVERLOADED, NACOS_FAILED; NACOS_UNSUPPORTED when the server
   *   has neither API.
   */
  serverState(question: StateQuestion = {}): Promise<ServerState> {
    return this.#options.metrics.measure('admin_server_state', async () => {
      const state = (await this.#stateOf('v3', question)) ?? (await this.#stateOf('v1', question));
      if (state) {
        this.#flavour = state.adminApi;
        this.#standing.allowed(anyScope);
        return state;
      }
      const words = 'the server has neither the v3 nor the v1 HTTP API for administration';
      const error = new BridgeError('NACOS_UNSUPPORTED', words);
      this.#standing.refused(anyScope, error);
      throw error;
    });
  }

  /** @throws NACOS_FORBIDDEN, NACOS_UNAUTHENTICATED, NACOS_UNSUPPORTED, NACOS_UNREACHABLE, TIMEOUT, NACOS_FAILED. */
  getConfig(key: ConfigKey, signal?: AbortSignal): Promise<ConfigDetail | undefined> {
    return this.#options.metrics.measure('admin_get_config', async () => {
      const flavour = await this.#flavourNow(signal);
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
    const api = await this.#flavourNow(signal);
    const { measure } = this.#options.metrics;
    const names = api === 'v1' && (await measure('admin_list_configs', () => this.#namesOf(pattern, signal)));
    if (names) return names;
    return collectListing(pattern, (page) =>
      measure('admin_list_configs', () => this.#listPage(api, pattern, page, signal)),
    );
  }

  #afterLogin(): void {
    this.#standing.forget();
    this.recheck();
  }

  async #flavourNow(signal?: AbortSignal): Promise<Flavour> {
    return this.#flavour ?? (await this.serverState({ signal })).adminApi;
  }

  /** Undefined where there is no such list. */
  async #namesOf(pattern: ConfigPattern, signal?: AbortSignal): Promise<ConfigListing | undefined> {
    // That list takes the name `public` for the other one.
    const isLiteral = normaliseNamespaceId(pattern.namespaceId) === '' && this.#options.tenantOfPublic() !== '';
    if (this.#lacksNames || isLiteral) return undefined;
    const { path, query } = namesRequest(pattern);
    const answer = await this.#get({ path, query, scope: patternText(pattern), signal });
    if (isAnswered(answer) && !isRefusal(answer)) this.#lacksNames = answer.status !== 200;
    if (this.#lacksNames) return undefined;
    if (answer.status !== 200) throw errorOfHttp(answer, `list of ${patternText(pattern)}`);
    return parseNames(pattern, answer.text);
  }

  async #listPage(api: Flavour, pattern: ConfigPattern, page: number, signal?: AbortSignal): Promise<ListingPage> {
    const { path, query } = listingRequest(api, pattern, page, this.#options.tenantOfPublic());
    const answer = await this.#get({ path, query, scope: patternText(pattern), signal });
    if (answer.status !== 200) throw errorOfHttp(answer, `list of ${patternText(pattern)}`);
    return parseListingPage(api, answer.text);
  }

  async #configOf(api: Flavour, key: ConfigKey, signal?: AbortSignal): Promise<ConfigDetail | undefined> {
    const { config, dataOf, queryOf } = flavours[api];
    const { requestTimeoutMs: timeoutMs, tenantOfPublic } = this.#options;
    const normal = normaliseKey(key);
    const scope = `${normal.namespaceId} ${normal.group}`;
    const answer = await this.#get({
      path: config,
      query: queryOf(normal, tenantOfPublic()),
      scope,
      signal,
      timeoutMs,
    });
    if (isAbsence(api, answer)) return undefined;
    if (answer.status !== 200) throw errorOfHttp(answer, `read of ${describeKey(key)}`);
    const data = dataOf(parseJsonObject(answer.text, 'the answer of the admin API'));
    return isJsonObject(data) ? detailOf(data) : undefined;
  }

  async #get({ path, query, scope, signal, timeoutMs }: Question): Promise<HttpAnswer> {
    const get = (token: TokenHeaders): Promise<HttpAnswer> =>
      this.#options.http.send({ method: 'GET', path, query, headers: withBearer(token), signal, timeoutMs });
    const refused = (error: BridgeError): void => {
      this.#refused = () => this.#get({ path, query, scope });
      this.#standing.refused(scope, error);
    };
    try {
      const answer = await this.#access.send(get, wordOf);
      if (isRefusal(answer)) refused(errorOfHttp(answer, `the admin API, asked for ${path}`));
      else if (isServed(answer)) this.#standing.served(scope);
      if (!this.status.error) this.#refused = undefined;
      return answer;
    } catch (error) {
      if (isBridgeError(error, 'NACOS_UNAUTHENTICATED')) refused(error);
      throw error;
    }
  }

  async #stateOf(adminApi: Flavour, { server, signal }: StateQuestion): Promise<ServerState | undefined> {
    const { dataOf, state: path } = flavours[adminApi];
    const { http } = this.#options;
    const request = { method: 'GET', path, signal } as const;
    const answer = await (server ? http.sendTo(server, request) : http.send(request));
    if (!isAnswered(answer)) throw errorOfHttp(answer, 'the state of the server');
    // Refused, it exists all the same.
    if (adminApi === 'v3' && isRefusal(answer)) return { version: '', adminApi };
    const data = dataOf(jsonOf(answer));
    return answer.status === 200 && isJsonObject(data) ? { version: textOf(data['version']), adminApi } : undefined;
  }
}

/** Servers of 2.0 do not look at the header `accessToken` of an HTTP request. */
function withBearer(token: TokenHeaders): Record<string, string> {
  const { accessToken } = token;
  return accessToken === undefined ? {} : { ...token, authorization: `Bearer ${accessToken}` };
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

/** Also by the answer that there is no such config. */
function isServed(answer: HttpAnswer): boolean {
  return answer.status === 200 || resultCodeOf(answer) === resourceNotFound;
}

function isAbsence(api: Flavour, answer: HttpAnswer): boolean {
  if (api === 'v3') return answer.status === 404 && resultCodeOf(answer) === resourceNotFound;
  return answer.status === 200 && ['', 'null'].includes(answer.text.trim());
}

function isRefusal(answer: HttpAnswer): boolean {
  return answer.status === 401 || answer.status === 403;
}

/** False where it tells of the moment alone, as of a server that starts or sheds load, or of a proxy without one. */
function isAnswered({ status }: HttpAnswer): boolean {
  return status === 501 || (status < 500 && status !== 408 && status !== 429);
}

function wordOf(answer: HttpAnswer): Word {
  if (isRefusal(answer)) return wordOfRefusal(answer.text);
  return isServed(answer) ? 'served' : undefined;
}

function resultCodeOf(answer: HttpAnswer): number {
  return numberOf(jsonOf(answer)?.['code']);
}
