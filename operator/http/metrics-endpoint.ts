/** GET /metrics: everything in a registry, in the text format that Prometheus scrapes; and the metric that says which build it is. */
import { collectDefaultMetrics, Gauge, Registry } from 'prom-client';
import type { Route } from './server.ts';

export function metricsRoute(registry: Registry): Route {
  return {
    path: '/metrics',
    get: async () => ({ status: 200, contentType: registry.contentType, body: await registry.metrics() }),
  };
}

/** With the process' own figures and its build. `prefix` ends with an underscore, `version` is that of the program. */
export function createRegistry(prefix: string, version: string): Registry {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  registerBuildInfo(registry, prefix, version);
  return registry;
}

/**
 * Registers `<prefix>build_info`: always 1, the facts are its labels, and joins and dashboards group by them. `prefix` ends
 * with an underscore, `version` is that of the program.
 */
export function registerBuildInfo(registry: Registry, prefix: string, version: string): void {
  new Gauge({
    name: `${prefix}build_info`,
    help: 'The build that runs; always 1.',
    labelNames: ['version', 'node'],
    registers: [registry],
  }).set({ version, node: process.versions.node }, 1);
}
