/**
 * Our finalizer, and the deletion of a NacosConfig: its dataId goes first, then the finalizer. What the items of a
 * NacosConfigSync leave in Nacos is removed by the same code (bulk/items/remove-shard.ts).
 *
 * Guarantees: the finalizer stays for as long as Nacos cannot be reached, unless the annotation
 * `bridge.nacos.io/force-finalize: "true"` lets it go, or the connection is lost for good (lost-connection.ts). It is no error that nothing was ever published.
 * Caveat: Nacos removes without comparing. An edit that arrives between our read and our remove is removed with it;
 * the window is one round trip.
 */
import { FINALIZER, FORCE_FINALIZE_ANNOTATION } from '../api/names.ts';
import type { NacosConfig } from '../api/resources.ts';
import type { ConnectionHandle } from '../connections/connection-directory.ts';
import { BridgeError, isBridgeError } from '../errors.ts';
import type { Verdict } from '../kube/conditions.ts';
import { addFinalizer, removeFinalizer } from '../kube/finalizer.ts';
import type { KubeObject } from '../kube/resource.ts';
import type { ResourceClient } from '../kube/resource-client.ts';
import type { ConfigKey } from '../nacos/index.ts';
import { isSamePlace, type Base, type PlaceNow } from './base/nacos-place.ts';
import { compileIntent, deletesFromNacos } from './intent.ts';
import type { ConfigPlan } from './plan.ts';
import { planFinalize, type FinalizePlan } from './finalize-plan.ts';
import { lastWriter, ownershipOf, readRemote } from './remote.ts';
import type { ConfigEvent } from './report.ts';

/**
 * Ours goes on before the first write to Nacos, and off when deleting need not reach Nacos any more.
 *
 * @throws BridgeError KUBE_CONFLICT when it is too late for it: what is published now, nobody would remove.
 */
export async function holdFinalizer<T extends KubeObject>(client: ResourceClient<T>, resource: T, isHeld: boolean) {
  const hold = isHeld ? addFinalizer : removeFinalizer;
  if ((await hold(client, resource, FINALIZER)) || !isHeld) return;
  throw new BridgeError('KUBE_CONFLICT', `${client.ref.kind} '${resource.metadata.name}' was deleted meanwhile`);
}

/** For what is done about a NacosConfig. */
export async function holdFor({ kind }: ConfigPlan, client: ResourceClient<NacosConfig>, resource: NacosConfig) {
  const isHeld = deletesFromNacos(resource);
  const owns = kind === 'publish' || kind === 'in-sync' || kind === 'write-back';
  if (owns || !isHeld) await holdFinalizer(client, resource, isHeld);
}

export interface FinalizeInput {
  resource: NacosConfig;
  /** @throws BridgeError when there is no such connection (any more). */
  connection: () => ConnectionHandle;
  /** Where it leads. @throws BridgeError while that cannot be asked. */
  placeOf: (connection: ConnectionHandle, namespaceId: string) => Promise<PlaceNow>;
  /** Why Nacos can never be asked again; undefined while it may be. */
  loss: () => Promise<string | undefined>;
  mark: string;
  base: Base | undefined;
}

export type FinalizeOutcome = FinalizePlan | { kind: 'forced'; message: string };

/** Undefined when there is nothing to tell. */
export function finalizeEvent(outcome: FinalizeOutcome, resource: NacosConfig): ConfigEvent | undefined {
  const about = `${dataIdText(resource)}: `;
  switch (outcome.kind) {
    case 'nothing':
      return undefined;
    case 'remove':
      return { type: 'Normal', reason: 'Removed', action: 'Remove', note: `${about}Removed the dataId from Nacos` };
    case 'leave':
      return { type: 'Warning', reason: 'LeftInNacos', action: 'Remove', note: about + outcome.message };
    case 'forced':
      return { type: 'Warning', reason: 'ForceFinalized', action: 'Remove', note: about + outcome.message };
  }
}

function dataIdText({ metadata, spec }: NacosConfig): string {
  return `dataId '${spec.dataId ?? metadata.name}' of group '${spec.group}'`;
}

