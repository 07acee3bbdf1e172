/**
 * The config requests of the gRPC protocol: query, publish, remove, listen. Each checks the form of its names first, as
 * the real server does before the operation sees them.
 */
import { configNamespaceOf } from '../generation.ts';
import type { Generation } from '../generation.ts';
import type { Json, RpcAnswer, RpcRequest } from '../rpc.ts';
import { refused, succeeded } from '../rpc-answers.ts';
import { groupKeyOf } from './config.ts';
import type { ConfigFields, ConfigKey } from './config.ts';
import {
  checkContent,
  checkFields,
  checkForm,
  checkKey,
  checkTag,
  checkTypeLength,
  isBlank,
  knownTypeOf,
} from './config-checks.ts';
import type { ConfigListeners } from './config-listeners.ts';
import type { ConfigStore } from './config-store.ts';
import type { GrayConfigs } from './gray-configs.ts';

export interface ConfigRequestsOptions {
  readonly generation: Generation;
  readonly store: ConfigStore;
  readonly grays: GrayConfigs;
  readonly listeners: ConfigListeners;
}

type Text = string | null | undefined;

const codes = { absent: 300, invalid: 400, failed: 500 } as const;

export class ConfigRequests {
  readonly #options: ConfigRequestsOptions;

  constructor(options: ConfigRequestsOptions) {
    this.#options = options;
  }

  query(request: RpcRequest): RpcAnswer {
    const { body, connection, stale, type } = request;
    const fault = formFault(body);
    if (fault) return refused(type, codes.invalid, fault);
    const { grays, store } = this.#options;
    const key = this.#keyOf(body);
    const tag = textOf(body['tag']);
    const gray = grays.betaFor(key, connection.clientIp) ?? (isBlank(tag) ? undefined : grays.tagged(key, tag));
    const formal = isBlank(tag) ? store.cached(key, stale) : undefined;
    const found = gray ? { ...gray, ...gray.fields } : formal;
    if (!found) {
      return refused(type, codes.absent, 'config data not exist', isBlank(tag) ? {} : { tag });
    }
    const isBeta = gray !== undefined && gray === grays.betaFor(key, connection.clientIp);
    return succeeded('ConfigQueryResponse', {
      content: found.content,
      encryptedDataKey: found.encryptedDataKey,
      contentType: found.type ?? 'text',
      md5: found.md5,
      lastModified: found.modifyTimeMs,
      ...(gray && !isBeta && { tag }),
      beta: isBeta,
    });
  }

  publish({ body, connection, type }: RpcRequest): RpcAnswer {
    const { generation, grays, store } = this.#options;
    const additions = isObject(body['additionMap']) ? body['additionMap'] : {};
    const fields = fieldsOf(body, additions);
    const tag = textOf(additions['tag']);
    const names = { dataId: textOf(body['dataId']), group: textOf(body['group']) };
    const invalid = formFault(body) ?? checkKey(names) ?? checkContent(textOf(body['content']));
    if (invalid) return refused(type, codes.invalid, invalid);
    const tagFault = checkTag(tag);
    if (tagFault) return refused(type, codes.failed, tagFault);
    const typeFault = generation === '2.3' ? checkTypeLength(textOf(additions['type'])) : undefined;
    const fieldFault = checkFields(fields) ?? typeFault;
    if (fieldFault) return refused(type, generation === '2.3' ? codes.invalid : codes.failed, fieldFault);
    const key = this.#keyOf(body);
    const betaIps = textOf(additions['betaIps']);
    if (!isBlank(betaIps)) grays.publishBeta(key, betaIps, fields);
    else if (!isBlank(tag)) grays.publishTag(key, tag, fields);
    else {
      const writer = { user: textOf(additions['src_user']) ?? null, ip: connection.clientIp };
      const casMd5 = textOf(body['casMd5']);
      if (!store.publish(key, fields, writer, isBlank(casMd5) ? undefined : casMd5)) {
        return refused(type, codes.failed, casFault[generation]);
      }
    }
    return succeeded('ConfigPublishResponse');
  }

  remove({ body, connection, type, username }: RpcRequest): RpcAnswer {
    const names = { dataId: textOf(body['dataId']), group: textOf(body['group']) };
    const invalid = formFault(body) ?? checkKey(names);
    if (invalid) return refused(type, codes.invalid, invalid);
    const key = this.#keyOf(body);
    const tag = textOf(body['tag']);
    const { grays, store } = this.#options;
    if (!isBlank(tag)) grays.removeTag(key, tag);
    else {
      store.remove(key, { user: username ?? null, ip: connection.clientIp });
      grays.removeAll(key);
    }
    return succeeded('ConfigRemoveResponse');
  }

  listen({ body, connection, type }: RpcRequest): RpcAnswer {
    const { listeners, store } = this.#options;
    const given: unknown = body['configListenContexts'];
    const contexts = Array.isArray(given) ? given.filter(isObject) : [];
    const changedConfigs: Json[] = [];
    for (const context of contexts) {
      const fault = formFault(context);
      if (fault) return refused(type, codes.invalid, fault);
    }
    for (const context of contexts) {
      const groupKey = groupKeyOf(this.#keyOf(context));
      if (body['listen'] === false) {
        listeners.remove(connection, groupKey);
        continue;
      }
      const { dataId, group, tenant } = context;
      const md5 = textOf(context['md5']);
      listeners.add(connection, groupKey, { md5: md5 ?? '', tenant: textOf(tenant) ?? undefined });
      // Absent stays absent, as it was given.
      if (md5 !== store.cachedMd5(groupKey)) changedConfigs.push({ group, dataId, tenant: tenant ?? undefined });
    }
    return succeeded('ConfigChangeBatchListenResponse', { changedConfigs });
  }

  #keyOf(fields: Json): ConfigKey {
    return {
      namespaceId: configNamespaceOf(this.#options.generation, fields['tenant']),
      group: textOf(fields['group']) ?? '',
      dataId: textOf(fields['dataId']) ?? '',
    };
  }
}

const casFault: Readonly<Record<Generation, string>> = {
  '3.1': 'Cas publish fail, server md5 may have changed.',
  '2.3': 'Cas publish fail,server md5 may have changed.',
};

function fieldsOf(body: Json, additions: Json): ConfigFields {
  return {
    content: textOf(body['content']) ?? '',
    type: knownTypeOf(textOf(additions['type'])),
    appName: textOf(additions['appName']) ?? null,
    configTags: textOf(additions['config_tags']) ?? null,
    desc: textOf(additions['desc']) ?? null,
    use: textOf(additions['use']) ?? null,
    effect: textOf(additions['effect']) ?? null,
    schema: textOf(additions['schema']) ?? null,
    encryptedDataKey: textOf(additions['encryptedDataKey']) ?? '',
  };
}

function formFault(fields: Json): string | undefined {
  const { dataId, group, tenant } = fields;
  const fault = checkForm({ dataId: textOf(dataId), group: textOf(group), namespaceId: textOf(tenant) });
  return fault && `Param check invalid:${fault}`;
}

function textOf(value: unknown): Text {
  return typeof value === 'string' ? value : undefined;
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
