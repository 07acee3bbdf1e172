/** The metric that says which build runs: always 1, the facts are its labels. Joins and dashboards group by them. */
import { Gauge, type Registry } from 'prom-client';

/** Registers `<prefix>build_info`; `prefix` ends with an underscore, `version` is the version of the program. */
export function registerBuildInfo(registry: Registry, prefix: string, version: string): void {
  new Gauge({
    name: `${prefix}build_info`,
    help: 'The build that runs; always 1.',
    labelNames: ['version', 'node'],
    registers: [registry],
  }).set({ version, node: process.versions.node }, 1);
}
