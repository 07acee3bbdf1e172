/** GET /metrics: everything in a registry, in the text format that Prometheus scrapes. */
import type { Registry } from 'prom-client';
import type { Route } from './server.ts';

export function metricsRoute(registry: Registry): Route {
  return {
    path: '/metrics',
    get: async () => ({ status: 200, contentType: registry.contentType, body: await registry.metrics() }),
  };
}
