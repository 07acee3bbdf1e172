import assert from 'node:assert/strict';
import type { NacosConfig } from '../../operator/api/resources.ts';
import { compileIntent, configMapsOf, deletesFromNacos } from '../../operator/config-sync/intent.ts';
import { isBridgeError } from '../../operator/errors.ts';

function config(spec: object, name = 'app.yaml'): NacosConfig {
  return { metadata: { name, namespace: 'ns' }, spec: { group: 'DEFAULT_GROUP', ...spec } } as NacosConfig;
}

const mirror = { configMap: { name: 'mirror' } };
const contentFrom = { configMapKeyRef: { name: 'source', key: 'k' } };

describe('the intent of a NacosConfig', () => {
  it('is published when content is given, with the defaults', () => {
    assert.deepEqual(compileIntent(config({ content: 'a: 1' }), 'dev'), {
      source: 'Kubernetes',
      address: { namespaceId: 'dev', group: 'DEFAULT_GROUP', dataId: 'app.yaml' },
      mirror: undefined,
      suspend: false,
      content: { kind: 'inline', content: 'a: 1' },
      format: 'yaml',
      declaresFormat: false,
      validateSyntax: true,
      driftPolicy: 'Revert',
      adoptionPolicy: 'Fail',
      deletionPolicy: 'Delete',
      tags: undefined,
      description: undefined,
      appName: undefined,
    });
  });

  it('is mirrored when none is given, under the dataId as the key', () => {
    const intent = compileIntent(config({ mirror, dataId: 'a.toml' }), '');
    assert.equal(intent.source, 'Nacos');
    assert.deepEqual(intent.mirror, { name: 'mirror', key: 'a.toml' });
  });

  it("takes 'public' for the public namespace, whoever says it", () => {
    assert.equal(compileIntent(config({ content: 'x', namespaceId: 'public' }), 'dev').address.namespaceId, '');
    assert.equal(compileIntent(config({ content: 'x', namespaceId: '' }), 'dev').address.namespaceId, '');
  });

  const bad: [string, object, string | undefined, RegExp][] = [
    ['a dataId that Nacos refuses', { content: 'x', dataId: 'a/b' }, undefined, /`spec\.dataId` 'a\/b' must be/],
    ['a dataId of 257 characters', { content: 'x' }, 'a'.repeat(257), /`spec\.dataId`/],
    ['both content and contentFrom', { content: 'x', contentFrom }, undefined, /exactly one of/],
    ['neither, for Kubernetes', { source: 'Kubernetes' }, undefined, /exactly one of/],
    ['content, for Nacos', { source: 'Nacos', content: 'x', mirror }, undefined, /must not be set when/],
    ['no mirror, for Nacos', { source: 'Nacos' }, undefined, /`spec\.mirror` must be set/],
    [
      'a dataId that is no ConfigMap key',
      { mirror, dataId: 'a:b' },
      undefined,
      /`spec\.mirror\.configMap\.key` 'a:b' must be/,
    ],
  ];
  for (const [title, spec, name, message] of bad) {
    it(`is refused with ${title}`, () => {
      assert.throws(
        () => compileIntent(config(spec, name), ''),
        (error) => isBridgeError(error, 'INVALID_SPEC') && message.test(error.message),
      );
    });
  }

  it('knows the ConfigMaps that it reads and writes', () => {
    assert.deepEqual(configMapsOf(config({ contentFrom, mirror })), ['ns/source', 'ns/mirror']);
    assert.deepEqual(configMapsOf(config({ content: 'x' })), []);
  });

  it('reaches Nacos at deletion only for what is published and not retained', () => {
    assert.equal(deletesFromNacos(config({ content: 'x' })), true);
    assert.equal(deletesFromNacos(config({ content: 'x', deletionPolicy: 'Retain' })), false);
    assert.equal(deletesFromNacos(config({ mirror })), false);
  });
});
