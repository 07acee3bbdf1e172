/**
 * The HTTP API v1 for configs. 3.1 still serves what clients of 1.x and the SDK for Node need (read, publish, remove,
 * listen); the rest is there on 2.3 only.
 */
import { caused, pageOf, v1JsonType } from '../http-replies.ts';
import type { HttpAnswer, HttpRequest, HttpRoute } from '../http-route.ts';
import type { StoredConfig } from './config.ts';
import type { HistoryRow } from './config-history.ts';
import { keyOf, publish, remove, search, v1Names } from './http-configs.ts';
import type { ConfigRouteOptions } from './route-options.ts';

const configs = '/v1/cs/configs';

export function v1Routes(options: ConfigRouteOptions): HttpRoute[] {
  const { generation, longPolls } = options;
  const common: HttpRoute[] = [
    { method: 'GET', path: configs, handle: (request) => read(options, request) },
    {
      method: 'POST',
      path: configs,
      handle: (request) =>
        publish(options, v1Names, request, {
          invalid: (fault) => caused(400, fault),
          blank: (fault) => ({ ...caused(400, fault), headers: generation === '3.1' ? v1JsonType : {} }),
          casFailed: () =>
            generation === '3.1'
              ? { status: 500, headers: v1JsonType, body: 'false' }
              : caused(500, 'Cas publish fail, server md5 may have changed.'),
        }) ?? done,
    },
    {
      method: 'DELETE',
      path: configs,
      handle(request) {
        remove(options, v1Names, request);
        return done;
      },
    },
    { method: 'POST', path: `${configs}/listener`, handle: (request) => longPolls.handle(request) },
  ];
  return generation === '3.1' ? common : [...common, ...consoleRoutes(options)];
}

function consoleRoutes({ generation, listeners, store }: ConfigRouteOptions): HttpRoute[] {
  return [
    {
      method: 'GET',
      path: `${configs}/listener`,
      handle: (request) => listening(listeners.of(keyOf(generation, v1Names, request))),
    },
    {
      method: 'GET',
      path: '/v1/cs/listener',
      handle: (request) => listening(listeners.at(request.parameters['ip'] ?? '')),
    },
    {
      method: 'GET',
      path: '/v1/cs/history',
      handle(request) {
        const { nid } = request.parameters;
        const key = keyOf(generation, v1Names, request);
        if (nid === undefined) return json(pageOf(store.history.rowsOf(key), request, historyBasic));
        const row = store.history.get(nid);
        return row ? json(historyDetail(row)) : caused(500, 'Incorrect result size: expected 1, actual 0');
      },
    },
    {
      method: 'GET',
      path: '/v1/cs/history/previous',
      handle(request) {
        const key = keyOf(generation, v1Names, request);
        const row = store.history.previousOf(key, request.parameters['id'] ?? '');
        return row ? json(historyDetail(row)) : caused(500, 'Incorrect result size: expected 1, actual 0');
      },
    },
  ];
}

const done: HttpAnswer = { headers: v1JsonType, body: 'true' };

function json(body: unknown): HttpAnswer {
  return { headers: v1JsonType, body };
}

function read(options: ConfigRouteOptions, request: HttpRequest): HttpAnswer {
  const { generation, grays, store } = options;
  const { search: kind, show, tag } = request.parameters;
  // On 2.3; 3.1 has answered 410 by then.
  if (kind !== undefined) return json(pageOf(search(options, v1Names, request), request, listed));
  const key = keyOf(generation, v1Names, request);
  if (show === 'all') {
    const stored = store.stored(key, request.stale);
    return stored ? json(detail(stored)) : { headers: v1JsonType, body: '' };
  }
  const gray = tag ? grays.tagged(key, tag) : grays.betaFor(key, request.clientIp);
  const found = gray ? { ...gray, ...gray.fields } : tag ? undefined : store.cached(key, request.stale);
  if (!found) return { status: 404, headers: v1JsonType, body: 'config data not exist\n' };
  return {
    headers: {
      'content-type': `${contentTypes[found.type ?? 'text'] ?? 'text/plain'};charset=UTF-8`,
      'content-md5': found.md5,
      'config-type': found.type ?? 'text',
      'encrypted-data-key': found.encryptedDataKey,
      'last-modified': new Date(found.modifyTimeMs).toUTCString(),
    },
    body: found.content,
  };
}

const contentTypes: Readonly<Record<string, string | undefined>> = {
  json: 'application/json',
  xml: 'application/xml',
  html: 'text/html',
};

function basic(config: StoredConfig) {
  const { appName, content, encryptedDataKey, id, key, type } = config;
  const { dataId, group, namespaceId: tenant } = key;
  return { id, dataId, group, content, md5: null, encryptedDataKey, tenant, appName, type };
}

/** Lists leave the type out, as they do the md5. */
function listed(config: StoredConfig) {
  return { ...basic(config), type: null };
}

function detail(config: StoredConfig) {
  const { configTags, createTimeMs, desc, effect, md5, modifyTimeMs, schema, use, writer } = config;
  const times = { createTime: createTimeMs, modifyTime: modifyTimeMs };
  const by = { createUser: writer.user, createIp: writer.ip };
  return { ...basic(config), md5, ...times, ...by, desc, use, effect, schema, configTags };
}

/** The name is misspelt in the real server, too. */
function listening(lisentersGroupkeyStatus: Readonly<Record<string, string>>): HttpAnswer {
  return json({ collectStatus: 200, lisentersGroupkeyStatus });
}

/** What the database of the real server has for a time that nobody set. */
const noTime = '2010-05-05T00:00:00.000+00:00';

export function historyBasic({ config, id, operation, timeMs, writer }: HistoryRow) {
  const { dataId, group, namespaceId: tenant } = config.key;
  const by = { srcIp: writer.ip, srcUser: writer.user, opType: operation.padEnd(10) };
  const times = { createdTime: noTime, lastModifiedTime: new Date(timeMs).toISOString().replace('Z', '+00:00') };
  const what = { id, lastId: -1, dataId, group, tenant, appName: config.appName, md5: null, content: null };
  return { ...what, ...by, ...times, encryptedDataKey: null };
}

export function historyDetail(row: HistoryRow) {
  const { content, encryptedDataKey, md5 } = row.config;
  return { ...historyBasic(row), md5, content, encryptedDataKey };
}
