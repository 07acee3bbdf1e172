import assert from 'node:assert/strict';
import type { NacosConfig } from '../../operator/api/resources.ts';
import { sessionStart } from '../../operator/config-sync/session-start.ts';

const inline = { content: 'text' };
const fromKey = { contentFrom: { configMapKeyRef: { name: 'source', key: 'text' } } };
const mirrored = { source: 'Nacos', mirror: { configMap: { name: 'm' } } };
const both = { source: 'Both', ...fromKey };

function config(spec: object, status?: NacosConfig['status']): NacosConfig {
  return { metadata: { name: 'a', namespace: 'ns' }, spec: { group: 'g', ...spec }, status } as NacosConfig;
}

describe('the start of a session', () => {
  const cases: { title: string; spec: object; status?: NacosConfig['status']; expectedMd5: string | undefined }[] = [
    { title: 'expects nothing in Nacos before the first time', spec: inline, expectedMd5: '' },
    { title: 'expects so of content in a ConfigMap, too', spec: fromKey, expectedMd5: '' },
    { title: 'cannot tell before the first time what Nacos declares', spec: mirrored, expectedMd5: undefined },
    { title: 'nor where both sides write', spec: both, expectedMd5: undefined },
    ...[inline, fromKey, mirrored, both].map((spec) => ({
      title: `expects what Nacos was seen to hold last: ${JSON.stringify(spec)}`,
      spec,
      status: { nacosMd5: 'seen' },
      expectedMd5: 'seen',
    })),
    {
      title: 'expects what was seen last rather than what both sides had',
      spec: inline,
      status: { nacosMd5: 'seen', syncedMd5: 'common' },
      expectedMd5: 'seen',
    },
    {
      title: 'cannot tell what was seen last to be gone',
      spec: inline,
      status: { syncedMd5: 'common' },
      expectedMd5: undefined,
    },
  ];
  for (const { title, spec, status, expectedMd5 } of cases) {
    it(title, () => {
      const start = sessionStart(config(spec, status));
      assert.equal(start.expectedMd5, expectedMd5);
      assert.equal(start.baseMd5, status?.syncedMd5);
    });
  }

  for (const [status, expected] of [
    ['True', 3],
    ['False', undefined],
  ] as const) {
    it(`knows metadata of ${expected ?? 'no'} generation in Nacos when Synced is ${status}`, () => {
      const condition = { type: 'Synced', status, reason: 'r', message: '', lastTransitionTime: '' };
      const resource = config(inline, { observedGeneration: 3, conditions: [condition] });
      assert.equal(sessionStart(resource).metadataGeneration, expected);
    });
  }
});
