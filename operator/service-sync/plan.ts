/**
 * What an export may publish of a Service. Pure.
 *
 *   when                                                  its records               the problem that is told
 *   its connection does not exist                         none                      `connectionRef`
 *   its connection cannot be used                         stay as they are          `connectionRef`
 *   labels of pods count, and pods cannot be listed       stay as they are          `metadataFrom`
 *   labels of pods count, and pods are not listed yet     stay as they are          none
 *   an export of a lesser rank wants one of its names     without that one          `serviceName`
 *   else                                                  what desired.ts says      what desired.ts says
 *
 * What cannot be told is no evidence against what is there.
 */
import type { ConnectionDirectory, ConnectionHandle } from '../connections/connection-directory.ts';
import { isBridgeError, type BridgeError } from '../errors.ts';
import type { KubeObject } from '../kube/resource.ts';
import { normaliseNamespaceId } from '../nacos/index.ts';
import { desiredService, type DesiredRecord, type Problem } from './desired.ts';
import type { EndpointSlice } from './endpoint-slices.ts';
import { addressText, type Publication, type PublishedRecord, type RecordAddress } from './publications.ts';
import { rankOf, usesPods, type Service, type ServiceExport } from './service-export.ts';

/** What is known of a Service and around it. */
export interface PlanInput {
  readonly clusterId: string;
  readonly service: Service;
  readonly slices: readonly EndpointSlice[];
  readonly directory: Pick<ConnectionDirectory, 'find'>;
  /** Whether the pods are known. @throws BridgeError KUBE_UNAVAILABLE when they cannot be listed */
  readonly hasPods: () => boolean;
  /** A pod of the namespace of the Service. */
  readonly pod: (name: string) => KubeObject | undefined;
}

/** What one export wants, before it is known which of its names it may have. */
export interface ExportPlan {
  readonly rules: ServiceExport;
  /** By the text of their address. */
  readonly wanted: ReadonlyMap<string, { address: RecordAddress; record: DesiredRecord }>;
  readonly problems: readonly Problem[];
  /** Whether it can be told what is wanted. */
  readonly isKnown: boolean;
  /** Why it cannot. */
  readonly failure?: BridgeError;
}

export function planExport(rules: ServiceExport, input: PlanInput): ExportPlan {
  const { clusterId, directory, hasPods, pod, service, slices } = input;
  let connection: ConnectionHandle;
  try {
    connection = directory.find(rules.connection);
    if (usesPods(rules) && !hasPods()) return { rules, wanted: new Map(), problems: [], isKnown: false };
  } catch (error) {
    if (!isBridgeError(error)) throw error;
    const field = error.code === 'KUBE_UNAVAILABLE' ? 'metadataFrom' : 'connectionRef';
    const problems = [{ field, message: error.message }];
    // A connection is there until nobody names it, so one that is gone was taken away on purpose.
    return { rules, wanted: new Map(), problems, isKnown: error.code === 'REFERENCE_MISSING', failure: error };
  }
  const { records, problems } = desiredService(slices, { clusterId, export: rules, service, pod });
  const namespaceId = normaliseNamespaceId(rules.namespaceId ?? connection.namespaceId);
  const wanted = records.map((record) => {
    const target = { namespaceId, group: rules.group, serviceName: record.serviceName };
    const address = { connection: rules.connection, client: connection.client, service: target };
    return [addressText(address), { address, record }] as const;
  });
  return { rules, wanted: new Map(wanted), problems, isKnown: true };
}

/** The names that a Service wants, each with the least rank of its exports that want it. `before` is by export. */
export function claimsOf(
  plans: readonly ExportPlan[],
  before: ReadonlyMap<string, Publication>,
): ReadonlyMap<string, string> {
  const claims = new Map<string, string>();
  for (const { rules, wanted, isKnown } of plans) {
    const rank = rankOf(rules);
    const names = isKnown ? wanted : (before.get(rules.id)?.records ?? wanted);
    for (const name of names.keys()) if (rank < (claims.get(name) ?? `${rank} `)) claims.set(name, rank);
  }
  return claims;
}

/** `winner` says which rank has a name. */
export function publicationOf(
  { rules, wanted, problems, isKnown }: ExportPlan,
  before: Publication | undefined,
  winner: (name: string) => string | undefined,
): Publication {
  if (!isKnown) return { export: rules, records: before?.records ?? new Map(), problems, isKnown };
  const isOurs = ([name]: readonly [string, unknown]) => winner(name) === rankOf(rules);
  const lost = [...wanted].filter((entry) => !isOurs(entry));
  const records = [...wanted].filter(isOurs).map(([name, { address, record }]): [string, PublishedRecord] => {
    return [name, { address, instances: record.instances, counts: record.counts, state: 'pending' }];
  });
  return {
    export: rules,
    records: new Map(records),
    problems: [...problems, ...lost.map(([, { address }]) => conflict(address))],
    isKnown,
  };
}

function conflict({ service }: RecordAddress): Problem {
  const message = `'${service.serviceName}' in group '${service.group}' is published by an older export; choose another name`;
  return { field: 'serviceName', message };
}
