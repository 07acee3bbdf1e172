/**
 * The config requests of the gRPC protocol: query, publish, remove, listen.
 */
import { Refusal } from '../refusal.ts';
import { objectOf, textOf } from '../rpc.ts';
import type { Json, RpcPart, RpcRequest } from '../rpc.ts';
import { groupKeyOf } from './config.ts';
import { refuseVersions } from './config-writes.ts';
import type { ConfigWrites, GivenKey } from './config-writes.ts';
import type { ConfigListeners } from './config-listeners.ts';
import type { ConfigStore } from './config-store.ts';

export interface ConfigRequestsOptions {
  readonly store: ConfigStore;
  readonly writes: ConfigWrites;
  readonly listeners: ConfigListeners;
}

export function configRequests({ listeners, store, writes }: ConfigRequestsOptions): RpcPart['handlers'] {
  return {
    ConfigQueryRequest({ body, stale }) {
      refuseVersions(undefined, textOf(body['tag']));
      const found = store.cached(writes.keyOf(namesOf(body)), stale);
      if (!found) throw new Refusal('resource not found', 'config data not exist');
      const { content, encryptedDataKey, md5, modifyTimeMs, type } = found;
      return { content, encryptedDataKey, contentType: type ?? 'text', md5, lastModified: modifyTimeMs, beta: false };
    },

    ConfigPublishRequest({ body, connection }) {
      const additions = objectOf(body['additionMap']) ?? {};
      const addition = (name: string) => textOf(additions[name]);
      const given = {
        ...namesOf(body),
        content: textOf(body['content']),
        casMd5: textOf(body['casMd5']),
        type: addition('type'),
        appName: addition('appName'),
        configTags: addition('config_tags'),
        desc: addition('desc'),
        encryptedDataKey: addition('encryptedDataKey'),
        betaIps: addition('betaIps'),
        tag: addition('tag'),
      };
      writes.publish(given, { user: addition('src_user') ?? null, ip: connection.clientIp });
      return {};
    },

    ConfigRemoveRequest({ body, connection, username }) {
      refuseVersions(undefined, textOf(body['tag']));
      writes.remove(namesOf(body), { user: username ?? null, ip: connection.clientIp });
      return {};
    },

    ConfigBatchListenRequest: (request) => listen(request),
  };

  /** Answers with those that differ from what the client has, named as it names them. */
  function listen({ body, connection }: RpcRequest): Json {
    const given: unknown = body['configListenContexts'];
    const contexts = (Array.isArray(given) ? given : []).map(objectOf).filter((context) => context !== undefined);
    const listened = contexts.map((context) => ({ context, groupKey: groupKeyOf(writes.keyOf(namesOf(context))) }));
    if (body['listen'] === false) {
      for (const { groupKey } of listened) listeners.remove(connection, groupKey);
      return { changedConfigs: [] };
    }
    for (const { context, groupKey } of listened) listeners.add(connection, groupKey, textOf(context['tenant']));
    const changed = listened.filter(({ context, groupKey }) => context['md5'] !== store.cachedMd5(groupKey));
    // Absent stays absent, as it was given.
    const changedConfigs = changed.map(({ context: { dataId, group, tenant } }) => {
      return { group, dataId, tenant: tenant ?? undefined };
    });
    return { changedConfigs };
  }
}

function namesOf(body: Json): GivenKey {
  return { dataId: textOf(body['dataId']), group: textOf(body['group']), namespaceId: textOf(body['tenant']) };
}
