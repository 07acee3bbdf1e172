/**
 * Deployments, StatefulSets and DaemonSets as one thing: a pod template that can be restarted.
 *
 * Their fields are what the API serves (`io.k8s.api.core.v1.PodSpec`); only what names a ConfigMap or a Secret is here.
 */
import type { KubeObject, ResourceRef } from '../../kube/resource.ts';
import type { WorkloadRef } from '../intent.ts';

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
