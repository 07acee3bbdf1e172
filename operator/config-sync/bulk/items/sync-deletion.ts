/** Which deletions of a NacosConfigSync and of its items have to reach Nacos, and our finalizer, which sees to the former. */
import { FINALIZER } from '../../../api/names.ts';
import type { NacosConfigSync } from '../../../api/resources.ts';
import { BridgeError } from '../../../errors.ts';
import { addFinalizer, removeFinalizer } from '../../../kube/finalizer.ts';
import type { ResourceClient } from '../../../kube/resource-client.ts';

/** Whether the dataId goes with its item, so that the guard has a say. */
export function removesFromNacos({ spec }: NacosConfigSync): boolean {
  return spec.source === 'Kubernetes' && spec.syncDeletion && spec.deletionPolicy === 'Delete';
}

/** Whether the deletion of the sync has to reach Nacos. */
export function deletesItems({ spec }: NacosConfigSync): boolean {
  return spec.source === 'Kubernetes' && spec.deletionPolicy === 'Delete';
}

/**
 * The finalizer goes on before the first write to Nacos, and off when deleting need not reach Nacos any more.
 *
 * @throws BridgeError KUBE_CONFLICT when it is too late for it.
 */
export async function holdSync(syncs: ResourceClient<NacosConfigSync>, sync: NacosConfigSync): Promise<void> {
  const hold = deletesItems(sync) ? addFinalizer : removeFinalizer;
  if (await hold(syncs, sync, FINALIZER)) return;
  throw new BridgeError('KUBE_CONFLICT', `NacosConfigSync '${sync.metadata.name}' was deleted meanwhile`);
}
