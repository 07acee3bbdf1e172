/**
 * The workloads that may be restarted. They are read when there is something to decide, and one write is made to them.
 *
 * A kind that the API server does not have, such as Argo Rollouts where its CRD is not installed, has no workloads.
 */
import { FIELD_MANAGER } from '../../api/names.ts';
import { BridgeError, isBridgeError } from '../../errors.ts';
import type { KubeClient } from '../../kube/client.ts';
import { ResourceClient } from '../../kube/resource-client.ts';
import type { WorkloadRef } from '../intent.ts';
import { usedObjects, type UsedObject } from './pod-objects.ts';
import { workloadKinds, workloadTypes, type Notes, type Workload, type WorkloadKind } from './workload-kinds.ts';

export type WorkloadClients = Readonly<Record<WorkloadKind, ResourceClient<Workload>>>;

export function workloadClients(client: KubeClient): WorkloadClients {
  const clients = workloadKinds.map((kind) => [kind, new ResourceClient<Workload>(client, workloadTypes[kind].ref)]);
  return Object.fromEntries(clients) as WorkloadClients;
}

export type FoundWorkload = WorkloadRef & { readonly object: Workload };

/** What was found; what could not be read does not keep the rest from being found. */
export interface FoundWorkloads {
  readonly workloads: readonly FoundWorkload[];
  readonly problems: readonly BridgeError[];
}

export class Workloads {
  readonly #clients: WorkloadClients;

  constructor(clients: WorkloadClients) {
    this.#clients = clients;
  }

  /** Those that are named. */
  async named(refs: readonly WorkloadRef[], namespace: string): Promise<FoundWorkloads> {
    return collect(refs, async ({ kind, name }) => {
      const object = await orMissing(this.#clients[kind].get(name, namespace), undefined);
      if (object === undefined) throw new BridgeError('REFERENCE_MISSING', `${kind} '${name}' does not exist`);
      return [{ kind, name, object }];
    });
  }

  /** All of the namespace. */
  async all(namespace: string): Promise<FoundWorkloads> {
    return collect(workloadKinds, async (kind) => {
      const { items } = await orMissing(this.#clients[kind].list({ namespace }), { items: [] });
      return items.map((object) => ({ kind, name: object.metadata.name, object }));
    });
  }

  /** Notes on it what it has, and restarts it when `restartAtMs` is given, both in one write. */
  async mark({ kind, object }: FoundWorkload, notes: Notes, restartAtMs: number | undefined): Promise<void> {
    const { name, namespace, uid } = object.metadata;
    const patch = {
      // The uid is a precondition: one that was made anew meanwhile began with the present content.
      metadata: { uid, annotations: notes },
      ...(restartAtMs === undefined ? {} : { spec: workloadTypes[kind].restart(restartAtMs, notes) }),
    };
    await this.#clients[kind].mergePatch(name, namespace, patch, { fieldManager: FIELD_MANAGER });
  }
}

/** What its pods mount or read. */
export function objectsOf({ kind, object }: FoundWorkload): UsedObject[] {
  return usedObjects(workloadTypes[kind].podSpec(object));
}

/** What a kind that the API server does not have comes to. */
async function orMissing<T, M>(answer: Promise<T>, missing: M): Promise<T | M> {
  try {
    return await answer;
  } catch (error) {
    if (isBridgeError(error, 'KUBE_NOT_FOUND')) return missing;
    throw error;
  }
}

/** @throws what is no BridgeError, and BridgeError ABORTED. */
async function collect<T>(
  of: readonly T[],
  find: (one: T) => Promise<FoundWorkloads['workloads']>,
): Promise<FoundWorkloads> {
  const workloads: FoundWorkload[] = [];
  const problems: BridgeError[] = [];
  for (const one of of) {
    try {
      const found = await find(one);
      workloads.push(...found.filter(({ object }) => object.metadata.deletionTimestamp === undefined));
    } catch (error) {
      if (!isBridgeError(error) || error.code === 'ABORTED') throw error;
      problems.push(error);
    }
  }
  return { workloads, problems };
}
