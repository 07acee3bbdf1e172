/**
 * The HTTP APIs for configs. Applications of 1.x, the SDK for Node among them, read, publish, remove and listen by v1 on both
 * generations; administrators, who see the database, use v3 on 3.1 and more of v1 on 2.3.
 */
import { configNamespaceOf } from '../generation.ts';
import type { Generation } from '../generation.ts';
import { pageOf, required, result } from '../http-routes.ts';
import type { HttpAnswer, HttpRequest, HttpRoutes } from '../http-routes.ts';
import { leftOut, Refusal } from '../refusal.ts';
import type { ConfigKey, StoredConfig } from './config.ts';
import type { ConfigStore, HistoryRow } from './config-store.ts';
import { refuseVersions } from './config-writes.ts';
import type { ConfigWrites, GivenKey } from './config-writes.ts';
import type { LongPolls } from './long-polls.ts';

export interface ConfigRoutesOptions {
  readonly generation: Generation;
  readonly store: ConfigStore;
  readonly writes: ConfigWrites;
  readonly longPolls: LongPolls;
}

/** How a version of the API names parameters. */
const v1Names = { namespaceId: 'tenant', group: 'group', configTags: 'config_tags', srcUser: 'src_user' };
const v3Names = { namespaceId: 'namespaceId', group: 'groupName', configTags: 'configTags', srcUser: 'srcUser' };
type ParameterNames = typeof v1Names;

/** Filters of lists that the real server has. */
const otherFilters = ['appName', 'config_tags', 'configTags', 'type', 'types', 'configDetail', 'config_detail'];

export function configRoutes(options: ConfigRoutesOptions): HttpRoutes {
  const { generation, longPolls, store } = options;
  const v1 = operationsOf(v1Names, options);
  const routes: HttpRoutes = {
    'GET /v1/cs/configs'(request) {
      const { search, show } = request.parameters;
      if (search === undefined && show !== 'all') return served(v1.cached(request));
      if (generation === '3.1') throw new Refusal('API deprecated', 'please use /v3/admin/cs/config instead');
      if (search !== undefined) return { body: pageOf(v1.search(request), request, configOfV1) };
      const found = store.stored(v1.keyOf(request), request.stale);
      return { body: found ? detailOfV1(found) : '' };
    },
    'POST /v1/cs/configs': (request) => v1.publish(request, { body: 'true' }),
    'DELETE /v1/cs/configs': (request) => v1.remove(request, { body: 'true' }),
    'POST /v1/cs/configs/listener': (request) => longPolls.handle(request),
  };
  if (generation === '2.3') {
    return {
      ...routes,
      'GET /v1/cs/history'(request) {
        const key = v1.keyOf(request);
        return { body: pageOf(store.history(key), request, (row) => historyOfV1(key, row)) };
      },
      'GET /v1/cs/history/configs'({ parameters }) {
        // Unlike all other requests, this list takes `public` for the namespace with the empty id.
        const tenant = parameters['tenant'] === 'public' ? '' : parameters['tenant'];
        const namespaceId = configNamespaceOf(generation, tenant);
        return {
          body: store
            .all()
            .filter(({ key }) => key.namespaceId === namespaceId)
            .map(nameOfV1),
        };
      },
    };
  }
  const v3 = operationsOf(v3Names, options);
  return {
    ...routes,
    'GET /v3/admin/cs/config'(request) {
      const found = store.stored(v3.keyOf(request), request.stale);
      if (!found) throw new Refusal('resource not found', 'Config not exist, please publish Config first.');
      return result(detailOfV3(found));
    },
    'POST /v3/admin/cs/config': (request) => v3.publish(request, result(true)),
    'DELETE /v3/admin/cs/config': (request) => v3.remove(request, result(true)),
    'GET /v3/admin/cs/config/list': (request) => result(pageOf(v3.search(request), request, configOfV3)),
    'GET /v3/admin/cs/history/list'(request) {
      const key = v3.keyOf(request);
      return result(pageOf(store.history(key), request, (row) => historyOfV3(key, row)));
    },
  };
}

