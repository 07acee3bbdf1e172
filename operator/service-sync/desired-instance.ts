/**
 * The instance that stands for one member of a Service in Nacos.
 *
 *   endpoint                          Healthy                      Enabled          Remove
 *   ready                             healthy, enabled             the same         the same
 *   not ready                         healthy=false, enabled       enabled=false    left out
 *   terminating                       enabled=false                the same         the same
 *   its pod says `export: "false"`    left out
 *   left to the application           left out
 *   its pod counts, and is unknown    left out, and told
 *
 * One illegal instance makes a server refuse the whole list, so each is checked here by the server's rules (its
 * ParamCheckRule). A value that breaks one is replaced by its default and told: no slip in a weight or a label takes a live
 * pod out of the registry.
 */
import { EXPORT_ANNOTATION, METADATA_KEYS, WEIGHT_ANNOTATION } from '../api/names.ts';
import { ownValue } from '../kube/own-value.ts';
import type { KubeObject } from '../kube/resource.ts';
import type { Instance } from '../nacos/index.ts';
import type { Member } from './endpoint-slices.ts';
import { memberText, type Problem } from './problem.ts';
import { DEFAULT_CLUSTER, usesPods, type Service, type ServiceExport } from './service-export.ts';

export interface InstanceContext {
  clusterId: string;
  export: ServiceExport;
  service: Service;
  /** Labels and annotations of a pod of the Service's namespace; undefined when they are not known. */
  pod: (name: string) => KubeObject | undefined;
  isSelfRegistered: (member: Member) => boolean;
}

interface Outcome {
  instance?: Instance;
  problems: readonly Problem[];
}

/** A value that may be sent, and why it is not the one that was asked for. */
interface Settled<T> {
  readonly value: T;
  readonly problem?: Problem;
}

const MAX_METADATA_CHARACTERS = 1024;
const MAX_WEIGHT = 10_000;
const CLUSTER_NAME = /^[0-9a-zA-Z_-]{1,64}$/;
/** As YAML and JSON write numbers, and as people do. */
const NUMBER = /^\+?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;
/** With it equal instances get different ids, and never merge. */
const FORBIDDEN_KEY = 'preserved.instance.id.generator';

export function instanceOf(member: Member, context: InstanceContext): Outcome {
  const rules = context.export;
  const pod = podOf(member, context);
  if (!member.isReady && !member.isTerminating && rules.readiness === 'Remove') return { problems: [] };
  if (pod === 'unknown') return { problems: [unknownPod(member)] };
  if (isLeftOut(rules, pod) || context.isSelfRegistered(member)) return { problems: [] };
  const weight = weightOf(rules, pod);
  const clusterName = clusterOf(rules, member);
  const metadata = metadataOf(member, context, pod);
  const at = memberText(member);
  const problems = [exportProblem(rules, pod), weight.problem, clusterName.problem, metadata.problem].flatMap(
    (problem) => (problem ? [{ member: at, ...problem }] : []),
  );
  const isShown = member.isReady || rules.readiness !== 'Enabled';
  const instance: Instance = {
    ip: member.ip,
    port: member.port,
    weight: weight.value,
    healthy: member.isReady && !member.isTerminating,
    enabled: isShown && !member.isTerminating,
    clusterName: clusterName.value,
    metadata: metadata.value,
  };
  return { instance, problems };
}

function podOf({ podName }: Member, { export: rules, pod }: InstanceContext): KubeObject | 'unknown' | undefined {
  if (podName === undefined || !usesPods(rules)) return undefined;
  return pod(podName) ?? 'unknown';
}

/** Most often the slice came before its pod: published with other metadata now and then, it would stand there twice. */
function unknownPod(member: Member): Problem {
  const message = `pod '${member.podName}' is not known, and its labels or annotations count; the address is not registered`;
  return { member: memberText(member), field: 'targetRef', message };
}

