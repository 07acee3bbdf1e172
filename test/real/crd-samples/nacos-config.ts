/**
 * NacosConfigs that the API server must refuse, changes that it must refuse, and a full spec that it must store.
 */
import type { Refused, RefusedChange } from './sample.ts';

export const content = 'a: 1';
const mirror = { configMap: { name: 'copy' } };
export const contentFrom = { configMapKeyRef: { name: 'settings', key: 'app.yaml' } };
const fromSecret = { secretKeyRef: { name: 'login', key: 'app.yaml' } };
const rollout = { workloads: [{ kind: 'Deployment', name: 'app' }] };

export const refusedConfigs: readonly Refused[] = [
  {
    title: 'content and contentFrom together',
    spec: { content, contentFrom },
    field: 'spec.contentFrom',
    message: 'exactly one of the two',
  },
  {
    title: 'neither content nor a mirror',
    spec: {},
    field: 'spec.mirror',
    message: 'to declare it here set `content` or `contentFrom`',
  },
  {
    title: "source 'Kubernetes' without content",
    spec: { source: 'Kubernetes', mirror },
    field: 'spec.content',
    message: "must be set when `source` is 'Kubernetes'",
  },
  {
    title: "source 'Nacos' with content",
    spec: { source: 'Nacos', mirror, content },
    field: 'spec.content',
    message: "must not be set when `source` is 'Nacos'",
  },
  {
    title: "source 'Nacos' with contentFrom",
    spec: { source: 'Nacos', mirror, contentFrom },
    field: 'spec.contentFrom',
    message: "must not be set when `source` is 'Nacos'",
  },
  {
    title: "source 'Nacos' without a mirror",
    spec: { source: 'Nacos' },
    field: 'spec.mirror',
    message: 'must be set when the content comes from Nacos',
  },
  {
    title: 'an unknown source',
    spec: { source: 'Nowhere', content },
    field: 'spec.source',
    message: 'Unsupported value',
  },
  { title: 'empty content', spec: { content: '' }, field: 'spec.content', message: 'must not be blank' },
  { title: 'blank content', spec: { content: ' \r\n\t' }, field: 'spec.content', message: 'must not be blank' },
  {
    title: 'content beyond the limit',
    spec: { content: 'x'.repeat(1_048_577) },
    field: 'spec.content',
    message: 'may not be more than 1048576',
  },
  {
    title: 'a dataId with a slash',
    spec: { content, dataId: 'a/b' },
    field: 'spec.dataId',
    message: 'should match',
  },
  {
    title: 'a dataId of 257 characters',
    spec: { content, dataId: 'a'.repeat(257) },
    field: 'spec.dataId',
    message: 'may not be more than 256',
  },
  { title: 'an empty dataId', spec: { content, dataId: '' }, field: 'spec.dataId', message: 'at least 1' },
  { title: 'a group with a blank', spec: { content, group: 'a b' }, field: 'spec.group', message: 'should match' },
  {
    title: 'a group of 129 characters',
    spec: { content, group: 'g'.repeat(129) },
    field: 'spec.group',
    message: 'may not be more than 128',
  },
  {
    title: 'a namespaceId with a dot',
    spec: { content, namespaceId: 'a.b' },
    field: 'spec.namespaceId',
    message: 'should match',
  },
  {
    title: 'a connection of another kind',
    spec: { content, connectionRef: { kind: 'Secret', name: 'x' } },
    field: 'spec.connectionRef.kind',
    message: 'Unsupported value',
  },
  {
    title: 'a connection without a name',
    spec: { content, connectionRef: {} },
    field: 'spec.connectionRef.name',
    message: 'Required value',
  },
  {
    title: 'contentFrom without a key',
    spec: { contentFrom: { configMapKeyRef: { name: 'settings' } } },
    field: 'spec.contentFrom.configMapKeyRef.key',
    message: 'Required value',
  },
  {
    title: "source 'Both' with inline content",
    spec: { source: 'Both', content },
    field: 'spec.content',
    message: "must not be set when `source` is 'Both'",
  },
  {
    title: "source 'Both' with a Secret",
    spec: { source: 'Both', contentFrom: fromSecret, allowSecretExport: true },
    field: 'spec.contentFrom',
    message: '`contentFrom.configMapKeyRef` must be set',
  },
  {
    title: 'a Secret without consent',
    spec: { contentFrom: fromSecret },
    field: 'spec.allowSecretExport',
    message: 'must be true to publish the content of a Secret',
  },
  {
    title: 'a Secret that is mirrored into a ConfigMap',
    spec: { contentFrom: fromSecret, allowSecretExport: true, mirror },
    field: 'spec.mirror.configMap',
    message: 'mirror it into a Secret',
  },
  {
    title: 'a Secret that adopts edits',
    spec: { contentFrom: fromSecret, allowSecretExport: true, driftPolicy: 'Adopt' },
    field: 'spec.driftPolicy',
    message: "must not be 'Adopt' when the content comes from a Secret",
  },
  {
    title: 'a ConfigMap and a Secret for the content',
    spec: { contentFrom: { ...contentFrom, ...fromSecret }, allowSecretExport: true },
    field: 'spec.contentFrom',
    message: 'exactly one of `configMapKeyRef` and `secretKeyRef`',
  },
  {
    title: 'a ConfigMap and a Secret for the mirror',
    spec: { mirror: { ...mirror, secret: { name: 'copy' } } },
    field: 'spec.mirror',
    message: 'exactly one of `configMap` and `secret`',
  },
  {
    title: 'a mirror into the Secret that the content comes from',
    spec: { contentFrom: fromSecret, allowSecretExport: true, mirror: { secret: { name: 'login' } } },
    field: 'spec.mirror.secret.name',
    message: 'must differ from `contentFrom.secretKeyRef.name`',
  },
  {
    title: 'a key for a mirror of entries',
    spec: { mirror: { configMap: { name: 'copy', key: 'a' }, format: 'Env' } },
    field: 'spec.mirror.format',
    message: "must not have a `key` when `format` is 'Env'",
  },
  {
    title: 'an immutable mirror whose name has no room for a hash',
    spec: { mirror: { configMap: { name: 'c'.repeat(243) }, immutable: true } },
    field: 'spec.mirror.configMap.name',
    message: 'at most 242 characters',
  },
  {
    title: 'a rollout without a mirror',
    spec: { content, rollout },
    field: 'spec.mirror',
    message: 'must be set when `rollout` is',
  },
  {
    title: 'a rollout of named and of all workloads',
    spec: { mirror, rollout: { ...rollout, auto: true } },
    field: 'spec.rollout',
    message: 'either `workloads` or `auto`',
  },
  {
    title: 'a rollout of all that read an immutable mirror',
    spec: { mirror: { ...mirror, immutable: true }, rollout: { auto: true } },
    field: 'spec.rollout.auto',
    message: 'must not be true when `mirror.immutable` is',
  },
  {
    title: 'a limit of no bytes',
    spec: { content, validation: { maxBytes: 0 } },
    field: 'spec.validation.maxBytes',
    message: 'greater than or equal to 1',
  },
  { title: 'an unknown format', spec: { content, format: 'ini' }, field: 'spec.format', message: 'Unsupported value' },
  {
    title: 'a mirror key that no ConfigMap can have',
    spec: { content, mirror: { configMap: { name: 'copy', key: '..' } } },
    field: 'spec.mirror.configMap.key',
    message: 'should match',
  },
  {
    title: 'a mirror whose default key, the dataId, no ConfigMap can have',
    spec: { content, mirror, dataId: 'a:b' },
    field: 'spec.mirror',
    message: 'must have a `key`, because the `dataId` is not a valid key',
  },
  {
    title: 'a mirror into the ConfigMap that the content comes from',
    spec: { contentFrom, mirror: { configMap: { name: 'settings' } } },
    field: 'spec.mirror.configMap.name',
    message: 'must differ from `contentFrom.configMapKeyRef.name`',
  },
  {
    title: 'an immutable mirror in an object of others',
    spec: { mirror: { ...mirror, mode: 'Merge', immutable: true } },
    field: 'spec.mirror.immutable',
    message: "must not be true when `mode` is 'Merge'",
  },
  {
    title: 'a history of a mirror that is not immutable',
    spec: { mirror: { ...mirror, historyLimit: 3 } },
    field: 'spec.mirror.historyLimit',
    message: 'must not be set unless `immutable` is true',
  },
  ...['Report', 'Adopt'].flatMap((driftPolicy) => [
    {
      title: `driftPolicy ${driftPolicy} where Nacos decides`,
      spec: { mirror, driftPolicy },
      field: 'spec.driftPolicy',
      message: "must not be set unless `source` is 'Kubernetes'",
    },
    {
      title: `driftPolicy ${driftPolicy} where both sides decide`,
      spec: { source: 'Both', contentFrom, driftPolicy },
      field: 'spec.driftPolicy',
      message: "must not be set unless `source` is 'Kubernetes'",
    },
  ]),
  {
    title: 'an adoptionPolicy where Nacos decides',
    spec: { source: 'Nacos', mirror, adoptionPolicy: 'Adopt' },
    field: 'spec.adoptionPolicy',
    message: "must not be set unless `source` is 'Kubernetes'",
  },
  {
    title: 'an adoptionPolicy where both sides decide',
    spec: { source: 'Both', contentFrom, adoptionPolicy: 'Adopt' },
    field: 'spec.adoptionPolicy',
    message: "must not be set unless `source` is 'Kubernetes'",
  },
  {
    title: 'a conflictPolicy where Nacos decides',
    spec: { mirror, conflictPolicy: 'PreferNacos' },
    field: 'spec.conflictPolicy',
    message: "must not be set unless `source` is 'Both'",
  },
  {
    title: 'a conflictPolicy where Kubernetes decides',
    spec: { content, conflictPolicy: 'PreferKubernetes' },
    field: 'spec.conflictPolicy',
    message: "must not be set unless `source` is 'Both'",
  },
  ...[{ mirror }, { content }, { source: 'Both', contentFrom }].map((spec) => ({
    title: `allowSecretExport beside ${Object.keys(spec).join(' and ')}`,
    spec: { ...spec, allowSecretExport: true },
    field: 'spec.allowSecretExport',
    message: 'must not be true unless `contentFrom.secretKeyRef` is set',
  })),
  ...Object.entries({ tags: ['a'], description: 'd', appName: 'a' }).map(([field, value]) => ({
    title: `${field} where Nacos decides`,
    spec: { mirror, [field]: value },
    field: `spec.${field}`,
    message: 'must not be set when the content comes from Nacos',
  })),
  {
    title: 'six tags',
    spec: { content, tags: ['a', 'b', 'c', 'd', 'e', 'f'] },
    field: 'spec.tags',
    message: 'at most 5 items',
  },
  { title: 'a tag with a comma', spec: { content, tags: ['a,b'] }, field: 'spec.tags[0]', message: 'should match' },
  {
    title: 'the same tag twice',
    spec: { content, tags: ['a', 'a'] },
    field: 'spec.tags[1]',
    message: 'Duplicate value',
  },
  {
    title: 'a description of 129 characters',
    spec: { content, description: 'd'.repeat(129) },
    field: 'spec.description',
    message: 'may not be more than 128',
  },
  {
    title: 'an unknown field',
    spec: { content, dataid: 'a' },
    field: 'spec.dataid',
    message: 'unknown field',
  },
];

