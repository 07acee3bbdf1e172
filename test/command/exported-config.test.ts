import assert from 'node:assert/strict';
import { exportConfig, type ExportTarget } from '../../operator/command/exported-config.ts';
import type { ConfigDetail } from '../../operator/nacos/admin/admin-api.ts';

const detail: ConfigDetail = {
  content: 'a: 1\n',
  md5: '',
  type: 'yaml',
  lastModifiedMs: 0,
  tags: [],
  description: '',
  appName: '',
  srcUser: '',
  srcIp: '',
};
const target: ExportTarget = { source: 'Kubernetes', namespace: undefined, namespaceId: '' };

interface Case {
  what: string;
  name?: string;
  dataId?: string;
  detail?: Partial<ConfigDetail>;
  target?: Partial<ExportTarget>;
  /** Of the NacosConfig, in part. */
  spec?: Record<string, unknown>;
  kinds?: string[];
  remark?: RegExp;
}

const bigText = 'ä'.repeat(524_289);

const cases: Case[] = [
  {
    what: 'what the dataId says is not said again',
    spec: { dataId: undefined, format: undefined, namespaceId: undefined },
  },
  { what: 'a dataId that is no name of an object', dataId: 'App:1', name: 'app-1', spec: { dataId: 'App:1' } },
  { what: 'a format that the dataId does not tell', detail: { type: 'text' }, spec: { format: 'text' } },
  { what: 'a type that is no format', detail: { type: 'unset' }, spec: { format: undefined } },
  {
    what: 'tags, description and application',
    detail: { tags: ['a'], description: 'd', appName: 'n' },
    spec: { tags: ['a'], description: 'd', appName: 'n' },
  },
  {
    what: 'more tags than can be declared',
    detail: { tags: ['a', 'b', 'c', 'd', 'e', 'f'] },
    spec: { tags: undefined },
  },
  { what: 'a Nacos namespace', target: { namespaceId: 'dev' }, spec: { namespaceId: 'dev' } },
  {
    what: 'content that is not valid',
    detail: { content: 'a: [' },
    spec: { validation: { syntax: false } },
    remark: /is not valid yaml/,
  },
  {
    what: 'the mark of a bridge',
    detail: { srcUser: 'nacos-bridge-0123456789abcdef' },
    spec: { tags: undefined },
    remark: /by a bridge already/,
  },
  {
    what: 'a mirror of what Nacos holds',
    target: { source: 'Nacos' },
    spec: { content: undefined, mirror: { configMap: { name: 'app.yaml' } } },
  },
  {
    what: 'a mirror under a legal key',
    dataId: 'a:b',
    name: 'a-b',
    target: { source: 'Nacos' },
    spec: { mirror: { configMap: { name: 'a-b', key: 'a-b' } } },
  },
  {
    what: 'a ConfigMap that both sides may change',
    target: { source: 'Both' },
    kinds: ['NacosConfig', 'ConfigMap'],
    spec: {
      content: undefined,
      contentFrom: { configMapKeyRef: { name: 'app.yaml', key: 'app.yaml' } },
      deletionPolicy: undefined,
    },
  },
  {
    what: 'more than a NacosConfig holds',
    detail: { content: bigText },
    kinds: [],
    remark: /^is left out: it has 1048578 bytes/,
  },
  { what: 'a large one that is mirrored', detail: { content: bigText }, target: { source: 'Nacos' } },
  { what: 'what clients encrypt', dataId: 'cipher-a', kinds: [], remark: /^is left out: its content is encrypted/ },
  { what: 'a name that no NacosConfig can have', dataId: 'a b', kinds: [], remark: /^is left out: its name/ },
];

describe('an exported config', () => {
  for (const { what, name = 'app.yaml', dataId = 'app.yaml', kinds = ['NacosConfig'], spec = {}, ...one } of cases) {
    it(`declares ${what}`, () => {
      const config = { group: 'g', dataId };
      const { manifests, remarks } = exportConfig(
        name,
        config,
        { ...detail, ...one.detail },
        { ...target, ...one.target },
      );
      assert.deepEqual(
        manifests.map(({ kind }) => kind),
        kinds,
      );
      const told = manifests[0]?.['spec'] as Record<string, unknown> | undefined;
      for (const [field, value] of Object.entries(spec)) assert.deepEqual(told?.[field], value, field);
      assert.match(remarks.join('\n'), one.remark ?? /^$/);
    });
  }
});
