/**
 * The table in `docs/metrics.md`: made from the metrics themselves, so that no name in it can be wrong.
 */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { Registry } from 'prom-client';
import { METRICS_PREFIX } from '../../operator/api/names.ts';
import { systemClock } from '../../operator/clock.ts';
import { createConfigMetrics } from '../../operator/config-sync/metrics.ts';
import { registerBuildInfo } from '../../operator/http/metrics-endpoint.ts';
import { createNacosMetrics } from '../../operator/connections/nacos-metrics.ts';
import { ConditionTally } from '../../operator/kube/condition-tally.ts';
import { createKubeMetrics } from '../../operator/kube/metrics.ts';
import { createReplicaMetrics } from '../../operator/replicas/metrics.ts';
import { createRuntimeMetrics } from '../../operator/runtime/metrics.ts';
import { createServiceMetrics } from '../../operator/service-sync/metrics.ts';
import { Publications } from '../../operator/service-sync/publications.ts';
import { type Derived, markdown } from './derived.ts';
import { replaceSection } from './section.ts';

const file = 'docs/metrics.md';

interface Metric {
  readonly name: string;
  readonly help: string;
  readonly type: string;
  readonly labelNames: readonly string[];
}

export async function metricsTable(root: string): Promise<Derived> {
  const rows = describeMetrics().map(({ name, type, labelNames, help }) => {
    const labels = labelNames.map((label) => `\`${label}\``).join(', ');
    return `| \`${name}\` | ${type} | ${labels} | ${help} |`;
  });
  const table = ['| name | type | labels | meaning |', '|---|---|---|---|', ...rows].join('\n');
  const text = await readFile(path.join(root, file), 'utf8');
  return markdown(file, replaceSection(text, 'metrics', table));
}

/** Every metric that the operator registers: its own first, then those with the names of other operators. */
export function describeMetrics(): Metric[] {
  const registry = new Registry();
  registerBuildInfo(registry, METRICS_PREFIX, '');
  const conditions = new ConditionTally();
  createConfigMetrics({ registry, prefix: METRICS_PREFIX, clock: systemClock, conditions, items: () => ({}) });
  createServiceMetrics({
    registry,
    prefix: METRICS_PREFIX,
    clock: systemClock,
    publications: new Publications(),
    shownHosts: { total: () => 0 },
    formers: () => 0,
  });
  createReplicaMetrics(registry, METRICS_PREFIX, () => ({ states: [], refused: 0, rivals: 0, blindness: [] }));
  createNacosMetrics(registry, METRICS_PREFIX);
  createKubeMetrics(registry, METRICS_PREFIX);
  createRuntimeMetrics(registry);
  // prom-client's types do not tell that its metrics carry their label names.
  const metrics = registry.getMetricsAsArray() as unknown as (Metric & { constructor: { name: string } })[];
  return metrics
    .map(({ name, help, labelNames, constructor }) => ({
      name,
      help,
      labelNames,
      type: constructor.name.toLowerCase(),
    }))
    .toSorted((a, b) => Number(isForeign(a)) - Number(isForeign(b)) || a.name.localeCompare(b.name));
}

function isForeign({ name }: Metric): boolean {
  return !name.startsWith(METRICS_PREFIX);
}
