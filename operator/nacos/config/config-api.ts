/**
 * The four config requests of the gRPC protocol, one message each, without any memory.
 */
import { BridgeError } from '../../errors.ts';
import { type ConfigKey, describeKey, normaliseKey } from './config-key.ts';
import { md5Of, type ReadSnapshot } from './config-snapshot.ts';
import { maxMessageBytes } from '../transport/grpc-transport.ts';
import { isJsonObject, type JsonObject, listOf, numberOf, textOf } from '../transport/json-object.ts';
import { serverCodes } from '../transport/response-errors.ts';
import type { RpcCaller, RpcKind } from '../transport/rpc-caller.ts';

export interface ConfigPublishOptions {
  /**
   * What must be there for the write to happen: the version with this md5, nothing, or anything. Nacos lets the md5
   * guard updates only: a config that is absent by then is created.
   */
  readonly cas: { readonly md5: string } | 'create-only' | 'none';
  readonly type: string;
  /** At most five of 64 characters. Without, those that are there stay; an empty list takes them away. */
  readonly tags?: readonly string[];
  /** Unlike tags, what was there does not survive a publish that gives none (seen on 2.3 and 3.1). */
  readonly description?: string;
  readonly appName?: string;
  readonly srcUser?: string;
}

/** What a server's cache shows to us. */
export interface ServedConfig {
  readonly snapshot: ReadSnapshot;
  /** Content and md5 belong together. */
  readonly isWhole: boolean;
  /** A version for some clients, of which we are one, and not the formal one that is published, compared and removed. */
  readonly isGray: boolean;
}

interface ListenContext {
  readonly key: ConfigKey;
  /** What we have; '' for nothing. */
  readonly md5: string;
}

const kinds = {
  query: {
    operation: 'config_query',
    type: 'ConfigQueryRequest',
    responseType: 'ConfigQueryResponse',
    absentErrorCode: serverCodes.configAbsent,
  },
  publish: { operation: 'config_publish', type: 'ConfigPublishRequest', responseType: 'ConfigPublishResponse' },
  remove: { operation: 'config_remove', type: 'ConfigRemoveRequest', responseType: 'ConfigRemoveResponse' },
  listen: {
    operation: 'config_listen',
    type: 'ConfigBatchListenRequest',
    responseType: 'ConfigChangeBatchListenResponse',
  },
} as const satisfies Record<string, RpcKind>;

/** No content has this md5, so a config that exists never matches it: compare-and-swap becomes "create only". */
const impossibleMd5 = '0'.repeat(32);
const queryHeaders = { notify: 'false', charset: 'UTF-8' };
const envelopeBytes = 4 * 1024;

export class ConfigApi {
  readonly #caller: RpcCaller;
  readonly #tenantOfPublic: () => '' | 'public';

  /** `tenantOfPublic` is what the public namespace is called in requests. */
  constructor(caller: RpcCaller, tenantOfPublic: () => '' | 'public') {
    this.#caller = caller;
    this.#tenantOfPublic = tenantOfPublic;
  }

  /**
   * What the server's cache says.
   *
   * @throws NACOS_FAILED when the answer is no whole version: blank (Nacos stores no blank content), or being written.
   */
  async query(key: ConfigKey, signal?: AbortSignal): Promise<ServedConfig | undefined> {
    const description = `query of ${describeKey(key)}`;
    const body = await this.#caller.call(kinds.query, description, this.#fieldsOf(key), {
      headers: queryHeaders,
      signal,
    });
    if (!body) return undefined;
    const content = textOf(body['content']);
    if (content.trim() === '')
      throw new BridgeError('NACOS_FAILED', `${description}: Nacos answered with blank content`);
    const actualMd5 = md5Of(content);
    const md5 = textOf(body['md5']) || actualMd5;
    const lastModifiedMs = numberOf(body['lastModified']);
    const type = textOf(body['contentType']) || 'text';
    const isGray = body['beta'] === true || textOf(body['tag']) !== '';
    return { snapshot: { content, md5, type, lastModifiedMs }, isWhole: md5 === actualMd5, isGray };
  }

  /**
   * @throws NACOS_CAS_FAILED; INVALID_CONTENT before anything is sent; after TIMEOUT and NACOS_UNREACHABLE the content may
   *   have been written.
   */
  async publish(key: ConfigKey, content: string, options: ConfigPublishOptions): Promise<{ md5: string }> {
    checkContent(key, content);
    const { appName = '', cas, description = '', srcUser = '', tags, type } = options;
    const casMd5 = cas === 'none' ? undefined : cas === 'create-only' ? impossibleMd5 : cas.md5;
    const additions = { type, appName, src_user: srcUser, desc: description };
    const additionMap = Object.fromEntries(Object.entries(additions).filter(([, value]) => value !== ''));
    if (tags) additionMap['config_tags'] = tags.join(',');
    const body = { ...this.#fieldsOf(key), content, casMd5, additionMap };
    const headers = { charset: 'UTF-8', ...(appName && { 'Client-AppName': appName }) };
    await this.#caller.call(kinds.publish, `publish of ${describeKey(key)}`, body, { headers });
    return { md5: md5Of(content) };
  }

  /** Succeeds for a config that does not exist, too. */
  async remove(key: ConfigKey): Promise<void> {
    await this.#caller.call(kinds.remove, `removal of ${describeKey(key)}`, this.#fieldsOf(key));
  }

  /** Starts or ends listening; when it starts, resolves to the keys whose md5 on the server differs. */
  async listen(contexts: readonly ListenContext[], listen: boolean, signal?: AbortSignal): Promise<ConfigKey[]> {
    const description = `${listen ? 'listening to' : 'leaving'} ${contexts.length} configs`;
    const body = { listen, configListenContexts: contexts.map(({ key, md5 }) => ({ ...this.#fieldsOf(key), md5 })) };
    const answer = await this.#caller.call(kinds.listen, description, body, { signal });
    return listOf(answer?.['changedConfigs']).filter(isJsonObject).map(keyOf);
  }

  #fieldsOf(key: ConfigKey): { dataId: string; group: string; tenant: string } {
    const { namespaceId, group, dataId } = normaliseKey(key);
    return { dataId, group, tenant: namespaceId || this.#tenantOfPublic() };
  }
}

/** The key in a message of the server, where the public namespace is null, absent, '' or 'public'. */
export function keyOf(fields: JsonObject): ConfigKey {
  const { tenant, group, dataId } = fields;
  return normaliseKey({ namespaceId: textOf(tenant), group: textOf(group), dataId: textOf(dataId) });
}

function checkContent(key: ConfigKey, content: string): void {
  const invalid = (rule: string) => new BridgeError('INVALID_CONTENT', `the content of ${describeKey(key)} ${rule}`);
  if (content.trim() === '') throw invalid('must not be blank: Nacos refuses it');
  if (!content.isWellFormed()) throw invalid('must be valid Unicode: it has half a surrogate pair');
  const limitBytes = maxMessageBytes - envelopeBytes;
  // No unit of UTF-16 takes more than six bytes, those of an escape: what is small by that need not be written out.
  if (content.length * 6 + 2 <= limitBytes) return;
  const bytes = Buffer.byteLength(JSON.stringify(content));
  if (bytes > limitBytes) throw invalid(`must take at most ${limitBytes} bytes as JSON, and takes ${bytes}`);
}