export const changedConfigs: readonly RefusedChange[] = [
  { title: 'another dataId', before: { content, dataId: 'a' }, after: { content, dataId: 'b' }, field: 'spec.dataId' },
  { title: 'a dataId where none was', before: { content }, after: { content, dataId: 'b' }, field: 'spec.dataId' },
  { title: 'no dataId where one was', before: { content, dataId: 'a' }, after: { content }, field: 'spec.dataId' },
  { title: 'another group', before: { content }, after: { content, group: 'other' }, field: 'spec.group' },
  {
    title: 'a namespaceId where none was',
    before: { content },
    after: { content, namespaceId: 'dev' },
    field: 'spec.namespaceId',
  },
  {
    title: 'another connection',
    before: { content, connectionRef: { name: 'one' } },
    after: { content, connectionRef: { name: 'two' } },
    field: 'spec.connectionRef',
  },
  {
    title: 'the default connection instead of a named one',
    before: { content, connectionRef: { name: 'one' } },
    after: { content },
    field: 'spec.connectionRef',
  },
  {
    title: 'another source',
    before: { source: 'Nacos', mirror },
    after: { source: 'Kubernetes', mirror, content },
    field: 'spec.source',
  },
  {
    title: 'both sides instead of one',
    before: { source: 'Kubernetes', contentFrom },
    after: { source: 'Both', contentFrom },
    field: 'spec.source',
  },
  { title: 'another source by adding content', before: { mirror }, after: { mirror, content }, field: 'spec.source' },
  {
    title: 'another source by removing the content',
    before: { mirror, content },
    after: { mirror },
    field: 'spec.source',
  },
];

export const fullConfig = {
  connectionRef: { kind: 'NacosConnection', name: 'main' },
  namespaceId: 'dev',
  group: 'shop',
  dataId: 'com.example:Orders_v1.yaml',
  source: 'Kubernetes',
  content: '\u{1F600} a: 1\r\n  \r\nno final newline',
  format: 'yaml',
  validation: { syntax: true, maxBytes: 1000, jsonSchema: { type: 'object', required: ['a'] } },
  allowSecretExport: false,
  driftPolicy: 'Report',
  conflictPolicy: 'Manual',
  mirror: { configMap: { name: 'copy', key: 'orders.yaml' }, format: 'File', immutable: false, onDelete: 'Keep' },
  rollout: { workloads: [{ kind: 'Deployment', name: 'orders' }], auto: false, debounceSeconds: 5 },
  tags: ['one', 'two words', 'three', 'four', 'five'],
  description: 'Settings',
  appName: 'orders',
  deletionPolicy: 'Retain',
  adoptionPolicy: 'Adopt',
  suspend: true,
};
