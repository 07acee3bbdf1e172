import assert from 'node:assert/strict';
import type { NacosConfig } from '../../operator/api/resources.ts';
import { compileIntent } from '../../operator/config-sync/intent.ts';
import { sessionStart } from '../../operator/config-sync/session-start.ts';
import { md5Of } from '../../operator/nacos/config-snapshot.ts';

const md5 = md5Of('text');
const inline = { content: 'text' };
const fromKey = { contentFrom: { configMapKeyRef: { name: 'source', key: 'text' } } };

function config(spec: object, status?: NacosConfig['status']): NacosConfig {
  return { metadata: { name: 'a', namespace: 'ns' }, spec: { group: 'g', ...spec }, status } as NacosConfig;
}

describe('the start of a session', () => {
  const cases: { title: string; spec: object; syncedMd5?: string; expected: string | undefined }[] = [
    { title: 'expects nothing in Nacos before the first time', spec: inline, expected: '(absent)' },
    { title: 'expects so of content in a ConfigMap, too', spec: fromKey, expected: '(absent)' },
    { title: 'expects the declared content where both sides had it', spec: inline, syncedMd5: md5, expected: 'text' },
    { title: 'cannot tell when the spec was edited since', spec: inline, syncedMd5: 'other', expected: undefined },
    { title: 'cannot tell while the content is in a ConfigMap', spec: fromKey, syncedMd5: md5, expected: undefined },
    {
      title: 'cannot tell what Nacos declares',
      spec: { source: 'Nacos', mirror: { configMap: { name: 'm' } } },
      expected: undefined,
    },
    { title: 'cannot tell where both sides write', spec: { source: 'Both', ...fromKey }, expected: undefined },
  ];
  for (const { title, spec, syncedMd5, expected } of cases) {
    it(title, () => {
      const resource = config(spec, { syncedMd5 });
      const start = sessionStart(resource, compileIntent(resource, ''));
      const shown = start.expected?.kind === 'present' ? start.expected.snapshot.content : start.expected && '(absent)';
      assert.equal(shown, expected);
      assert.equal(start.baseMd5, syncedMd5);
    });
  }

  for (const [status, expected] of [
    ['True', 3],
    ['False', undefined],
  ] as const) {
    it(`knows metadata of ${expected ?? 'no'} generation in Nacos when Synced is ${status}`, () => {
      const condition = { type: 'Synced', status, reason: 'r', message: '', lastTransitionTime: '' };
      const resource = config(inline, { observedGeneration: 3, conditions: [condition] });
      assert.equal(sessionStart(resource, compileIntent(resource, '')).metadataGeneration, expected);
    });
  }
});
