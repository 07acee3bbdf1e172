/**
 * What a NacosService says of itself: counts, the worst ten of what is not as it should be, and its conditions.
 *
 * Pure, and small whatever the number of Services.
 */
import type { NacosServiceStatus } from '../api/generated/nacos-service.ts';
import type { NacosService } from '../api/resources.ts';
import { setVerdicts } from '../kube/conditions.ts';
import { parseKey } from '../kube/resource.ts';
import type { HostFinding } from './host-findings.ts';
import type { PublishedRecord } from './publications.ts';
import type { ShownFinding } from './shown-hosts.ts';
import type { Judgement, ServiceFindings } from './verdicts.ts';

const WORST = 10;

/** @param nowMs since the epoch */
export function serviceStatus(
  resource: NacosService,
  { publications, shown }: ServiceFindings,
  { guard, overridden, problems, published, ready }: Judgement,
  nowMs: number,
): NacosServiceStatus {
  const observedGeneration = resource.metadata.generation ?? 0;
  const verdicts = { Ready: ready, Published: published, Overridden: overridden, DeletionGuard: guard };
  const conditions = setVerdicts(resource.status?.conditions ?? [], verdicts, observedGeneration, nowMs);
  const ghosts = ofKind(shown, 'ghost');
  const twins = ofKind(shown, 'twin');
  return {
    observedGeneration,
    services: publications.length,
    instances: countsOf(publications.flatMap(([, { records }]) => [...records.values()])),
    ghosts: ghosts.length,
    ...named(
      'ghostHosts',
      ghosts.map(({ member, service }) => ({ service, member })),
    ),
    twins: twins.length,
    ...named(
      'twinHosts',
      twins.map(({ member, service }) => ({ service, member })),
    ),
    ...named(
      'overrides',
      ofKind(shown, 'override').map(({ kind: _, ...override }) => override),
    ),
    problems: problems.slice(0, WORST),
    conditions,
  };
}

/** The worst of them, where there are any. */
function named<K extends string, T>(field: K, all: readonly T[]): { [field in K]?: T[] } {
  return all.length === 0 ? {} : ({ [field]: all.slice(0, WORST) } as { [field in K]: T[] });
}

/** By name, so that it is the same each time. */
function ofKind<K extends HostFinding['kind']>(shown: readonly ShownFinding[], kind: K) {
  return shown
    .flatMap(({ service, finding }) =>
      finding.kind === kind
        ? [{ service: parseKey(service).name, ...(finding as Extract<HostFinding, { kind: K }>) }]
        : [],
    )
    .toSorted((a, b) => (`${a.service} ${a.member}` < `${b.service} ${b.member}` ? -1 : 1));
}

/** An endpoint counts once for each port. */
function countsOf(records: readonly PublishedRecord[]) {
  const counts = { total: 0, ready: 0, draining: 0, published: 0, pending: 0 };
  for (const { counts: own, instances, state } of records) {
    counts.total += own.total;
    counts.ready += own.ready;
    counts.draining += own.draining;
    if (state === 'confirmed') counts.published += instances.length;
    if (state === 'pending') counts.pending += instances.length;
  }
  return counts;
}