/** Removes what is ours from Nacos; returns what became of it, for the event. */
export async function finalizeConfig(input: FinalizeInput): Promise<FinalizeOutcome> {
  const { resource, connection } = input;
  if (!deletesFromNacos(resource)) return { kind: 'nothing' };
  let usable: ConnectionHandle | undefined;
  try {
    usable = connection();
    return await removeConfig(usable, input);
  } catch (error) {
    if (isBridgeError(error, 'NOT_ALLOWED')) return { kind: 'leave', message: `Left in Nacos: ${error.message}` };
    if (!isBridgeError(error)) throw error;
    // A client that we have still is waited for, whatever is lost: Nacos may come back.
    const loss = async () => (usable === undefined ? input.loss() : undefined);
    const outcome = await endWithoutNacos(error, resource, loss, 'it');
    if (outcome === undefined) throw error;
    return outcome;
  }
}

/** How a deletion ends that cannot reach Nacos, where `what` stays; undefined while it has to wait. */
export async function endWithoutNacos(
  error: BridgeError,
  resource: KubeObject,
  loss: () => Promise<string | undefined>,
  what: 'it' | 'them',
): Promise<{ kind: 'leave' | 'forced'; message: string } | undefined> {
  if (isForced(resource)) {
    return { kind: 'forced', message: `Let go without telling Nacos, as the annotation asks: ${error.message}` };
  }
  const lost = await loss();
  if (lost === undefined) return undefined;
  return { kind: 'leave', message: `Left in Nacos, which cannot be asked any more: ${lost}. Remove ${what} there` };
}

/** Whether the deletion has to wait until the resource is not suspended any more. */
export function isHeldBySuspend(resource: NacosConfig): boolean {
  return resource.spec.suspend && deletesFromNacos(resource) && !isForced(resource);
}

export const HELD_BY_SUSPEND: Verdict = {
  status: 'False',
  reason: 'Suspended',
  message:
    'The deletion waits, since `spec.suspend` is true and the dataId would be removed from Nacos: set `suspend` to false, ' +
    "or `deletionPolicy` to 'Retain' to leave the dataId there",
};

/** What a deletion that cannot reach Nacos waits for, and how to end that; one message, whatever the cause is. */
export function waitText(resource: NacosConfig, cause: string): string {
  const { name, namespace } = resource.metadata;
  const command = `kubectl annotate nacosconfig ${name} -n ${namespace} ${FORCE_FINALIZE_ANNOTATION}=true`;
  return `The deletion waits for Nacos, from which ${dataIdText(resource)} is to be removed: ${cause}. To let go and leave it there: ${command}`;
}

export function isForced({ metadata }: KubeObject): boolean {
  return metadata.annotations?.[FORCE_FINALIZE_ANNOTATION] === 'true';
}

async function removeConfig(
  connection: ConnectionHandle,
  { base: recorded, mark, placeOf, resource }: FinalizeInput,
): Promise<FinalizePlan> {
  const { address } = compileIntent(resource, connection.namespaceId);
  connection.allowance.checkConfig(resource.metadata.namespace ?? '', address);
  const place = await placeOf(connection, address.namespaceId);
  const base = recorded && isSamePlace(recorded.place, place) ? recorded : undefined;
  return removeOwn(connection, address, { base, mark });
}

export interface Removal {
  readonly base: Pick<Base, 'isOurs' | 'md5'> | undefined;
  readonly mark: string;
  /** Asked just before. @throws BridgeError when it has to stay after all. */
  readonly confirm?: () => Promise<void>;
}

/** Removes a dataId, if it is as we left it: what has our mark, and, where nobody tells the mark, what we wrote and still is the base. */
export async function removeOwn(
  { client }: ConnectionHandle,
  address: ConfigKey,
  { base, confirm, mark }: Removal,
): Promise<FinalizePlan> {
  const { kind, md5, metadata } = await readRemote(client, address);
  const plan = planFinalize({
    nacosMd5: kind === 'unknown' ? (await client.config.read(address))?.md5 : md5,
    baseMd5: base?.md5,
    isBaseOurs: base?.isOurs,
    ownership: ownershipOf(metadata, mark),
    lastWriter: lastWriter(metadata),
  });
  if (plan.kind !== 'remove') return plan;
  await confirm?.();
  await client.config.remove(address);
  return plan;
}
