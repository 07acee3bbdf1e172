/**
 * Our finalizer, and the deletion of a NacosConfig: its dataId goes first, then the finalizer.
 *
 * Guarantees: the finalizer stays for as long as Nacos cannot be reached, unless the annotation
 * `bridge.nacos.io/force-finalize: "true"` lets it go. It is no error that nothing was ever published.
 * Caveat: Nacos removes without comparing. An edit that arrives between our read and our remove is removed with it;
 * the window is one round trip.
 */
import { FINALIZER, FORCE_FINALIZE_ANNOTATION } from '../api/names.ts';
import type { NacosConfig } from '../api/resources.ts';
import type { ConnectionHandle } from '../connections/connection-directory.ts';
import { BridgeError, isBridgeError } from '../errors.ts';
import { addFinalizer, hasFinalizer, removeFinalizer } from '../kube/finalizer.ts';
import type { ResourceClient } from '../kube/resource-client.ts';
import type { ConfigKey, NacosClient } from '../nacos/index.ts';
import { compileIntent, deletesFromNacos } from './intent.ts';
import type { ConfigPlan } from './plan.ts';
import { planFinalize, type FinalizePlan } from './publish-plan.ts';
import { lastWriter, ownershipOf, readRemote } from './remote.ts';
import type { ConfigEvent } from './report.ts';

/** Ours goes on before the first write to Nacos, and off when deleting need not reach Nacos any more. */
export async function holdFinalizer(
  client: ResourceClient<NacosConfig>,
  resource: NacosConfig,
  plan: ConfigPlan,
): Promise<void> {
  const holds = hasFinalizer(resource, FINALIZER);
  const wants = deletesFromNacos(resource);
  const owns = plan.kind === 'publish' || plan.kind === 'in-sync' || plan.kind === 'write-back';
  if (wants && owns && !holds && !(await addFinalizer(client, resource, FINALIZER))) {
    // What is published now, nobody would remove.
    throw new BridgeError('KUBE_CONFLICT', `NacosConfig '${resource.metadata.name}' was deleted meanwhile`);
  }
  if (!wants && holds) await removeFinalizer(client, resource, FINALIZER);
}

export interface FinalizeInput {
  resource: NacosConfig;
  /** @throws BridgeError when there is no such connection (any more). */
  connection: () => ConnectionHandle;
  mark: string;
  baseMd5: string | undefined;
}

export type FinalizeOutcome = FinalizePlan | { kind: 'forced'; message: string };

/** Undefined when there is nothing to tell. */
export function finalizeEvent(outcome: FinalizeOutcome): ConfigEvent | undefined {
  switch (outcome.kind) {
    case 'nothing':
      return undefined;
    case 'remove':
      return { type: 'Normal', reason: 'Removed', action: 'Remove', note: 'Removed the dataId from Nacos' };
    case 'leave':
      return { type: 'Warning', reason: 'LeftInNacos', action: 'Remove', note: outcome.message };
    case 'forced':
      return { type: 'Warning', reason: 'ForceFinalized', action: 'Remove', note: outcome.message };
  }
}

/** Removes what is ours from Nacos; returns what became of it, for the event. */
export async function finalizeConfig({ resource, connection, ...ours }: FinalizeInput): Promise<FinalizeOutcome> {
  if (!deletesFromNacos(resource)) return { kind: 'nothing' };
  try {
    const { allowance, client, namespaceId } = connection();
    const { address } = compileIntent(resource, namespaceId);
    allowance.checkConfig(resource.metadata.namespace ?? '', address);
    return await removeConfig(client, address, ours);
  } catch (error) {
    if (isBridgeError(error, 'NOT_ALLOWED')) return { kind: 'leave', message: `Left in Nacos: ${error.message}` };
    const isForced = resource.metadata.annotations?.[FORCE_FINALIZE_ANNOTATION] === 'true';
    if (!isForced || !isBridgeError(error)) throw error;
    return { kind: 'forced', message: `Let go without telling Nacos, as the annotation asks: ${error.message}` };
  }
}

/** Removes a dataId, if it is as we left it. */
async function removeConfig(
  client: NacosClient,
  address: ConfigKey,
  { mark, baseMd5 }: Pick<FinalizeInput, 'mark' | 'baseMd5'>,
): Promise<FinalizePlan> {
  const { kind, md5, metadata } = await readRemote(client, address);
  const plan = planFinalize({
    nacosMd5: kind === 'unknown' ? (await client.config.read(address))?.md5 : md5,
    baseMd5,
    ownership: ownershipOf(metadata, mark),
    lastWriter: lastWriter(metadata),
  });
  if (plan.kind === 'remove') await client.config.remove(address);
  return plan;
}
