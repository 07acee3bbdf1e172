/**
 * The deletion of a NacosConfig: its dataId goes first, then our finalizer.
 *
 * Guarantees: the finalizer stays for as long as Nacos cannot be reached, unless the annotation
 * `bridge.nacos.io/force-finalize: "true"` lets it go. It is no error that nothing was ever published.
 * Caveat: Nacos removes without comparing. An edit that arrives between our read and our remove is removed with it;
 * the window is one round trip.
 */
import { FORCE_FINALIZE_ANNOTATION } from '../api/names.ts';
import type { NacosConfig } from '../api/resources.ts';
import type { ConnectionHandle } from '../connections/connection-directory.ts';
import { isBridgeError } from '../errors.ts';
import { planFinalize, type FinalizePlan } from './publish-plan.ts';
import { compileIntent, deletesFromNacos } from './intent.ts';
import { lastWriter, ownershipOf, readRemote } from './remote.ts';
import type { ConfigEvent } from './reporter.ts';

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
export async function finalizeConfig(input: FinalizeInput): Promise<FinalizeOutcome> {
  if (!deletesFromNacos(input.resource)) return { kind: 'nothing' };
  try {
    return await removeFromNacos(input);
  } catch (error) {
    const isForced = input.resource.metadata.annotations?.[FORCE_FINALIZE_ANNOTATION] === 'true';
    if (!isForced || !isBridgeError(error)) throw error;
    return { kind: 'forced', message: `Let go without telling Nacos, as the annotation asks: ${error.message}` };
  }
}

async function removeFromNacos({ resource, connection, mark, baseMd5 }: FinalizeInput): Promise<FinalizePlan> {
  const { client, namespaceId } = connection();
  const { address } = compileIntent(resource, namespaceId);
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
