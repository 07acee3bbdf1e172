/**
 * All that is not as an export asked for, in words: what could not be published, and what stands beside it in Nacos. Pure.
 */
import { parseKey } from '../kube/resource.ts';
import type { HostFinding } from './host-findings.ts';
import type { Problem } from './problem.ts';
import type { Publication } from './publications.ts';
import { parseExportId } from './service-export.ts';
import type { ShownFinding } from './shown-hosts.ts';

export interface ServiceProblem extends Problem {
  /** The name of the Service. */
  readonly service: string;
}

const REGISTER_ENABLED = 'spring.cloud.nacos.discovery.register-enabled=false';

/** The worst first. Where it cannot be told what is to be published there is another word for it. */
export function problemsOf(
  publications: readonly (readonly [service: string, publication: Publication])[],
  shown: readonly ShownFinding[],
): readonly ServiceProblem[] {
  const ofPublications = publications.flatMap(([key, { failure, problems }]) =>
    failure ? [] : problems.map((problem) => ({ service: parseKey(key).name, ...problem })),
  );
  const ranks = new Map(publications.map(([key, { rank }]) => [key, rank]));
  const ofHosts = shown.flatMap(({ service, finding }) => {
    const problem = problemOf(finding, ranks.get(service) ?? '');
    return problem === undefined ? [] : [{ service: parseKey(service).name, ...problem }];
  });
  return [...ofPublications, ...ofHosts].toSorted(byText);
}

/** Of two exports that publish hosts of one service the later one is told. */
function problemOf(finding: HostFinding, rank: string): Problem | undefined {
  if (finding.kind === 'twin') {
    const message = `somebody else has registered this address, too, most often the application itself: it stands there twice, and stays when the pod is not ready; switch that off (${REGISTER_ENABLED}), or leave it to the application by \`selfRegistered: Yield\` of a NacosService`;
    return { member: finding.member, field: 'selfRegistered', message };
  }
  if (finding.kind !== 'shared' || finding.by.rank > rank) return undefined;
  const { key, kind } = parseExportId(finding.by.exportId);
  const whose = kind === 'NacosService' ? `NacosService ${key}` : `the annotations of Service ${key}`;
  const message = `the name is used for ${finding.member}, too, by ${whose}; choose another name`;
  return { field: 'serviceName', message };
}

/** What stops a whole service comes before what stops one member. */
function byText(a: ServiceProblem, b: ServiceProblem): number {
  return textOf(a) < textOf(b) ? -1 : 1;
}

function textOf({ service, member = '', field, message }: ServiceProblem): string {
  return [member === '' ? 0 : 1, service, member, field, message].join(' ');
}
