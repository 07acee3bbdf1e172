/**
 * Looks at and changes the configs of a real Nacos server over its admin HTTP API, apart from the client protocol that is
 * under test: v3 admin on 3.1, v1 on 2.3. Its reads are right at once after a write, while reads by the client protocol
 * lag by up to seconds.
 *
 * The public namespace may be named '' or 'public' on both.
 */
import { NacosNamingAdmin } from './nacos-naming-admin.ts';

export interface NacosAdminOptions {
  readonly version: '3.1' | '2.3';
  /** Such as http://127.0.0.1:8848/nacos */
  readonly baseUrl: string;
  readonly username: string;
  /** Undefined where nobody has to log in. */
  readonly password: string | undefined;
}

export interface NacosConfigFields {
  readonly type?: string;
  readonly desc?: string;
  readonly appName?: string;
  /** Comma separated. */
  readonly configTags?: string;
}

export interface NacosConfig extends NacosConfigFields {
  readonly namespaceId: string;
  readonly group: string;
  readonly dataId: string;
  readonly content: string;
  readonly md5: string;
  /** What the last writer said of itself. */
  readonly createUser?: string;
  readonly createIp?: string;
  /** Milliseconds since the epoch. */
  readonly createTime?: number;
  readonly modifyTime?: number;
}

export interface NacosConfigKey {
  readonly namespaceId: string;
  readonly group: string;
  readonly dataId: string;
}

type Parameters = Readonly<Record<string, string | undefined>>;
interface Answer {
  readonly status: number;
  readonly text: string;
}

const maxWriteAttempts = 5;
const pageSize = 500;
/** v3: the config does not exist. */
const notFound = 20004;

export class NacosAdmin {
  readonly naming: NacosNamingAdmin;
  readonly #options: NacosAdminOptions;
  #token: string | undefined;

