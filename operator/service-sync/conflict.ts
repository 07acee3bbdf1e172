/** What an export is told that may not have a name in Nacos: who has it, and what to do. Pure. */
import { parseKey } from '../kube/resource.ts';
import type { Problem } from './problem.ts';
import type { NameClaim } from './name-claims.ts';
import { parseExportId, type ServiceExport } from './service-export.ts';

/** `service` is the one that the loser was to publish under the name, by `namespace/name`. */
export function conflictOf(
  loser: ServiceExport,
  service: string,
  { address, exportId, ...winner }: NameClaim,
): Problem {
  const { group, serviceName } = address.service;
  const name = `'${serviceName}' in group '${group}'`;
  const other = parseExportId(exportId);
  const field = 'serviceName';
  if (exportId === loser.id && winner.service === service) {
    return { field, message: `${name} is the name of another port before it; give each port a name of its own` };
  }
  if (exportId === loser.id) {
    const which = `Service '${parseKey(winner.service).name}', which is older or comes first by name`;
    return { field, message: `${name} is the name of ${which}; rename one of the two` };
  }
  const isAnnotated = parseExportId(loser.id).kind === 'Service';
  if (isAnnotated && other.kind === 'NacosService' && winner.service === service) {
    const whose = `NacosService '${parseKey(other.key).name}'`;
    return {
      field,
      message: `${name}: ${whose} publishes this Service already; remove the annotation, or choose another name`,
    };
  }
  const whose = other.kind === 'NacosService' ? `NacosService ${other.key}` : `the annotations of Service ${other.key}`;
  const why = isAnnotated && other.kind === 'NacosService' ? 'which comes before annotations' : 'which is older';
  return { field, message: `${name} is published by ${whose}, ${why}; choose another name` };
}
