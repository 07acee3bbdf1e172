/**
 * Revisions of a Deployment: annotations of its ReplicaSets, which `kubectl rollout history` and `undo` read. A template
 * that returns gets a new revision, and the set keeps its former ones in its history. Pure functions.
 *
 * Source: k8s.io/kubernetes/pkg/controller/deployment/util/deployment_util.go
 */
import { rolloutLimits, wantedReplicas } from './deployment-rollout.ts';
import type { Deployment, Labels, ReplicaSet } from './shapes.ts';

const prefix = 'deployment.kubernetes.io';
export const revisionAnnotation = `${prefix}/revision`;
const historyAnnotation = `${prefix}/revision-history`;
const desiredAnnotation = `${prefix}/desired-replicas`;
const maxAnnotation = `${prefix}/max-replicas`;
const notCopied = [
  'kubectl.kubernetes.io/last-applied-configuration',
  revisionAnnotation,
  historyAnnotation,
  desiredAnnotation,
  maxAnnotation,
  'deprecated.deployment.rollback.to',
];

export function revisionOf({ metadata }: ReplicaSet | Deployment): number {
  return Number(metadata.annotations?.[revisionAnnotation] ?? 0);
}

/** The annotations of the set for the current template: the Deployment's, the sizes, and the newest revision. */
export function currentAnnotations(
  deployment: Deployment,
  current: ReplicaSet | undefined,
  old: readonly ReplicaSet[],
): Labels {
  const copied = Object.entries(deployment.metadata.annotations ?? {}).filter(([name]) => !notCopied.includes(name));
  return {
    ...current?.metadata.annotations,
    ...Object.fromEntries(copied),
    ...sizeAnnotations(deployment),
    ...revision(current, old),
  };
}

/** What a scaled set says about the size of the whole. */
export function sizeAnnotations(deployment: Deployment): Labels {
  const wanted = wantedReplicas(deployment);
  const most = wanted === 0 ? 0 : wanted + rolloutLimits(deployment).maxSurge;
  return { [desiredAnnotation]: String(wanted), [maxAnnotation]: String(most) };
}

function revision(current: ReplicaSet | undefined, old: readonly ReplicaSet[]): Labels {
  const newest = Math.max(0, ...old.map(revisionOf));
  const own = current ? revisionOf(current) : 0;
  if (own > newest) return { [revisionAnnotation]: String(own) };
  if (own === 0) return { [revisionAnnotation]: String(newest + 1) };
  const history = current?.metadata.annotations?.[historyAnnotation];
  return {
    [revisionAnnotation]: String(newest + 1),
    [historyAnnotation]: history ? `${history},${own}` : String(own),
  };
}
