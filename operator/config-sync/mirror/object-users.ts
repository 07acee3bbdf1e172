/**
 * Which ConfigMaps and Secrets the pods of a namespace still name, so that no object is deleted that one of them needs to
 * start.
 *
 * Guarantee: a name counts wherever it stands in a pod, or in what makes pods: a volume, a variable, an argument, the field of
 * a driver. Rather is an object kept for nothing than missed. ReplicaSets count at any scale: an undone rollout starts
 * their pods again.
 * Caveat: what begins to name an object while it is being deleted comes too late.
 */
import { isBridgeError } from '../../errors.ts';
import type { KubeClient } from '../../kube/client.ts';
import { ResourceClient } from '../../kube/resource-client.ts';
import type { KubeObject, ResourceRef } from '../../kube/resource.ts';

interface PodMaker extends KubeObject {
  readonly spec?: unknown;
}

const apps = { group: 'apps', version: 'v1', namespaced: true } as const;
const batch = { group: 'batch', version: 'v1', namespaced: true } as const;

const podMakers: readonly ResourceRef[] = [
  { group: '', version: 'v1', plural: 'pods', kind: 'Pod', namespaced: true },
  { ...apps, plural: 'deployments', kind: 'Deployment' },
  { ...apps, plural: 'replicasets', kind: 'ReplicaSet' },
  { ...apps, plural: 'statefulsets', kind: 'StatefulSet' },
  { ...apps, plural: 'daemonsets', kind: 'DaemonSet' },
  { ...batch, plural: 'cronjobs', kind: 'CronJob' },
  { ...batch, plural: 'jobs', kind: 'Job' },
  { group: 'argoproj.io', version: 'v1alpha1', plural: 'rollouts', kind: 'Rollout', namespaced: true },
];

/** Objects that are held in memory at once. */
const PAGE = 200;

export class ObjectUsers {
  readonly #clients: readonly ResourceClient<PodMaker>[];

  constructor(kube: KubeClient) {
    this.#clients = podMakers.map((ref) => new ResourceClient<PodMaker>(kube, ref));
  }

  /** Those of `names` that are named. @throws BridgeError when that cannot be known, KUBE_FORBIDDEN among others. */
  async named(names: readonly string[], namespace: string): Promise<ReadonlySet<string>> {
    const found = new Set<string>();
    for (const client of this.#clients) {
      if (found.size === names.length) break;
      for await (const { spec } of objectsOf(client, namespace)) {
        const text = JSON.stringify(spec ?? {});
        for (const name of names) if (text.includes(name)) found.add(name);
      }
    }
    return found;
  }
}

async function* objectsOf(client: ResourceClient<PodMaker>, namespace: string): AsyncGenerator<PodMaker> {
  let next: string | undefined;
  do {
    try {
      const page = await client.list({ namespace, limit: PAGE, continue: next });
      yield* page.items;
      next = page.continue;
    } catch (error) {
      // A kind that this cluster does not have, such as one of a CRD that is not installed.
      if (isBridgeError(error, 'KUBE_NOT_FOUND')) return;
      throw error;
    }
  } while (next !== undefined);
}