  constructor(options: NacosAdminOptions) {
    this.#options = options;
    this.naming = new NacosNamingAdmin(options.version, (method, path, query) => this.#call(method, path, query));
  }

  /**
   * Logs in; returns the access token, '' where nobody has to.
   *
   * @throws Error when the server does not accept the password (yet)
   */
  async login(): Promise<string> {
    const { version, username, password } = this.#options;
    if (password === undefined) return (this.#token = '');
    const answer = await this.#send(
      'POST',
      version === '3.1' ? '/v3/auth/user/login' : '/v1/auth/login',
      {},
      { username, password },
    );
    const body: unknown = answer.status === 200 ? JSON.parse(answer.text) : undefined;
    const token = field(body, 'accessToken') ?? field(field(body, 'data'), 'accessToken');
    if (typeof token !== 'string') throw new Error(`Nacos login answered ${answer.status}`);
    this.#token = token;
    return token;
  }

  async getConfig(namespaceId: string, group: string, dataId: string): Promise<NacosConfig | undefined> {
    const key = { namespaceId, group, dataId };
    const answer = this.#isV3
      ? await this.#call('GET', '/v3/admin/cs/config', this.#keyOf(key))
      : await this.#call('GET', '/v1/cs/configs', { ...this.#keyOf(key), show: 'all' });
    if (answer.status === 404 || answer.text === '') return undefined;
    const body: unknown = JSON.parse(answer.text);
    if (this.#isV3 && field(body, 'code') === notFound) return undefined;
    requireOk(answer, `reading config ${dataId}`);
    return asConfig(key, this.#isV3 ? field(body, 'data') : body);
  }

  async publish(
    namespaceId: string,
    group: string,
    dataId: string,
    content: string,
    fields: NacosConfigFields = {},
  ): Promise<void> {
    const { configTags, ...rest } = fields;
    const form = {
      ...this.#keyOf({ namespaceId, group, dataId }),
      ...rest,
      content,
      [this.#isV3 ? 'configTags' : 'config_tags']: configTags,
    };
    const answer = await this.#write(() => this.#call('POST', this.#configPath, {}, form));
    requireOk(answer, `publishing config ${dataId}`);
  }

  /** A config that does not exist is no error. */
  async remove(namespaceId: string, group: string, dataId: string): Promise<void> {
    const key = this.#keyOf({ namespaceId, group, dataId });
    const answer = await this.#write(() => this.#call('DELETE', this.#configPath, key));
    requireOk(answer, `removing config ${dataId}`);
  }

  /** The embedded database of a standalone server gives up one of two writes that wait for each other, and undoes it. */
  async #write(write: () => Promise<Answer>): Promise<Answer> {
    for (let attempt = 1; ; attempt += 1) {
      const answer = await write();
      const isUndone = answer.status === 500 && /lock could not be obtained|deadlock/i.test(answer.text);
      if (!isUndone || attempt === maxWriteAttempts) return answer;
    }
  }

  async listConfigs(namespaceId: string): Promise<NacosConfigKey[]> {
    const path = this.#isV3 ? '/v3/admin/cs/config/list' : '/v1/cs/configs';
    const blank = this.#isV3 ? { groupName: '', dataId: '' } : { group: '', dataId: '' };
    const found: NacosConfigKey[] = [];
    for (let pageNo = 1; ; pageNo += 1) {
      const page = { search: 'blur', pageNo: String(pageNo), pageSize: String(pageSize) };
      const answer = await this.#call('GET', path, { ...this.#namespaceOf(namespaceId), ...blank, ...page });
      requireOk(answer, 'listing configs');
      const body: unknown = JSON.parse(answer.text);
      const items = field(this.#isV3 ? field(body, 'data') : body, 'pageItems');
      const rows: unknown[] = Array.isArray(items) ? items : [];
      for (const row of rows) {
        found.push({
          namespaceId,
          group: text(row, 'groupName') ?? text(row, 'group') ?? '',
          dataId: text(row, 'dataId') ?? '',
        });
      }
      if (rows.length < pageSize) return found;
    }
  }

  async createNamespace(namespaceId: string, name: string = namespaceId): Promise<void> {
    const answer = this.#isV3
      ? await this.#call('POST', '/v3/admin/core/namespace', {}, { namespaceId, namespaceName: name })
      : await this.#call('POST', '/v1/console/namespaces', {}, { customNamespaceId: namespaceId, namespaceName: name });
    requireOk(answer, `creating namespace ${namespaceId}`);
  }

  /** Sets the password of the first start; a server that has one keeps it. */
  async initialisePassword(): Promise<void> {
    const { password } = this.#options;
    await this.#send('POST', this.#isV3 ? '/v3/auth/user/admin' : '/v1/auth/users/admin', {}, { password });
  }

  async isReady(): Promise<boolean> {
    const path = this.#isV3 ? '/v3/admin/core/state/readiness' : '/v1/console/health/readiness';
    return (await this.#send('GET', path, {})).status === 200;
  }

  /**
   * Stops the server from dialling the addresses of persistent instances. 2.3 takes the switch only as a "debug" one,
   * which holds until its next start. Returns whether the switch is seen to be off.
   */
  async switchHealthChecksOff(): Promise<boolean> {
    const path = this.#isV3 ? '/v3/admin/ns/ops/switches' : '/v1/ns/operator/switches';
    await this.#call('PUT', path, { entry: 'check', value: 'false', debug: String(!this.#isV3) });
    return (await this.#call('GET', path, {})).text.includes('"healthCheckEnabled":false');
  }

  get #isV3(): boolean {
    return this.#options.version === '3.1';
  }

  get #configPath(): string {
    return this.#isV3 ? '/v3/admin/cs/config' : '/v1/cs/configs';
  }

  #namespaceOf(namespaceId: string): Parameters {
    const isPublic = namespaceId === '' || namespaceId === 'public';
    return this.#isV3 ? { namespaceId: isPublic ? 'public' : namespaceId } : { tenant: isPublic ? '' : namespaceId };
  }

  #keyOf({ namespaceId, group, dataId }: NacosConfigKey): Parameters {
    return { ...this.#namespaceOf(namespaceId), dataId, [this.#isV3 ? 'groupName' : 'group']: group };
  }

  /** Sends with a token, and once more with a new one when the token is refused: it expires, and a restart may void it. */
  async #call(method: string, path: string, query: Parameters, form?: Parameters): Promise<Answer> {
    if (this.#token === undefined) await this.login();
    const answer = await this.#send(method, path, query, form);
    if (answer.status !== 401 && answer.status !== 403) return answer;
    await this.login();
    return this.#send(method, path, query, form);
  }

  async #send(method: string, path: string, query: Parameters, form?: Parameters): Promise<Answer> {
    const response = await fetch(`${this.#options.baseUrl}${path}?${encode(query).toString()}`, {
      method,
      headers: this.#token === undefined ? {} : { accessToken: this.#token },
      body: form && encode(form),
      signal: AbortSignal.timeout(30_000),
    });
    return { status: response.status, text: await response.text() };
  }
}

function encode(parameters: Parameters): URLSearchParams {
  const entries = Object.entries(parameters).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return new URLSearchParams(entries);
}

function asConfig(key: NacosConfigKey, detail: unknown): NacosConfig {
  return {
    ...key,
    content: text(detail, 'content') ?? '',
    md5: text(detail, 'md5') ?? '',
    type: text(detail, 'type'),
    desc: text(detail, 'desc'),
    appName: text(detail, 'appName'),
    configTags: text(detail, 'configTags'),
    createUser: text(detail, 'createUser'),
    createIp: text(detail, 'createIp'),
    createTime: time(detail, 'createTime'),
    modifyTime: time(detail, 'modifyTime'),
  };
}

function requireOk(answer: Answer, what: string): void {
  if (answer.status !== 200) throw new Error(`${what}: Nacos answered ${answer.status} ${answer.text.slice(0, 300)}`);
}

function field(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined;
}

function text(value: unknown, name: string): string | undefined {
  const found = field(value, name);
  return typeof found === 'string' ? found : undefined;
}

function time(value: unknown, name: string): number | undefined {
  const found = field(value, name);
  return typeof found === 'number' ? found : undefined;
}
