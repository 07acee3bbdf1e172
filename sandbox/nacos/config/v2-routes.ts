/** The HTTP API v2 for configs, which 2.3 has and 3.1 no longer serves. */
import { pageOf, result, resultFailure } from '../http-replies.ts';
import type { HttpRoute } from '../http-route.ts';
import { keyOf, publish, remove, v2Names } from './http-configs.ts';
import type { ConfigRouteOptions } from './route-options.ts';
import { historyBasic } from './v1-routes.ts';

export function v2Routes(options: ConfigRouteOptions): HttpRoute[] {
  const { generation, store } = options;
  return [
    {
      method: 'GET',
      path: '/v2/cs/config',
      handle(request) {
        const config = store.cached(keyOf(generation, v2Names, request), request.stale);
        if (!config) return resultFailure(20_004, 'config data not exist');
        const headers = {
          'content-type': 'application/json;charset=UTF-8',
          'content-md5': config.md5,
          'config-type': config.type ?? 'text',
          'encrypted-data-key': config.encryptedDataKey,
          'last-modified': new Date(config.modifyTimeMs).toUTCString(),
        };
        return { ...result(config.content), headers };
      },
    },
    {
      method: 'POST',
      path: '/v2/cs/config',
      handle: (request) =>
        publish(options, v2Names, request, {
          invalid: (fault) => resultFailure(20_002, fault),
          blank: (fault) => resultFailure(20_002, fault),
          casFailed: () => resultFailure(20_005, 'Cas publish fail, server md5 may have changed.'),
        }) ?? result(true),
    },
    {
      method: 'DELETE',
      path: '/v2/cs/config',
      handle(request) {
        remove(options, v2Names, request);
        return result(true);
      },
    },
    {
      method: 'GET',
      path: '/v2/cs/history/list',
      handle: (request) =>
        result(pageOf(store.history.rowsOf(keyOf(generation, v2Names, request)), request, historyBasic)),
    },
  ];
}
