/**
 * What an export may publish of a Service. Pure.
 *
 *   when                                                  its records               the problem that is told
 *   its connection does not exist                         none                      `connectionRef`
 *   its connection cannot be used                         stay as they are          `connectionRef`
 *   labels of pods count, and pods cannot be listed       stay as they are          `metadataFrom`
 *   labels of pods count, and pods are not listed yet     stay as they are          none
 *   the connection does not allow one of its names        without that one          `allow`
 *   the same, and too many would go at once               as if it were allowed     `allow`
 *   two of its ports have one name                        the first has it          `serviceName`
 *   a claim of a lesser rank wants one of its names       without that one          `serviceName`
 *   else                                                  what desired.ts says      what desired.ts says
 *
 * What cannot be told is no evidence against what is there.
 */
import type { ConnectionDirectory, ConnectionHandle } from '../connections/connection-directory.ts';
import { isBridgeError, type BridgeError } from '../errors.ts';
import { objectKey, type KubeObject } from '../kube/resource.ts';
import { normaliseNamespaceId, type ServiceKey } from '../nacos/index.ts';
import { conflictOf } from './conflict.ts';
import type { Member } from './endpoint-slices.ts';
import { desiredService, type DesiredRecord } from './desired.ts';
import type { EndpointSlice } from './endpoint-slices.ts';
import type { NameClaim } from './name-claims.ts';
import type { Problem } from './problem.ts';
import {
  addressText,
  type Publication,
  type PublishedRecord,
  type RecordAddress,
  type Refusal,
} from './publications.ts';
import { rankOf, usesPods, wordFor, type Service, type ServiceExport } from './service-export.ts';

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
  /** Whether an application has registered itself there, in a service that leaves such addresses to it. */
  readonly isSelfRegistered: (address: RecordAddress, member: Member) => boolean;
  /** Whether a name that is not allowed any more is published on, since too many would go at once. */
  readonly isHeld: (address: RecordAddress) => boolean;
}

/** What one export wants, before it is known which of its names it may have. */
export interface ExportPlan {
  readonly rules: ServiceExport;
  readonly service: string;
  /** Among all that want a name. */
  readonly rank: string;
  /** By the text of their address. */
  readonly wanted: ReadonlyMap<string, { address: RecordAddress; record: DesiredRecord }>;
  readonly problems: readonly Problem[];
  /** Whether it can be told what is wanted. */
  readonly isKnown: boolean;
  /** Why it cannot. */
  readonly failure?: BridgeError;
  readonly refusal?: Refusal;
}

export function planExport(rules: ServiceExport, input: PlanInput): ExportPlan {
  const { clusterId, directory, hasPods, pod, service, slices } = input;
  const plan = { rules, service: objectKey(service), rank: rankOf(rules, service) };
  let connection: ConnectionHandle;
  try {
    connection = directory.find(rules.connection, wordFor(rules, 'connectionRef'));
    if (usesPods(rules) && !hasPods()) return { ...plan, wanted: new Map(), problems: [], isKnown: false };
  } catch (error) {
    if (!isBridgeError(error)) throw error;
    const field = error.code === 'KUBE_UNAVAILABLE' ? 'metadataFrom' : 'connectionRef';
    const problems = [{ field, message: error.message }];
    // A connection is there until nobody names it, so one that is gone was taken away on purpose.
    return { ...plan, wanted: new Map(), problems, isKnown: error.code === 'REFERENCE_MISSING', failure: error };
  }
  const addressOf = (serviceName: string) => addressAt(rules, connection, serviceName);
  const { records, problems } = desiredService(slices, {
    clusterId,
    export: rules,
    service,
    pod,
    isSelfRegistered: (serviceName, member) => input.isSelfRegistered(addressOf(serviceName), member),
  });
  const wanted = new Map<string, { address: RecordAddress; record: DesiredRecord }>();
  const twice: Problem[] = [];
  let refusal: Refusal | undefined;
  for (const record of records) {
    const address = addressOf(record.serviceName);
    const name = addressText(address);
    const error = refusalOf(connection, service, address);
    const isHeld = error !== undefined && input.isHeld(address);
    if (error) refusal = { error: refusal?.error ?? error, held: (refusal?.held ?? 0) + (isHeld ? 1 : 0) };
    if (error && !isHeld) continue;
    if (wanted.has(name)) twice.push(conflictOf(rules, plan.service, { ...claimOf(plan, address), address }));
    else wanted.set(name, { address, record });
  }
  const refused = refusal ? [{ field: 'allow', message: refusal.error.message }] : [];
  const found = { ...plan, wanted, problems: [...problems, ...refused, ...twice], isKnown: true };
  return refusal ? { ...found, refusal } : found;
}

/** All that the exports of a Service want. `before` is by export. */
export function claimsOf(plans: readonly ExportPlan[], before: ReadonlyMap<string, Publication>): NameClaim[] {
  return plans.flatMap((plan) => {
    const records = plan.isKnown ? plan.wanted : (before.get(plan.rules.id)?.records ?? plan.wanted);
    return [...records.values()].map(({ address }) => claimOf(plan, address));
  });
}

/** `winner` says who has a name. */
export function publicationOf(
  { failure, isKnown, problems, rank, refusal, rules, service, wanted }: ExportPlan,
  before: Publication | undefined,
  winner: (address: RecordAddress) => NameClaim | undefined,
): Publication {
  const told = { ...(failure && { failure }), ...(refusal && { refusal }) };
  const publication = { export: rules, rank, isKnown, ...told };
  if (!isKnown) return { ...publication, records: before?.records ?? new Map(), problems };
  const records = new Map<string, PublishedRecord>();
  const lost: Problem[] = [];
  for (const [name, { address, record }] of wanted) {
    const first = winner(address);
    if (first !== undefined && first.rank !== rank) lost.push(conflictOf(rules, service, first));
    else records.set(name, { address, instances: record.instances, counts: record.counts, state: 'pending' });
  }
  return { ...publication, records, problems: [...problems, ...lost] };
}

export function claimOf(
  { rank, rules, service }: Pick<ExportPlan, 'rank' | 'rules' | 'service'>,
  address: RecordAddress,
) {
  return { rank, address, exportId: rules.id, service } satisfies NameClaim;
}

function refusalOf(
  { allowance }: ConnectionHandle,
  { metadata }: Service,
  address: RecordAddress,
): BridgeError | undefined {
  try {
    allowance.checkService(metadata.namespace ?? '', address.service);
    return undefined;
  } catch (error) {
    if (isBridgeError(error)) return error;
    throw error;
  }
}

function addressAt(rules: ServiceExport, connection: ConnectionHandle, serviceName: string): RecordAddress {
  const namespaceId = normaliseNamespaceId(rules.namespaceId ?? connection.namespaceId);
  const service: ServiceKey = { namespaceId, group: rules.group, serviceName };
  return { connection: rules.connection, client: connection.client, servers: connection.servers, service };
}
