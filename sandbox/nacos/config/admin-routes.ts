/**
 * The HTTP APIs of 3.1 for configs: `/v3/admin/cs` for administration, which reads the database, and `/v3/client/cs` for
 * applications, which reads what clients read.
 */
import { configNamespaceOf } from '../generation.ts';
import { missingParameter, pageOf, requireParameters, result, resultFailure } from '../http-replies.ts';
import type { HttpAnswer, HttpRequest, HttpRoute } from '../http-route.ts';
import type { StoredConfig } from './config.ts';
import type { HistoryRow } from './config-history.ts';
import { keyOf, publish, remove, search, v3Names } from './http-configs.ts';
import type { ConfigRouteOptions } from './route-options.ts';

const base = '/v3/admin/cs';

export function adminRoutes(options: ConfigRouteOptions): HttpRoute[] {
  const { generation, grays, listeners, store } = options;
  const key = (request: HttpRequest) => keyOf(generation, v3Names, request);
  const history = (request: HttpRequest, find: () => HistoryRow | undefined): HttpAnswer => {
    key(request);
    const row = find();
    return row ? result(historyDetail(row)) : resultFailure(20_002, 'Source must not be null');
  };
  return [
    {
      method: 'GET',
      path: `${base}/config`,
      handle(request) {
        const config = store.stored(key(request), request.stale);
        return config
          ? result(detail(config))
          : resultFailure(20_004, 'Config not exist, please publish Config first.');
      },
    },
    {
      method: 'POST',
      path: `${base}/config`,
      handle: (request) =>
        publish(options, v3Names, request, {
          invalid: (fault) => resultFailure(20_002, fault),
          blank: () => missingParameter(generation, request, 'content'),
          casFailed: () => resultFailure(20_005, 'Cas publish fail, server md5 may have changed.'),
        }) ?? result(true),
    },
    {
      method: 'DELETE',
      path: `${base}/config`,
      handle(request) {
        remove(options, v3Names, request);
        return result(true);
      },
    },
    {
      method: 'GET',
      path: `${base}/config/list`,
      handle: (request) => result(pageOf(search(options, v3Names, request), request, listed)),
    },
    {
      method: 'GET',
      path: `${base}/config/listener`,
      handle: (request) => result({ queryType: 'config', listenersStatus: listeners.of(key(request)) }),
    },
    {
      method: 'GET',
      path: `${base}/listener`,
      handle(request) {
        requireParameters(generation, request, ['ip']);
        return result({ queryType: 'ip', listenersStatus: listeners.at(request.parameters['ip'] ?? '') });
      },
    },
    {
      method: 'GET',
      path: `${base}/config/beta`,
      handle(request) {
        const beta = grays.isBeta(key(request));
        return beta ? result(null) : resultFailure(20_004, 'Config is not in beta.');
      },
    },
    {
      method: 'DELETE',
      path: `${base}/config/beta`,
      handle(request) {
        grays.removeBeta(key(request));
        return result(true);
      },
    },
    {
      method: 'GET',
      path: `${base}/history/list`,
      handle: (request) => result(pageOf(store.history.rowsOf(key(request)), request, historyBasic)),
    },
    {
      method: 'GET',
      path: `${base}/history`,
      handle: (request) => history(request, () => store.history.get(request.parameters['nid'] ?? '')),
    },
    {
      method: 'GET',
      path: `${base}/history/previous`,
      handle: (request) =>
        history(request, () => store.history.previousOf(key(request), request.parameters['id'] ?? '')),
    },
    {
      method: 'GET',
      path: `${base}/history/configs`,
      handle(request) {
        const namespaceId = configNamespaceOf(generation, request.parameters['namespaceId']);
        return result([...store.all()].filter((config) => config.key.namespaceId === namespaceId).map(listed));
      },
    },
    {
      method: 'GET',
      path: '/v3/client/cs/config',
      handle(request) {
        const config = store.cached(key(request), request.stale);
        return config ? result(clientView(config)) : resultFailure(20_004, null, 200);
      },
    },
  ];
}

function basic(config: StoredConfig, md5: string | null = config.md5) {
  const { appName, createTimeMs, id, key, modifyTimeMs, type } = config;
  const { dataId, group: groupName, namespaceId } = key;
  const times = { createTime: createTimeMs, modifyTime: modifyTimeMs };
  return { id, namespaceId, groupName, dataId, md5, type: type ?? 'text', appName, ...times };
}

/** Lists leave the times out. */
function listed(config: StoredConfig) {
  return { ...basic(config), createTime: 0, modifyTime: 0 };
}

function detail(config: StoredConfig) {
  const { configTags, content, desc, encryptedDataKey, writer } = config;
  const by = { createUser: writer.user, createIp: writer.ip };
  return { ...basic(config), content, desc, encryptedDataKey, ...by, configTags };
}

/** What the database of the real server has for a time that nobody set. */
const noTimeMs = Date.parse('2010-05-05T00:00:00Z');

function historyBasic({ config, id, operation, timeMs, writer }: HistoryRow, md5: string | null = null) {
  const by = { srcIp: writer.ip, srcUser: writer.user };
  // The column is ten characters wide.
  const what = { opType: operation.padEnd(10), publishType: 'formal' };
  return { ...basic(config, md5), id, type: null, createTime: noTimeMs, modifyTime: timeMs, ...by, ...what };
}

function historyDetail(row: HistoryRow) {
  const { configTags, content, desc, effect, encryptedDataKey, schema, type, use, writer } = row.config;
  const extension = {
    type,
    config_tags: configTags,
    effect,
    src_user: writer.user,
    c_desc: desc,
    c_use: use,
    c_schema: schema,
  };
  const given = Object.fromEntries(Object.entries(extension).filter(([, value]) => value !== null));
  const extInfo = JSON.stringify(given);
  return { ...historyBasic(row, row.config.md5), content, encryptedDataKey, grayName: '', extInfo };
}

function clientView({ content, encryptedDataKey, md5, modifyTimeMs, type }: StoredConfig) {
  const outcome = { resultCode: 200, errorCode: 0, message: null, requestId: null };
  const what = { content, encryptedDataKey, contentType: type ?? 'text', md5, lastModified: modifyTimeMs };
  return { ...outcome, ...what, tag: null, beta: false, success: true };
}
