/**
 * NacosServices that the API server must refuse, changes that it must refuse, and a full spec that it must store.
 */
import type { Json, Refused, RefusedChange } from './sample.ts';

const one = { serviceRef: { name: 'orders' } };
export const many = { serviceSelector: { matchLabels: { tier: 'backend' } } };
const expression = (condition: Json) => ({ source: { serviceSelector: { matchExpressions: [condition] } } });

export const refusedServices: readonly Refused[] = [
  { title: 'no source', spec: {}, field: 'spec.source', message: 'Required value' },
  {
    title: 'an empty source',
    spec: { source: {} },
    field: 'spec.source.serviceRef',
    message: 'must be set, or `serviceSelector`',
  },
  {
    title: 'two sources',
    spec: { source: { ...one, ...many } },
    field: 'spec.source.serviceSelector',
    message: 'exactly one of the two names the Services',
  },
  {
    title: 'a reference to a name that no Service can have',
    spec: { source: { serviceRef: { name: '1st' } } },
    field: 'spec.source.serviceRef.name',
    message: 'should match',
  },
  {
    title: 'an empty selector',
    spec: { source: { serviceSelector: {} } },
    field: 'spec.source.serviceSelector',
    message: 'must hold at least one label or expression',
  },
  {
    title: 'a selector whose parts are empty',
    spec: { source: { serviceSelector: { matchLabels: {}, matchExpressions: [] } } },
    field: 'spec.source.serviceSelector',
    message: 'must hold at least one label or expression',
  },
  {
    title: 'a label value with a blank',
    spec: { source: { serviceSelector: { matchLabels: { tier: 'a b' } } } },
    field: 'spec.source.serviceSelector.matchLabels.tier',
    message: 'should match',
  },
  {
    title: "'In' without values",
    spec: expression({ key: 'tier', operator: 'In' }),
    field: 'spec.source.serviceSelector.matchExpressions[0].values',
    message: "must be set when `operator` is 'In' or 'NotIn'",
  },
  {
    title: "'Exists' with a value",
    spec: expression({ key: 'tier', operator: 'Exists', values: ['backend'] }),
    field: 'spec.source.serviceSelector.matchExpressions[0].values',
    message: "must not be set when `operator` is 'Exists' or 'DoesNotExist'",
  },
  {
    title: 'an unknown operator',
    spec: expression({ key: 'tier', operator: 'Gt', values: ['1'] }),
    field: 'spec.source.serviceSelector.matchExpressions[0].operator',
    message: 'Unsupported value',
  },
  {
    title: 'one name for all Services of a selector',
    spec: { source: many, serviceName: 'orders' },
    field: 'spec.serviceName',
    message: "must contain '{service}'",
  },
  {
    title: 'one name for a port of all Services of a selector',
    spec: { source: many, ports: [{ name: 'grpc', serviceName: 'orders-grpc' }] },
    field: 'spec.ports',
    message: "must each contain '{service}'",
  },
  {
    title: 'a placeholder that does not exist',
    spec: { source: one, serviceName: '{namespace}.{service}' },
    field: 'spec.serviceName',
    message: 'should match',
  },
  {
    title: 'a name with a blank',
    spec: { source: one, serviceName: 'our orders' },
    field: 'spec.serviceName',
    message: 'should match',
  },
  {
    title: 'a name in Chinese characters',
    spec: { source: one, serviceName: '\u8ba2\u5355' },
    field: 'spec.serviceName',
    message: 'should match',
  },
  {
    title: "a name that begins with '@'",
    spec: { source: one, serviceName: '@orders' },
    field: 'spec.serviceName',
    message: 'should match',
  },
  {
    title: "a name with '@@'",
    spec: { source: one, serviceName: 'shop@@orders' },
    field: 'spec.serviceName',
    message: "must not contain '@@'",
  },
  {
    title: 'a name of 513 characters',
    spec: { source: one, serviceName: 's'.repeat(513) },
    field: 'spec.serviceName',
    message: 'may not be more than 512',
  },
  { title: 'no ports', spec: { source: one, ports: [] }, field: 'spec.ports', message: 'at least 1 item' },
  {
    title: 'a port that is not named',
    spec: { source: one, ports: [{ serviceName: 'orders' }] },
    field: 'spec.ports[0].name',
    message: 'must be set, or `number`',
  },
  {
    title: 'a port by name and number',
    spec: { source: one, ports: [{ name: 'http', number: 80 }] },
    field: 'spec.ports[0].number',
    message: 'exactly one of the two',
  },
  {
    title: 'a port twice by name',
    spec: { source: one, ports: [{ name: 'http' }, { name: 'http', serviceName: 'orders' }] },
    field: 'spec.ports',
    message: 'must not name a port twice',
  },
  {
    title: 'a port twice by number',
    spec: { source: one, ports: [{ number: 80 }, { name: 'grpc' }, { number: 80 }] },
    field: 'spec.ports',
    message: 'must not name a port twice',
  },
  {
    title: 'one name for two ports',
    spec: {
      source: one,
      ports: [
        { name: 'http', serviceName: 'orders' },
        { number: 81, serviceName: 'orders' },
      ],
    },
    field: 'spec.ports',
    message: 'must not use a `serviceName` twice',
  },
  {
    title: 'the name of the first port for another one',
    spec: { source: one, ports: [{ name: 'http' }, { name: 'grpc', serviceName: '{service}' }] },
    field: 'spec.ports',
    message: 'which the first port of the list has',
  },
  { title: 'no family', spec: { source: one, ipFamilies: [] }, field: 'spec.ipFamilies', message: 'at least 1 item' },
  {
    title: 'a family twice',
    spec: { source: one, ipFamilies: ['IPv4', 'IPv4'] },
    field: 'spec.ipFamilies[1]',
    message: 'Duplicate value',
  },
  {
    title: 'an unknown way with what registers itself',
    spec: { source: one, selfRegistered: 'Remove' },
    field: 'spec.selfRegistered',
    message: 'Unsupported value',
  },
  {
    title: 'port 65536',
    spec: { source: one, ports: [{ number: 65_536 }] },
    field: 'spec.ports[0].number',
    message: 'less than or equal to 65535',
  },
  {
    title: 'an unknown readiness',
    spec: { source: one, readiness: 'Ignore' },
    field: 'spec.readiness',
    message: 'Unsupported value',
  },
  { title: 'a negative weight', spec: { source: one, weight: -1 }, field: 'spec.weight', message: 'greater than or' },
  { title: 'a weight of 10001', spec: { source: one, weight: 10_001 }, field: 'spec.weight', message: 'less than or' },
  { title: 'a weight of 0.5', spec: { source: one, weight: 0.5 }, field: 'spec.weight', message: 'must be of type' },
  {
    title: 'a cluster name with a dot',
    spec: { source: one, clusterName: 'eu.west' },
    field: 'spec.clusterName',
    message: 'should match',
  },
  {
    title: 'a cluster name of 65 characters',
    spec: { source: one, clusterName: 'c'.repeat(65) },
    field: 'spec.clusterName',
    message: 'may not be more than 64',
  },
  {
    title: 'a cluster name from two places',
    spec: { source: one, clusterName: 'DEFAULT', clusterNameFrom: 'Zone' },
    field: 'spec.clusterNameFrom',
    message: 'at most one of the two',
  },
  ...['k8s.cluster', 'k8s.namespace', 'k8s.service', 'k8s.zone', 'preserved.instance.id.generator'].flatMap((key) => [
    {
      title: `the metadata key ${key}`,
      spec: { source: one, metadata: { [key]: 'x' } },
      field: 'spec.metadata',
      message: `'${key}'`,
    },
    {
      title: `the label ${key} as metadata`,
      spec: { source: one, metadataFrom: { labels: ['version', key] } },
      field: 'spec.metadataFrom.labels',
      message: `'${key}'`,
    },
  ]),
  {
    title: 'an empty metadata key',
    spec: { source: one, metadata: { '': 'x' } },
    field: 'spec.metadata',
    message: 'must not hold an empty key',
  },
  {
    title: '1025 characters of metadata',
    spec: { source: one, metadata: { a: 'x'.repeat(1000), b: 'x'.repeat(23) } },
    field: 'spec.metadata',
    message: 'at most 1024 characters',
  },
  {
    title: '65 keys of metadata',
    spec: { source: one, metadata: Object.fromEntries(Array.from({ length: 65 }, (_, index) => [`k${index}`, ''])) },
    field: 'spec.metadata',
    message: 'at most 64',
  },
  {
    title: 'a key from metadata and from a label',
    spec: { source: one, metadata: { version: '1' }, metadataFrom: { labels: ['version'] } },
    field: 'spec.metadataFrom.labels',
    message: 'must not name a key of `metadata`',
  },
  {
    title: 'a label that no pod can have',
    spec: { source: one, metadataFrom: { labels: ['a b'] } },
    field: 'spec.metadataFrom.labels[0]',
    message: 'should match',
  },
  {
    title: 'a group with a blank',
    spec: { source: one, group: 'a b' },
    field: 'spec.group',
    message: 'should match',
  },
  { title: 'an unknown field', spec: { source: one, service: 'a' }, field: 'spec.service', message: 'unknown field' },
];

