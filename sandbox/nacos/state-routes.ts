/**
 * What the server tells of itself over HTTP without a login: its version, and that it serves.
 */
import { traits } from './generation.ts';
import type { Generation } from './generation.ts';
import { result } from './http-routes.ts';
import type { HttpRoutes } from './http-routes.ts';

export function stateRoutes(generation: Generation, isAuthEnabled: boolean): HttpRoutes {
  const { version } = traits[generation];
  if (generation === '2.3') {
    return {
      'GET /v1/console/server/state': () => ({ body: { standalone_mode: 'standalone', version } }),
      'GET /v1/console/health/readiness': () => ({ body: 'OK' }),
      'GET /v1/console/health/liveness': () => ({ body: 'OK' }),
    };
  }
  const state = { version, startup_mode: 'standalone', auth_enabled: String(isAuthEnabled) };
  return {
    'GET /v3/admin/core/state': () => result(state),
    'GET /v3/admin/core/state/readiness': () => result('ok'),
    'GET /v3/admin/core/state/liveness': () => result('ok'),
  };
}
