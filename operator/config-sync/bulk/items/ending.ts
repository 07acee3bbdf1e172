/**
 * A NacosConfigSync that is being deleted: what it has published goes from Nacos, a shard of its inventory at a time, then
 * its finalizer.
 *
 * Guarantees: the finalizer stays for as long as Nacos cannot be reached, unless the annotation
 * `bridge.nacos.io/force-finalize: "true"` lets it go; what somebody else has written is left and told.
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
  /** Of all entries, how many are dealt with. */
  readonly onProgress: (done: number, total: number) => void;
}

/** What is to be told when it has ended. */
export interface Ended {
  readonly removed: number;
  /** Why dataIds stay in Nacos. */
  readonly left: readonly string[];
  readonly isForced: boolean;
}

/** @throws BridgeError what it waits for, and how to end that. */
export async function endSync(options: EndingOptions, signal: AbortSignal): Promise<Ended> {
  const { shards, sync, syncs } = options;
  const ended = deletesItems(sync) ? await removeOrForce(options, signal) : { removed: 0, left: [], isForced: false };
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
    if (!isForcedToEnd(sync)) throw waiting(sync, error);
    return { removed: 0, left: [error.message], isForced: true };
  }
}

async function removeAll(options: EndingOptions, signal: AbortSignal): Promise<Ended> {
  const { onProgress, shards } = options;
  const all = await shards.list(signal);
  const total = all.reduce((sum, { lines }) => sum + lines.length, 0);
  const left: string[] = [];
  let done = 0;
  for (const stored of all) {
    const header = headerOf(stored.header);
    const onDone = (leftBecause: string | undefined) => {
      done += 1;
      if (leftBecause !== undefined) left.push(leftBecause);
      onProgress(done, total);
    };
    if (header) await removeShard(stored, header, { ...options, onDone }, signal);
  }
  return { removed: done - left.length, left, isForced: false };
}

function waiting({ metadata }: NacosConfigSync, cause: BridgeError): BridgeError {
  const { name, namespace } = metadata;
  const command = `kubectl annotate nacosconfigsync ${name} -n ${namespace} ${FORCE_FINALIZE_ANNOTATION}=true`;
  const message = `The deletion waits for its dataIds to be removed from Nacos: ${cause.message}. To let go and leave them there: ${command}`;
  return new BridgeError(cause.code, message, { cause });
}