export const changedServices: readonly RefusedChange[] = [
  {
    title: 'another Service',
    before: { source: one },
    after: { source: { serviceRef: { name: 'bills' } } },
    field: 'spec.source',
  },
  {
    title: 'a selector instead of a reference',
    before: { source: one },
    after: { source: many },
    field: 'spec.source',
  },
  {
    title: 'another selector',
    before: { source: many },
    after: { source: { serviceSelector: { matchLabels: { tier: 'frontend' } } } },
    field: 'spec.source',
  },
  { title: 'another group', before: { source: one }, after: { source: one, group: 'shop' }, field: 'spec.group' },
  {
    title: 'a namespaceId where none was',
    before: { source: one },
    after: { source: one, namespaceId: 'dev' },
    field: 'spec.namespaceId',
  },
  {
    title: 'the default connection instead of a named one',
    before: { source: one, connectionRef: { name: 'main' } },
    after: { source: one },
    field: 'spec.connectionRef',
  },
];

export const fullService = {
  connectionRef: { kind: 'NacosConnection', name: 'main' },
  namespaceId: 'dev',
  group: 'shop',
  source: {
    serviceSelector: {
      matchLabels: { tier: 'backend', 'example.com/team': '' },
      matchExpressions: [
        { key: 'example.com/stage', operator: 'In', values: ['live', ''] },
        { key: 'legacy', operator: 'DoesNotExist' },
      ],
    },
  },
  serviceName: 'shop:{service}@1/{service}',
  ports: [{ name: 'http' }, { name: 'grpc', serviceName: '{service}.grpc' }, { number: 9090 }],
  readiness: 'Remove',
  weight: 0,
  clusterNameFrom: 'Zone',
  metadata: { owner: 'x'.repeat(1019) },
  metadataFrom: { labels: ['version', 'app.kubernetes.io/name'] },
  podAnnotations: 'Use',
  ipFamilies: ['IPv6', 'IPv4'],
  selfRegistered: 'Yield',
};
