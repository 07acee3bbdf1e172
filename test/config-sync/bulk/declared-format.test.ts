import assert from 'node:assert/strict';
import type { NacosConfigSync } from '../../../operator/api/resources.ts';
import { declaredFormat } from '../../../operator/config-sync/bulk/declared-format.ts';

describe('the format that a NacosConfigSync declares', () => {
  const formats = [
    { dataId: 'nginx.conf', format: 'text' },
    { dataId: 'app*.conf', format: 'json' },
    { dataId: '*.conf', format: 'properties' },
  ];
  const spec = { formats } as NacosConfigSync['spec'];

  for (const [dataId, format] of [
    ['nginx.conf', 'text'],
    ['app-1.conf', 'json'],
    ['other.conf', 'properties'],
    ['other.conf.yaml', undefined],
  ] as const) {
    it(`is ${format ?? 'that of the extension'} for ${dataId}: the first pattern that matches decides`, () => {
      assert.equal(declaredFormat(spec, dataId), format);
    });
  }

  it('is none without patterns', () => {
    assert.equal(declaredFormat({} as NacosConfigSync['spec'], 'a.conf'), undefined);
  });
});
