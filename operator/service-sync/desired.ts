/**
 * What one export publishes of one Service: a record for each port with its instances, and what stands in the way.
 *
 * Pure: a function of API-server objects alone, with no clock and no name of a replica in it, so that it is the same on every
 * replica. Equal records of several connections are one to Nacos, and records that differ in anything are two.
 *
 *   endpoint                 Healthy                      Enabled          Remove
 *   ready                    healthy, enabled             the same         the same
 *   not ready                healthy=false, enabled       enabled=false    left out
 *   terminating              enabled=false                the same         the same
 *
 * One illegal instance makes a server refuse the whole list, so each is checked here by the server's rules
 * (its ParamCheckRule), and a bad one is left out and named.
 */
import { METADATA_KEYS, WEIGHT_ANNOTATION } from '../api/names.ts';
import type { KubeObject } from '../kube/resource.ts';
import type { Instance } from '../nacos/index.ts';
import { membersOf, type EndpointSlice, type Member } from './endpoint-slices.ts';
import { namePorts, usesPods, type Service, type ServiceExport } from './service-export.ts';

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

interface DesiredService {
  records: readonly DesiredRecord[];
  problems: readonly Problem[];
}

/** Something that cannot be published, in words for the status. */
export interface Problem {
  /** The address of the instance; undefined when it is about the whole service. */
  member?: string;
  field: string;
  /** The value, if it may be shown, and the rule. */
  message: string;
}

interface DesiredContext {
  clusterId: string;
  export: ServiceExport;
  service: Service;
  /** Labels and annotations of a pod of the Service's namespace; undefined when they are not known. */
  pod: (name: string) => KubeObject | undefined;
}

/** Nacos' ParamCheckRule for service names, with its length. */
const SERVICE_NAME = /^(?!@)(?!.*@@)[\x21-\x7e]{1,512}$/;
const MAX_METADATA_CHARACTERS = 1024;
const MAX_WEIGHT = 10_000;
const CLUSTER_NAME = /^[0-9a-zA-Z_-]{1,64}$/;
const WEIGHT = /^\d{1,5}(\.\d{1,6})?$/;
/** With it equal instances get different ids, and never merge. */
const FORBIDDEN_KEY = 'preserved.instance.id.generator';

export function desiredService(slices: readonly EndpointSlice[], context: DesiredContext): DesiredService {
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

function instanceOf(member: Member, context: DesiredContext): { instance?: Instance; problem?: Problem } {
  const rules = context.export;
  if (!member.isReady && !member.isTerminating && rules.readiness === 'Remove') return {};
  const pod = member.podName === undefined || !usesPods(rules) ? undefined : context.pod(member.podName);
  // The slice came before its pod: what is not known yet is not published, rather than published twice.
  if (pod === undefined && member.podName !== undefined && usesPods(rules)) return {};
  const weight = weightOf(rules, pod);
  const clusterName = rules.cluster.kind === 'fixed' ? rules.cluster.name : (member.zone ?? 'DEFAULT');
  const metadata = metadataOf(member, context, pod);
  const problem = clusterProblem(clusterName) ?? metadataProblem(metadata) ?? weight.problem;
  if (problem) return { problem: { member: `${member.ip}:${member.port}`, ...problem } };
  const isShown = member.isReady || rules.readiness !== 'Enabled';
  const instance: Instance = {
    ip: member.ip,
    port: member.port,
    weight: weight.value,
    healthy: member.isReady && !member.isTerminating,
    enabled: isShown && !member.isTerminating,
    clusterName,
    metadata,
  };
  return { instance };
}

/** Keys of ours come last and win; the order of the keys is that of their names. */
function metadataOf(member: Member, context: DesiredContext, pod: KubeObject | undefined): Record<string, string> {
  const { clusterId, export: rules, service } = context;
  const labels = rules.podLabels.flatMap((key) => {
    const value = pod?.metadata.labels?.[key];
    return value === undefined ? [] : [[key, value] as const];
  });
  const all: Record<string, string | undefined> = {
    ...Object.fromEntries(labels),
    ...rules.metadata,
    [METADATA_KEYS.cluster]: clusterId,
    [METADATA_KEYS.namespace]: service.metadata.namespace,
    [METADATA_KEYS.service]: service.metadata.name,
    [METADATA_KEYS.zone]: member.zone,
  };
  const entries = Object.entries(all).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return Object.fromEntries(entries.toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

function metadataProblem(metadata: Record<string, string>): Problem | undefined {
  if (FORBIDDEN_KEY in metadata) return { field: 'metadata', message: `key '${FORBIDDEN_KEY}' must not be set` };
  const total = Object.entries(metadata).reduce((sum, [key, value]) => sum + key.length + value.length, 0);
  if (total <= MAX_METADATA_CHARACTERS) return undefined;
  const rule = `must have at most ${MAX_METADATA_CHARACTERS} characters in all keys and values`;
  return { field: 'metadata', message: `has ${total} characters and ${rule}` };
}

function clusterProblem(name: string): Problem | undefined {
  if (CLUSTER_NAME.test(name)) return undefined;
  const rule = 'must be 1 to 64 letters, digits, and the characters - _';
  return { field: 'clusterName', message: `'${name.slice(0, 100)}' ${rule}` };
}

function weightOf(
  { usesPodAnnotations, weight }: ServiceExport,
  pod: KubeObject | undefined,
): { value: number; problem?: Problem } {
  const text = usesPodAnnotations ? pod?.metadata.annotations?.[WEIGHT_ANNOTATION] : undefined;
  if (text === undefined) return { value: weight };
  const value = WEIGHT.test(text) ? Number(text) : NaN;
  if (value <= MAX_WEIGHT) return { value };
  const message = `'${text.slice(0, 100)}' must be a decimal number from 0 to ${MAX_WEIGHT}`;
  return { value: weight, problem: { field: `annotation ${WEIGHT_ANNOTATION}`, message } };
}
