/**
 * What names one service. Naming requests take the namespace literally, and there the public one is 'public': '' would be
 * another namespace on servers before 3.0. (Configs have it the other way round, see config-key.ts.)
 */
import type { ServiceKey } from './naming-types.ts';

export function normaliseService({ namespaceId, group, serviceName }: ServiceKey): ServiceKey {
  return { namespaceId: namespaceId === '' ? 'public' : namespaceId, group, serviceName };
}

/** For maps. None of the three parts may hold a blank, so no two services are written alike. */
export function serviceText(service: ServiceKey): string {
  const { namespaceId, group, serviceName } = normaliseService(service);
  return `${namespaceId} ${group} ${serviceName}`;
}

/** For people. */
export function describeService(service: ServiceKey): string {
  const { namespaceId, group, serviceName } = normaliseService(service);
  const name = `${group}/${serviceName}`;
  return namespaceId === 'public' ? name : `${name} of namespace ${namespaceId}`;
}
