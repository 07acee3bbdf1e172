/**
 * The workloads that may be restarted for a NacosConfig: Deployments, StatefulSets and DaemonSets as one thing, a pod
 * template. They are read when there is something to decide, and one write is made to them.
 *
 * Their fields are what the API serves (`io.k8s.api.core.v1.PodSpec`); only what names a ConfigMap or a Secret is here.
 */
import { FIELD_MANAGER } from '../../api/names.ts';
import { BridgeError, isBridgeError } from '../../errors.ts';
import { timestamp } from '../../kube/conditions.ts';
import type { KubeClient } from '../../kube/client.ts';
import { ResourceClient } from '../../kube/resource-client.ts';
import type { KubeObject, ResourceRef } from '../../kube/resource.ts';
import type { WorkloadRef } from '../intent.ts';
import type { PresentMirror } from '../mirror/mirrors.ts';

export type WorkloadKind = WorkloadRef['kind'];

interface NamedObject {
  name?: string;
}

interface Container {
  envFrom?: { configMapRef?: NamedObject; secretRef?: NamedObject }[];
  env?: { valueFrom?: { configMapKeyRef?: NamedObject; secretKeyRef?: NamedObject } }[];
}

interface Volume {
  configMap?: NamedObject;
  secret?: { secretName?: string };
  projected?: { sources?: { configMap?: NamedObject; secret?: NamedObject }[] };
}

export interface PodSpec {
  containers?: Container[];
  initContainers?: Container[];
  volumes?: Volume[];
}

export interface Workload extends KubeObject {
  spec?: { template?: { spec?: PodSpec } };
}

const apps = { group: 'apps', version: 'v1', namespaced: true } as const;

export const workloadRefs: Readonly<Record<WorkloadKind, ResourceRef>> = {
  Deployment: { ...apps, plural: 'deployments', kind: 'Deployment' },
  StatefulSet: { ...apps, plural: 'statefulsets', kind: 'StatefulSet' },
  DaemonSet: { ...apps, plural: 'daemonsets', kind: 'DaemonSet' },
};

export const workloadKinds = Object.keys(workloadRefs) as WorkloadKind[];

/** What `kubectl rollout restart` sets on the pod template, so that its pods are replaced in the workload's own way. */
const RESTARTED_AT_ANNOTATION = 'kubectl.kubernetes.io/restartedAt';

export type WorkloadClients = Readonly<Record<WorkloadKind, ResourceClient<Workload>>>;

export function workloadClients(client: KubeClient): WorkloadClients {
  const clientOf = (kind: WorkloadKind) => new ResourceClient<Workload>(client, workloadRefs[kind]);
  return {
    Deployment: clientOf('Deployment'),
    StatefulSet: clientOf('StatefulSet'),
    DaemonSet: clientOf('DaemonSet'),
  };
}

/** What was found; what could not be read does not keep the rest from being found. */
export interface FoundWorkloads {
  readonly workloads: readonly (WorkloadRef & { readonly object: Workload })[];
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
      const object = await this.#clients[kind].get(name, namespace);
      if (object === undefined) throw new BridgeError('REFERENCE_MISSING', `${kind} '${name}' does not exist`);
      return [{ kind, name, object }];
    });
  }

  /** Those of the namespace whose pods mount or read the mirror. */
  async using(mirror: PresentMirror, namespace: string): Promise<FoundWorkloads> {
    return collect(workloadKinds, async (kind) => {
      const { items } = await this.#clients[kind].list({ namespace });
      const users = items.filter((object) => usesObject(object, mirror.kind, mirror.name));
      return users.map((object) => ({ kind, name: object.metadata.name, object }));
    });
  }

  /** Notes `value` under `annotation`, and has the pods replaced when `restartAtMs` is given, both in one write. */
  async mark(
    { kind, object }: FoundWorkloads['workloads'][number],
    annotation: string,
    value: string,
    restartAtMs: number | undefined,
  ): Promise<void> {
    const { name, namespace, uid } = object.metadata;
    const restart = { metadata: { annotations: { [RESTARTED_AT_ANNOTATION]: timestamp(restartAtMs ?? 0) } } };
    const patch = {
      // The uid is a precondition: one that was made anew meanwhile began with the present content.
      metadata: { uid, annotations: { [annotation]: value } },
      ...(restartAtMs === undefined ? {} : { spec: { template: restart } }),
    };
    await this.#clients[kind].mergePatch(name, namespace, patch, { fieldManager: FIELD_MANAGER });
  }
}

/** @throws what is no BridgeError, and BridgeError ABORTED. */
async function collect<T>(
  of: readonly T[],
  find: (one: T) => Promise<FoundWorkloads['workloads']>,
): Promise<FoundWorkloads> {
  const workloads: FoundWorkloads['workloads'][number][] = [];
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

/** Whether its pods mount the object, or read it into their environment. */
export function usesObject({ spec }: Workload, kind: 'ConfigMap' | 'Secret', name: string): boolean {
  const { containers = [], initContainers = [], volumes = [] } = spec?.template?.spec ?? {};
  const names = [
    ...volumes.flatMap(objectsOfVolume),
    ...[...initContainers, ...containers].flatMap(objectsOfContainer),
  ];
  return names.some((named) => named[kind] === name);
}

/** The name of the ConfigMap, or of the Secret, that is referred to. */
type Named = { readonly ConfigMap?: string; readonly Secret?: string };

function objectsOfVolume({ configMap, secret, projected }: Volume): Named[] {
  const sources = projected?.sources ?? [];
  return [
    { ConfigMap: configMap?.name, Secret: secret?.secretName },
    ...sources.map((source) => ({ ConfigMap: source.configMap?.name, Secret: source.secret?.name })),
  ];
}

function objectsOfContainer({ envFrom = [], env = [] }: Container): Named[] {
  return [
    ...envFrom.map(({ configMapRef, secretRef }) => ({ ConfigMap: configMapRef?.name, Secret: secretRef?.name })),
    ...env.map(({ valueFrom }) => ({
      ConfigMap: valueFrom?.configMapKeyRef?.name,
      Secret: valueFrom?.secretKeyRef?.name,
    })),
  ];
}
