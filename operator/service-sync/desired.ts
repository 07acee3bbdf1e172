/**
 * What one export publishes of one Service: a record for each port with its instances, and what stands in the way.
 *
 * Pure: a function of API-server objects, with no clock and no name of a replica in it, so that it is the same on every
 * replica; but for addresses that are left to applications, which each replica sees in Nacos. Equal records of several
 * connections are one to Nacos, and records that differ in anything are two.
 */
import { instanceOf, type InstanceContext } from './desired-instance.ts';
import { membersOf, type EndpointSlice, type Member } from './endpoint-slices.ts';
import type { Instance } from '../nacos/index.ts';
import { namePorts } from './port-names.ts';
import type { Problem } from './problem.ts';
import { chooseSlices, portProblem } from './slice-choice.ts';

/** Counts the versions of what is made of the same input: replicas that differ would show every instance twice. */
export const PUBLICATION_FORMAT = 1;

export interface InstanceCounts {
  /** Members of the Service. */
  total: number;
  ready: number;
  /** Terminating. */
  draining: number;
  /** Offered to Nacos, whatever their state and whatever Nacos says. */
  published: number;
}

/** The record of one service in Nacos. */
export interface DesiredRecord {
  serviceName: string;
  instances: readonly Instance[];
  counts: InstanceCounts;
}

interface DesiredService {
  records: readonly DesiredRecord[];
  problems: readonly Problem[];
}

interface DesiredContext extends Omit<InstanceContext, 'isSelfRegistered'> {
  /** Whether an application has registered itself at the address of the member, and it is left to it. */
  isSelfRegistered: (serviceName: string, member: Member) => boolean;
}

/** Nacos' ParamCheckRule for service names, with its length. */
const SERVICE_NAME = /^(?!@)(?!.*@@)[\x21-\x7e]{1,512}$/;
/** Its rule for groups. */
const GROUP = /^[A-Za-z0-9._:-]{1,128}$/;

export function desiredService(slices: readonly EndpointSlice[], context: DesiredContext): DesiredService {
  const { export: rules, service } = context;
  if (!GROUP.test(rules.group)) return { records: [], problems: [groupProblem(rules.group)] };
  const { ports, problems } = namePorts(service, rules);
  const { chosen, problems: ofSlices } = chooseSlices(slices, service, rules.ipFamilies);
  if (ports.length > 0) problems.push(...ofSlices);
  const records: DesiredRecord[] = [];
  for (const { portName, serviceName } of ports) {
    if (!SERVICE_NAME.test(serviceName)) {
      problems.push(nameProblem(serviceName));
      continue;
    }
    const ofPort = portProblem(chosen, portName);
    if (ofPort !== undefined) problems.push(ofPort);
    const members = membersOf(chosen, portName);
    const isSelfRegistered = (member: Member) => context.isSelfRegistered(serviceName, member);
    const outcomes = members.map((member) => instanceOf(member, { ...context, isSelfRegistered }));
    const instances = outcomes.flatMap(({ instance }) => instance ?? []);
    problems.push(...outcomes.flatMap((outcome) => outcome.problems));
    records.push({ serviceName, instances, counts: countsOf(members, instances.length) });
  }
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

function groupProblem(group: string): Problem {
  const rule = 'must be 1 to 128 letters, digits, and the characters . _ : -';
  return { field: 'group', message: `'${group.slice(0, 100)}' ${rule}` };
}
