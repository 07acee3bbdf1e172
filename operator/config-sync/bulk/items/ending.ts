/**
 * The deletion of a NacosConfigSync, and of its items: which of them has to reach Nacos, and our finalizer, which sees to that.
 * What one that is being deleted has published goes from Nacos, a shard of its inventory at a time, then its finalizer.
 *
 * Guarantees: the finalizer stays for as long as Nacos cannot be reached, unless the annotation
 * `bridge.nacos.io/force-finalize: "true"` lets it go, or its connection is lost for good (lost-connection.ts); what somebody else has written is left and told.
 */
import { FINALIZER, FORCE_FINALIZE_ANNOTATION } from '../../../api/names.ts';
import type { NacosConfigSync } from '../../../api/resources.ts';
import { BridgeError, isBridgeError, isLostRace } from '../../../errors.ts';
import { removeFinalizer } from '../../../kube/finalizer.ts';
import type { ResourceClient } from '../../../kube/resource-client.ts';
import { endWithoutNacos, isForced } from '../../finalize.ts';
import { removeShard, type Removed, type ShardRemoval } from './remove-shard.ts';

export interface EndingOptions extends Omit<ShardRemoval, 'onDone'> {
  readonly sync: NacosConfigSync;
  readonly syncs: ResourceClient<NacosConfigSync>;
  /** Why Nacos can never be asked again (lost-connection.ts); undefined while it may be. */
  readonly loss: () => Promise<string | undefined>;
  /** Of all entries, how many are dealt with. */
  readonly onProgress: (done: number, total: number) => void;
}

/** What is to be told when it has ended. */
export interface Ended extends Removed {
  /** Why the others that are there stay, and nobody has looked at them. */
  unasked?: { readonly reason: 'ForceFinalized' | 'LeftInNacos'; readonly note: string };
}

/** Whether the dataId goes with its item, so that the guard has a say. */
export function removesFromNacos({ spec }: NacosConfigSync): boolean {
  return spec.source === 'Kubernetes' && spec.syncDeletion && spec.deletionPolicy === 'Delete';
}

/** Whether the deletion of the sync has to reach Nacos. */
export function deletesItems({ spec }: NacosConfigSync): boolean {
  return spec.source === 'Kubernetes' && spec.deletionPolicy === 'Delete';
}

/** @throws BridgeError what it waits for, and how to end that. */
export async function endSync(options: EndingOptions, signal: AbortSignal): Promise<Ended> {
  const { loss, shards, sync, syncs } = options;
  const ended: Ended = { removed: 0, left: [] };
  try {
    if (deletesItems(sync)) await removeAll(options, ended, signal);
  } catch (error) {
    if (!isBridgeError(error) || isLostRace(error)) throw error;
    const outcome = await endWithoutNacos(error, sync, loss, 'them');
    if (outcome === undefined) throw waiting(sync, error);
    const { kind, message: note } = outcome;
    ended.unasked = { reason: kind === 'forced' ? 'ForceFinalized' : 'LeftInNacos', note };
  }
  for (const stored of await shards.list(signal)) await shards.letGo(stored);
  await removeFinalizer(syncs, sync, FINALIZER);
  return ended;
}

/** Whether the deletion has to wait until it is not suspended any more. */
export function isHeldBySuspend(sync: NacosConfigSync): boolean {
  return sync.spec.suspend && deletesItems(sync) && !isForced(sync);
}

async function removeAll(options: EndingOptions, ended: Ended, signal: AbortSignal): Promise<void> {
  const all = await options.shards.list(signal);
  const total = all.reduce((sum, { status }) => sum + (status?.entries?.length ?? 0), 0);
  let done = 0;
  const onDone = () => options.onProgress((done += 1), total);
  for (const stored of all) await removeShard(stored, { ...options, onDone }, ended, signal);
}

function waiting({ metadata }: NacosConfigSync, cause: BridgeError): BridgeError {
  const { name, namespace } = metadata;
  const command = `kubectl annotate nacosconfigsync ${name} -n ${namespace} ${FORCE_FINALIZE_ANNOTATION}=true`;
  const message = `The deletion waits for its dataIds to be removed from Nacos: ${cause.message}. To let go and leave them there: ${command}`;
  return new BridgeError(cause.code, message, { cause });
}