/** What the versions do alike. Each throws Refusal. */
function operationsOf(names: ParameterNames, { generation, store, writes }: ConfigRoutesOptions) {
  const given = (request: HttpRequest): GivenKey => ({
    dataId: required(request, 'dataId'),
    group: required(request, names.group),
    namespaceId: request.parameters[names.namespaceId],
  });
  const keyOf = (request: HttpRequest): ConfigKey => writes.keyOf(given(request));
  return {
    keyOf,
    cached(request: HttpRequest): StoredConfig {
      refuseVersions(betaOf(request), request.parameters['tag']);
      const found = store.cached(keyOf(request), request.stale);
      if (!found) throw new Refusal('resource not found', 'config data not exist');
      return found;
    },
    publish(request: HttpRequest, done: HttpAnswer): HttpAnswer {
      const { clientIp, headers, parameters, username } = request;
      const configTags = parameters[names.configTags];
      const conditions = { casMd5: headers['casmd5'], betaIps: headers['betaips'] };
      const writer = { user: parameters[names.srcUser] ?? username ?? null, ip: clientIp };
      writes.publish({ ...parameters, ...given(request), configTags, ...conditions }, writer);
      return done;
    },
    remove(request: HttpRequest, done: HttpAnswer): HttpAnswer {
      const { clientIp: ip, parameters, username: user = null } = request;
      refuseVersions(betaOf(request), parameters['tag']);
      writes.remove(given(request), { user, ip });
      return done;
    },
    /** Of one namespace, by exact names or with wildcards; blank names are all. */
    search({ parameters }: HttpRequest): StoredConfig[] {
      const filter = otherFilters.find((name) => parameters[name]);
      if (filter) throw leftOut(`lists of configs by ${filter}`);
      const isBlur = parameters['search'] !== 'accurate';
      const namespaceId = configNamespaceOf(generation, parameters[names.namespaceId]);
      const isNamespaceId = matcherOf(namespaceId, isBlur);
      const isDataId = matcherOf(parameters['dataId'] || '*', isBlur || !parameters['dataId']);
      const isGroup = matcherOf(parameters[names.group] || '*', isBlur || !parameters[names.group]);
      return store
        .all()
        .filter(({ key }) => isNamespaceId(key.namespaceId) && isDataId(key.dataId) && isGroup(key.group));
    },
  };
}

/** With `beta=true` v1 means the beta version, which must not pass for the formal one. */
function betaOf({ parameters }: HttpRequest): string | undefined {
  return parameters['beta'] === 'true' ? 'true' : undefined;
}

/** A blurred search is SQL's LIKE, where `_` and `%` are wildcards, too. */
function matcherOf(text: string, isBlur: boolean): (value: string) => boolean {
  if (!isBlur) return (value) => value === text;
  const escaped = text.replaceAll(/[.+?^${}()|[\]\\]/g, String.raw`\$&`);
  const pattern = new RegExp(`^${escaped.replaceAll(/[*%]/g, '.*').replaceAll('_', '.')}$`, 's');
  return (value) => pattern.test(value);
}

const contentTypes: Readonly<Record<string, string | undefined>> = {
  json: 'application/json',
  xml: 'application/xml',
  html: 'text/html',
};

/** As applications read it. */
function served({ content, encryptedDataKey, md5, modifyTimeMs, type }: StoredConfig): HttpAnswer {
  const headers = {
    'content-type': `${contentTypes[type ?? 'text'] ?? 'text/plain'};charset=UTF-8`,
    'content-md5': md5,
    'config-type': type ?? 'text',
    'encrypted-data-key': encryptedDataKey,
    'last-modified': new Date(modifyTimeMs).toUTCString(),
  };
  return { headers, body: content };
}

/** With the content, and without md5 and type, as real lists are. */
function configOfV1({ appName, content, encryptedDataKey, id, key }: StoredConfig) {
  const { dataId, group, namespaceId: tenant } = key;
  return { id, dataId, group, content, md5: null, encryptedDataKey, tenant, appName, type: null };
}

/** All that this list tells of a config. */
function nameOfV1({ appName, id, key: { dataId, group, namespaceId: tenant }, type }: StoredConfig) {
  return { id, dataId, group, content: null, md5: null, tenant, appName, type: type ?? 'text' };
}

function detailOfV1(config: StoredConfig) {
  const { configTags, createTimeMs: createTime, desc, md5, modifyTimeMs: modifyTime, type, writer } = config;
  const by = { createUser: writer.user, createIp: writer.ip };
  return { ...configOfV1(config), md5, type: type ?? 'text', createTime, modifyTime, ...by, desc, configTags };
}

/** Lists leave the times out. */
function configOfV3({ appName, id, key, md5, type }: StoredConfig) {
  const { dataId, group: groupName, namespaceId } = key;
  return { id, namespaceId, groupName, dataId, md5, type: type ?? 'text', appName, createTime: 0, modifyTime: 0 };
}

function detailOfV3(config: StoredConfig) {
  const { configTags, content, createTimeMs, desc, encryptedDataKey, modifyTimeMs, writer } = config;
  const times = { createTime: createTimeMs, modifyTime: modifyTimeMs };
  const by = { createUser: writer.user, createIp: writer.ip };
  return { ...configOfV3(config), ...times, content, desc, encryptedDataKey, ...by, configTags };
}

function historyOfV1({ dataId, group, namespaceId: tenant }: ConfigKey, { id, operation, timeMs, writer }: HistoryRow) {
  const by = { srcIp: writer.ip, srcUser: writer.user, opType: operation };
  return { id, dataId, group, tenant, ...by, lastModifiedTime: new Date(timeMs).toISOString() };
}

function historyOfV3(key: ConfigKey, { id, operation, timeMs: modifyTime, writer }: HistoryRow) {
  const { dataId, group: groupName, namespaceId } = key;
  const by = { srcIp: writer.ip, srcUser: writer.user, opType: operation, publishType: 'formal' };
  return { id, dataId, groupName, namespaceId, ...by, modifyTime };
}
