import type { Json, Refused, RefusedChange } from './sample.ts';

const all = { kubernetes: { all: true } };
const dataId = '*.conf';

export const refusedSyncs: readonly Refused[] = [
  {
    title: 'formats where nothing is looked into',
    spec: { source: 'Nacos', mapping: { objectName: 'a' }, formats: [{ dataId, format: 'yaml' }] },
    field: 'spec.formats',
    message: 'must not be set when `source` is',
  },
  ...[{ syntax: false }, { maxBytes: 1000 }, { jsonSchema: { type: 'object' } }].map((validation) => ({
    title: `validation.${Object.keys(validation).join()} where nothing is looked into`,
    spec: { source: 'Nacos', mapping: { objectName: 'a' }, validation },
    field: 'spec.validation',
    message: 'must not be set when `source` is',
  })),
  {
    title: 'a format that there is not',
    spec: { source: 'Kubernetes', ...all, formats: [{ dataId, format: 'ini' }] },
    field: 'spec.formats[0].format',
    message: 'supported values',
  },
  {
    title: 'a format of no pattern',
    spec: { source: 'Kubernetes', ...all, formats: [{ format: 'yaml' }] },
    field: 'spec.formats[0].dataId',
    message: 'Required value',
  },
  {
    title: 'a pattern that no dataId has',
    spec: { source: 'Kubernetes', ...all, formats: [{ dataId: 'a b', format: 'yaml' }] },
    field: 'spec.formats[0].dataId',
    message: 'should match',
  },
  {
    title: 'names and a selector for one',
    spec: { source: 'Both', kubernetes: { all: true, names: ['a'] } },
    field: 'spec.kubernetes.all',
    message: 'must not be true when `selector` or `names` is set',
  },
  {
    title: 'a rollout where no object is written',
    spec: { source: 'Kubernetes', ...all, rollout: { auto: true } },
    field: 'spec.rollout',
    message: "must not be set when `source` is 'Kubernetes' and `driftPolicy` is not 'Adopt'",
  },
  {
    title: 'a rollout of no workloads',
    spec: { source: 'Both', ...all, rollout: { debounceSeconds: 1 } },
    field: 'spec.rollout.auto',
    message: 'Required value',
  },
  {
    title: 'a rollout that waits for more than an hour',
    spec: { source: 'Both', ...all, rollout: { auto: true, debounceSeconds: 3601 } },
    field: 'spec.rollout.debounceSeconds',
    message: 'should be less than or equal to 3600',
  },
];

export const changedSyncs: readonly RefusedChange[] = [
  {
    title: 'another source',
    before: { source: 'Kubernetes', ...all },
    after: { source: 'Both', ...all },
    field: 'spec.source',
  },
];

/** Nothing is left to a default. */
export const fullSync: Json = {
  connectionRef: { kind: 'NacosConnection', name: 'production' },
  namespaceId: 'dev',
  source: 'Both',
  kubernetes: { kinds: ['ConfigMap'], all: true, exclude: ['istio-*'], allowSecretExport: false },
  nacos: { groups: ['shop'], dataIds: ['*.yaml'] },
  mapping: { group: '{name}', dataId: '{key}' },
  formats: [
    { dataId: 'nginx.conf', format: 'text' },
    { dataId: '*.conf', format: 'properties' },
  ],
  validation: { syntax: true, maxBytes: 65_536 },
  driftPolicy: 'Revert',
  conflictPolicy: 'PreferKubernetes',
  adoptionPolicy: 'Fail',
  rollout: { auto: true, debounceSeconds: 10 },
  syncDeletion: false,
  deletionPolicy: 'Retain',
  suspend: true,
};
