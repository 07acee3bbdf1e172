/**
 * A NacosConfigSync that is being deleted: what it has published goes from Nacos, a shard of its inventory at a time, then
 * its finalizer.
 *
 * Guarantees: the finalizer stays for as long as Nacos cannot be reached, unless the annotation
 * `bridge.nacos.io/force-finalize: "true"` lets it go, or its connection is lost for good (lost-connection.ts); what somebody else has written is left and told.
 */
import { FINALIZER, FORCE_FINALIZE_ANNOTATION } from '../../../api/names.ts';
import type { NacosConfigSync } from '../../../api/resources.ts';
import { BridgeError, isBridgeError, isLostRace } from '../../../errors.ts';
import { removeFinalizer } from '../../../kube/finalizer.ts';
import type { ResourceClient } from '../../../kube/resource-client.ts';
import { headerOf } from '../inventory/header.ts';
import { deletesItems } from './sync-deletion.ts';
import { removeShard, type ShardRemoval } from './remove-shard.ts';

export interface EndingOptions extends Omit<ShardRemoval, 'onDone'> {
  readonly sync: NacosConfigSync;
  readonly syncs: ResourceClient<NacosConfigSync>;
  /** Why Nacos can never be asked again (lost-connection.ts); undefined while it may be. */
  readonly loss: () => Promise<string | undefined>;
  /** Of all entries, how many are dealt with. */
  readonly onProgress: (done: number, total: number) => void;
}

/** What is to be told when it has ended. */
export interface Ended {
  readonly removed: number;
  /** Why dataIds stay in Nacos. */
  readonly left: readonly string[];
  /** Why all that is there stays, and nobody has looked at it. */
  readonly unasked?: { readonly reason: 'ForceFinalized' | 'LeftInNacos'; readonly note: string };
}

/** @throws BridgeError what it waits for, and how to end that. */
export async function endSync(options: EndingOptions, signal: AbortSignal): Promise<Ended> {
  const { shards, sync, syncs } = options;
  const ended = deletesItems(sync) ? await removeOrForce(options, signal) : { removed: 0, left: [] };
  for (const stored of await shards.list(signal)) await shards.letGo(stored);
  await removeFinalizer(syncs, sync, FINALIZER);
  return ended;
}

/** Whether the deletion has to wait until it is not suspended any more. */
export function isHeldBySuspend(sync: NacosConfigSync): boolean {
  return sync.spec.suspend && deletesItems(sync) && !isForcedToEnd(sync);
}

function isForcedToEnd({ metadata }: NacosConfigSync): boolean {
  return metadata.annotations?.[FORCE_FINALIZE_ANNOTATION] === 'true';
}

async function removeOrForce(options: EndingOptions, signal: AbortSignal): Promise<Ended> {
  const { sync } = options;
  try {
    return await removeAll(options, signal);
  } catch (error) {
    if (!isBridgeError(error) || isLostRace(error)) throw error;
    if (isForcedToEnd(sync)) {
      const note = `Let go without telling Nacos, as the annotation asks: ${error.message}`;
      return { removed: 0, left: [], unasked: { reason: 'ForceFinalized', note } };
    }
    const loss = await options.loss();
    if (loss === undefined) throw waiting(sync, error);
    const note = `Left in Nacos, which cannot be asked any more: ${loss}. Remove them there`;
    return { removed: 0, left: [], unasked: { reason: 'LeftInNacos', note } };
  }
}

async function removeAll(options: EndingOptions, signal: AbortSignal): Promise<Ended> {
  const { onProgress, shards } = options;
  const all = await shards.list(signal);
  const total = all.reduce((sum, { lines }) => sum + lines.length, 0);
  const left: string[] = [];
  let done = 0;
  let removed = 0;
  for (const stored of all) {
    const header = headerOf(stored.header);
    const onDone = (isRemoved: boolean, leftBecause: string | undefined) => {
      done += 1;
      if (isRemoved) removed += 1;
      if (leftBecause !== undefined) left.push(leftBecause);
      onProgress(done, total);
    };
    if (header) await removeShard(stored, header, { ...options, onDone }, signal);
  }
  return { removed, left };
}

function waiting({ metadata }: NacosConfigSync, cause: BridgeError): BridgeError {
  const { name, namespace } = metadata;
  const command = `kubectl annotate nacosconfigsync ${name} -n ${namespace} ${FORCE_FINALIZE_ANNOTATION}=true`;
  const message = `The deletion waits for its dataIds to be removed from Nacos: ${cause.message}. To let go and leave them there: ${command}`;
  return new BridgeError(cause.code, message, { cause });
}
