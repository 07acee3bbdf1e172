/**
 * CRDs for the workloads that an embedded API server does not have by itself, with the fields that rollouts read and write:
 * `batch/v1` CronJob, and Rollout as in manifests/crds/rollout-crd.yaml of argo-rollouts 1.8.
 */
const open = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };

function definition(group: string, version: string, plural: string, kind: string, spec: Record<string, unknown>) {
  const schema = { type: 'object', properties: { spec: { type: 'object', properties: spec }, status: open } };
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.${group}` },
    spec: {
      group,
      scope: 'Namespaced',
      names: { kind, listKind: `${kind}List`, plural, singular: kind.toLowerCase() },
      versions: [{ name: version, served: true, storage: true, schema: { openAPIV3Schema: schema } }],
    },
  };
}

export const cronJobDefinition = definition('batch', 'v1', 'cronjobs', 'CronJob', {
  schedule: { type: 'string' },
  jobTemplate: open,
});

export const rolloutDefinition = definition('argoproj.io', 'v1alpha1', 'rollouts', 'Rollout', {
  paused: { type: 'boolean' },
  restartAt: { type: 'string', format: 'date-time' },
  template: open,
});