function exportProblem({ usesPodAnnotations }: ServiceExport, pod: KubeObject | undefined): Problem | undefined {
  const text = usesPodAnnotations ? pod?.metadata.annotations?.[EXPORT_ANNOTATION] : undefined;
  if (text === undefined || text === 'true') return undefined;
  const message = `'${text.slice(0, 100)}' must be "true" or "false"; the pod is registered`;
  return { field: `annotation ${EXPORT_ANNOTATION}`, message };
}

function isLeftOut({ usesPodAnnotations }: ServiceExport, pod: KubeObject | undefined): boolean {
  return usesPodAnnotations && pod?.metadata.annotations?.[EXPORT_ANNOTATION] === 'false';
}

/** What is copied from the pod goes first when it is too much, then what is declared; whose it is must stay. */
function metadataOf(
  member: Member,
  context: InstanceContext,
  pod: KubeObject | undefined,
): Settled<Record<string, string>> {
  const { podLabels, metadata: declared } = context.export;
  const labels = Object.fromEntries(
    podLabels.flatMap((key) => {
      const value = ownValue(pod?.metadata.labels, key);
      return value === undefined ? [] : [[key, value] as const];
    }),
  );
  const all = withOurs({ ...labels, ...declared }, member, context);
  const problem = metadataProblem(all);
  if (problem === undefined) return { value: all };
  const { [FORBIDDEN_KEY]: _, ...allowed } = declared;
  const value = [withOurs(allowed, member, context), withOurs({}, member, context)].find(
    (each) => !metadataProblem(each),
  );
  return { value: value ?? {}, problem };
}

/** Keys of ours come last and win; the order of the keys is that of their names. */
function withOurs(
  others: Record<string, string>,
  member: Member,
  { clusterId, service }: InstanceContext,
): Record<string, string> {
  const all: Record<string, string | undefined> = {
    ...others,
    [METADATA_KEYS.cluster]: clusterId,
    [METADATA_KEYS.namespace]: service.metadata.namespace,
    [METADATA_KEYS.service]: service.metadata.name,
    [METADATA_KEYS.zone]: member.zone,
  };
  const entries = Object.entries(all).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return Object.fromEntries(entries.toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

function metadataProblem(metadata: Record<string, string>): Problem | undefined {
  if (Object.hasOwn(metadata, FORBIDDEN_KEY))
    return { field: 'metadata', message: `key '${FORBIDDEN_KEY}' must not be set` };
  const total = Object.entries(metadata).reduce((sum, [key, value]) => sum + key.length + value.length, 0);
  if (total <= MAX_METADATA_CHARACTERS) return undefined;
  const rule = `must have at most ${MAX_METADATA_CHARACTERS} characters in all keys and values`;
  return { field: 'metadata', message: `has ${total} characters and ${rule}; what does not fit is left out` };
}

function clusterOf({ cluster }: ServiceExport, { zone = DEFAULT_CLUSTER }: Member): Settled<string> {
  const name = cluster.kind === 'fixed' ? cluster.name : zone;
  if (CLUSTER_NAME.test(name)) return { value: name };
  const rule = `must be 1 to 64 letters, digits, and the characters - _; '${DEFAULT_CLUSTER}' takes its place`;
  return { value: DEFAULT_CLUSTER, problem: { field: 'clusterName', message: `'${name.slice(0, 100)}' ${rule}` } };
}

function weightOf({ usesPodAnnotations, weight }: ServiceExport, pod: KubeObject | undefined): Settled<number> {
  const text = usesPodAnnotations ? pod?.metadata.annotations?.[WEIGHT_ANNOTATION] : undefined;
  if (text === undefined) return { value: weight };
  const value = NUMBER.test(text.trim()) ? Number(text) : NaN;
  if (value <= MAX_WEIGHT) return { value };
  const message = `'${text.slice(0, 100)}' must be a number from 0 to ${MAX_WEIGHT}, as 0.5 or 10; ${weight} takes its place`;
  return { value: weight, problem: { field: `annotation ${WEIGHT_ANNOTATION}`, message } };
}
