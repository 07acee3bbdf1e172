/**
 * What one export publishes of one Service: a record for each port, and what stands in the way.
 *
 * Pure: a function of API-server objects alone, with no clock and no name of a replica in it.
 */
import type { Instance } from '../nacos/index.ts';
import { instanceOf, type InstanceContext, type Problem } from './instances.ts';
import type { EndpointSlice } from './kube-objects.ts';
import { membersOf, type Member } from './members.ts';
import { namePorts } from './port-names.ts';

/** Counts the versions of what is made of the same input: replicas that differ would show every instance twice. */
export const PUBLICATION_FORMAT = 1;

export interface InstanceCounts {
  /** Members of the Service. */
  total: number;
  ready: number;
  /** Terminating. */
  draining: number;
  /** Offered to Nacos, whatever their state. */
  published: number;
}

/** The record of one service in Nacos. */
export interface DesiredRecord {
  serviceName: string;
  instances: readonly Instance[];
  counts: InstanceCounts;
}

export interface DesiredService {
  records: readonly DesiredRecord[];
  problems: readonly Problem[];
}

/** Nacos' ParamCheckRule for service names, with its length. */
const SERVICE_NAME = /^(?!@)(?!.*@@)[\x21-\x7e]{1,512}$/;

export function desiredService(slices: readonly EndpointSlice[], context: InstanceContext): DesiredService {
  const { export: rules, service } = context;
  const ports = namePorts(service, rules);
  if (ports.length === 0) {
    const wanted = rules.ports === undefined ? 'it has no ports' : 'it has none of the ports that are listed';
    return { records: [], problems: [{ field: 'ports', message: `nothing can be published: ${wanted}` }] };
  }
  const named = ports.filter(({ serviceName }) => SERVICE_NAME.test(serviceName));
  const problems = ports
    .filter(({ serviceName }) => !SERVICE_NAME.test(serviceName))
    .map(({ serviceName }) => nameProblem(serviceName));
  const records = named.map(({ serviceName, portName }) => {
    const members = membersOf(slices, portName);
    const outcomes = members.map((member) => instanceOf(member, context));
    const instances = outcomes.flatMap(({ instance }) => instance ?? []);
    problems.push(...outcomes.flatMap(({ problem }) => problem ?? []));
    return { serviceName, instances, counts: countsOf(members, instances.length) };
  });
  return { records, problems };
}

function countsOf(members: readonly Member[], published: number): InstanceCounts {
  const draining = members.filter(({ isTerminating }) => isTerminating).length;
  const ready = members.filter(({ isReady, isTerminating }) => isReady && !isTerminating).length;
  return { total: members.length, ready, draining, published };
}

function nameProblem(serviceName: string): Problem {
  const rule = "must be 1 to 512 printable ASCII characters without blanks, without '@@', and not begin with '@'";
  return { field: 'serviceName', message: `'${serviceName.slice(0, 100)}' ${rule}` };
}
