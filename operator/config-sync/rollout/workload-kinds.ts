/**
 * The kinds of workloads that may be restarted: where each has its pod template, what restarts it, and whether it can be
 * restarted now.
 *
 * Pure. Sources: `kubectl rollout restart` (k8s.io/kubectl/pkg/polymorphichelpers/objectrestarter.go), which refuses a paused
 * Deployment, and `kubectl argo rollouts restart` (pkg/kubectl-argo-rollouts/cmd/restart), whose controller
 * replaces the pods that are older than `spec.restartAt`, whatever the Rollout is paused for.
 */
import { timestamp } from '../../kube/conditions.ts';
import type { KubeObject, ResourceRef } from '../../kube/resource.ts';
import type { WorkloadRef } from '../intent.ts';
import type { PodSpec } from './pod-objects.ts';

export type WorkloadKind = WorkloadRef['kind'];

interface PodTemplate {
  spec?: PodSpec;
}

export interface Workload extends KubeObject {
  spec?: { paused?: boolean; template?: PodTemplate; jobTemplate?: { spec?: { template?: PodTemplate } } };
}

/** Annotations that tell what a workload has. */
export type Notes = Readonly<Record<string, string>>;

interface WorkloadType {
  readonly ref: ResourceRef;
  readonly podSpec: (workload: Workload) => PodSpec | undefined;
  /** The change of `spec` that restarts it. */
  readonly restart: (atMs: number, notes: Notes) => object;
  /** Whether it takes a restart only once somebody resumes it. */
  readonly isPaused: (workload: Workload) => boolean;
}

const apps = { group: 'apps', version: 'v1', namespaced: true } as const;
const never = (): boolean => false;

/** What `kubectl rollout restart` sets on the pod template, so that its pods are replaced in the workload's own way. */
const RESTARTED_AT_ANNOTATION = 'kubectl.kubernetes.io/restartedAt';

function templated(ref: ResourceRef, isPaused: WorkloadType['isPaused']): WorkloadType {
  return {
    ref,
    podSpec: ({ spec }) => spec?.template?.spec,
    restart: (atMs) => ({ template: withAnnotations({ [RESTARTED_AT_ANNOTATION]: timestamp(atMs) }) }),
    isPaused,
  };
}

export const workloadTypes: Readonly<Record<WorkloadKind, WorkloadType>> = {
  Deployment: templated({ ...apps, plural: 'deployments', kind: 'Deployment' }, ({ spec }) => spec?.paused === true),
  StatefulSet: templated({ ...apps, plural: 'statefulsets', kind: 'StatefulSet' }, never),
  DaemonSet: templated({ ...apps, plural: 'daemonsets', kind: 'DaemonSet' }, never),
  CronJob: {
    ref: { group: 'batch', version: 'v1', plural: 'cronjobs', kind: 'CronJob', namespaced: true },
    podSpec: ({ spec }) => spec?.jobTemplate?.spec?.template?.spec,
    // Each Job begins with what is mirrored then, and one that runs is left to end: only the pods to come tell for what.
    restart: (_, notes) => ({ jobTemplate: { spec: { template: withAnnotations(notes) } } }),
    isPaused: never,
  },
  Rollout: {
    ref: { group: 'argoproj.io', version: 'v1alpha1', plural: 'rollouts', kind: 'Rollout', namespaced: true },
    podSpec: ({ spec }) => spec?.template?.spec,
    restart: (atMs) => ({ restartAt: timestamp(atMs) }),
    isPaused: never,
  },
};

export const workloadKinds = Object.keys(workloadTypes) as WorkloadKind[];

function withAnnotations(annotations: Notes): object {
  return { metadata: { annotations } };
}
