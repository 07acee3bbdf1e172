/**
 * What a NacosService says of itself: counts, the worst ten problems, and whether everything is in Nacos.
 *
 * Pure, and small whatever the number of Services. While records wait for their confirmation nothing is concluded, so
 * that neither a restart nor each change writes a status on its way.
 */
import { reasonOf } from '../error-catalogue.ts';
import type { NacosServiceStatus } from '../api/generated/nacos-service.ts';
import type { NacosService } from '../api/resources.ts';
import { setVerdicts, type Verdict } from '../kube/conditions.ts';
import type { InstanceCounts } from './desired.ts';
import type { Publication, PublishedRecord } from './publications.ts';

export interface ServiceFindings {
  /** What the export publishes, by Service. */
  publications: readonly (readonly [service: string, publication: Publication])[];
  /** Services that the guard holds. */
  held: number;
  /** Hosts in Nacos with our cluster id that nothing asks for. */
  ghosts: number;
}

type StatusProblem = NonNullable<NacosServiceStatus['problems']>[number];

const MAX_PROBLEMS = 10;

/** Undefined while records wait for their confirmation. */
export function serviceStatus(
  resource: NacosService,
  findings: ServiceFindings,
  nowMs: number,
): NacosServiceStatus | undefined {
  const records = findings.publications.flatMap(([, { records }]) => [...records.values()]);
  if (records.some(({ state }) => state === 'pending')) return undefined;
  const problems = findings.publications.flatMap(([key, { problems }]) =>
    problems.map((problem) => ({ service: nameOf(key), ...problem })),
  );
  const observedGeneration = resource.metadata.generation ?? 0;
  const published = publishedVerdict(resource, findings, records);
  const verdicts = {
    Ready: readyVerdict(published, problems, findings.held),
    Published: published,
    DeletionGuard: findings.held > 0 ? guardVerdict(findings.held) : undefined,
  };
  const conditions = setVerdicts(resource.status?.conditions ?? [], verdicts, observedGeneration, nowMs);
  return {
    observedGeneration,
    services: findings.publications.length,
    instances: sum(records.map(({ counts }) => counts)),
    ghosts: findings.ghosts,
    problems: problems.toSorted(byText).slice(0, MAX_PROBLEMS),
    conditions,
  };
}

/** Whether Nacos has confirmed every record. */
function publishedVerdict(
  { spec }: NacosService,
  { publications }: ServiceFindings,
  records: readonly PublishedRecord[],
): Verdict {
  const { serviceRef } = spec.source;
  if (publications.length === 0 && serviceRef !== undefined) {
    return { status: 'False', reason: 'ReferenceMissing', message: `Service '${serviceRef.name}' does not exist` };
  }
  const failures = records.flatMap(({ state, address }) => (typeof state === 'object' ? [{ ...state, address }] : []));
  const [first] = failures;
  if (first) {
    const more = failures.length > 1 ? `, and ${failures.length - 1} more` : '';
    const message = `'${first.address.service.serviceName}' could not be published: ${first.failed.message}${more}`;
    return { status: 'False', reason: reasonOf(first.failed.code), message };
  }
  const message = publications.length === 0 ? 'No Service is selected' : `Nacos has ${records.length} of our services`;
  return { status: 'True', reason: publications.length === 0 ? 'NothingSelected' : 'Published', message };
}

function readyVerdict(published: Verdict, problems: readonly StatusProblem[], held: number): Verdict {
  if (published.status !== 'True') return published;
  const [first] = problems.toSorted(byText);
  if (first) {
    const more = problems.length > 1 ? `, and ${problems.length - 1} more problems` : '';
    const where = first.member === undefined ? first.service : `${first.service}, ${first.member}`;
    return { status: 'False', reason: 'Invalid', message: `${where}: \`${first.field}\` ${first.message}${more}` };
  }
  return held > 0 ? { ...guardVerdict(held), status: 'False' } : published;
}

function guardVerdict(held: number): Verdict {
  const next = 'set the annotation `bridge.nacos.io/confirm-deletion: "true"` to let them go';
  const message = `The selector would drop more than half of its Services; ${held} are held: ${next}`;
  return { status: 'True', reason: 'SelectorDropsTooMuch', message };
}

function sum(counts: readonly InstanceCounts[]): InstanceCounts {
  const zero = { total: 0, ready: 0, draining: 0, published: 0 };
  return counts.reduce(
    (all, { total, ready, draining, published }) => ({
      total: all.total + total,
      ready: all.ready + ready,
      draining: all.draining + draining,
      published: all.published + published,
    }),
    zero,
  );
}

/** What stops a whole service comes before what stops one member. */
function byText(a: StatusProblem, b: StatusProblem): number {
  return textOf(a) < textOf(b) ? -1 : 1;
}

function textOf({ service, member = '', field, message }: StatusProblem): string {
  return [member === '' ? 0 : 1, service, member, field, message].join(' ');
}

function nameOf(key: string): string {
  return key.split('/').at(-1) ?? key;
}
