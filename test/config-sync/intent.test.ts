import assert from 'node:assert/strict';
import type { NacosConfig } from '../../operator/api/resources.ts';
import { compileIntent, configMapsOf, deletesFromNacos, secretsOf } from '../../operator/config-sync/intent.ts';
import { isBridgeError } from '../../operator/errors.ts';

function config(spec: object, name = 'app.yaml'): NacosConfig {
  return { metadata: { name, namespace: 'ns' }, spec: { group: 'DEFAULT_GROUP', ...spec } } as NacosConfig;
}

const mirror = { configMap: { name: 'mirror' }, format: 'File' as const, immutable: false };
const contentFrom = { configMapKeyRef: { name: 'source', key: 'k' } };
const secretFrom = { secretKeyRef: { name: 'login', key: 'k', encoding: 'Text' } } as const;
const secret = { contentFrom: secretFrom, allowSecretExport: true };

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
      rollout: undefined,
      validation: { syntax: true, maxBytes: undefined, jsonSchema: undefined },
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
    const content = { format: 'File', key: 'a.toml' };
    assert.deepEqual(intent.mirror, {
      outlivesOwner: false,
      isMerged: false,
      labels: undefined,
      annotations: undefined,
      type: undefined,
      kind: 'ConfigMap',
      name: 'mirror',
      immutable: false,
      historyLimit: 1,
      content,
    });
    assert.equal(intent.format, 'toml');
  });

  it('goes both ways between a dataId and a key of a ConfigMap', () => {
    const intent = compileIntent(config({ source: 'Both', contentFrom }), '');
    assert.ok(intent.source === 'Both');
    assert.deepEqual(intent.content, { kind: 'configMap', name: 'source', key: 'k' });
    assert.equal(intent.conflictPolicy, 'Manual');
  });

  it('takes the content of a Secret with consent', () => {
    const spec = { contentFrom: secretFrom, allowSecretExport: true, mirror: { secret: { name: 'copy' } } };
    const intent = compileIntent(config(spec), '');
    assert.ok(intent.source === 'Kubernetes');
    assert.deepEqual(intent.content, { kind: 'secret', name: 'login', key: 'k', encoding: 'Text' });
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
    ['no ConfigMap, for Both', { source: 'Both', content: 'x' }, undefined, /configMapKeyRef` must be set/],
    ['a Secret, for Both', { ...secret, source: 'Both' }, undefined, /configMapKeyRef` must be set/],
    ['a Secret without consent', { contentFrom: secretFrom }, undefined, /`spec\.allowSecretExport` must be true/],
    ['a Secret to adopt into', { ...secret, driftPolicy: 'Adopt' }, undefined, /must not be 'Adopt'/],
    ['a Secret mirrored into a ConfigMap', { ...secret, mirror }, undefined, /`spec\.mirror` must be a Secret/],
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

  it('is not about the dataId by which the Nacos namespace is known', () => {
    const place = { group: 'nacos-bridge-system', dataId: 'nacos-bridge-place' };
    for (const spec of [{ content: 'x' }, { mirror }]) {
      const refused = (error: unknown) =>
        isBridgeError(error, 'INVALID_SPEC') && error.message.includes('nacos-bridge-place');
      assert.throws(() => compileIntent(config({ ...place, ...spec }), ''), refused);
    }
  });

  it('knows the ConfigMaps that it reads and writes', () => {
    assert.deepEqual(configMapsOf(config({ contentFrom, mirror })), ['ns/source', 'ns/mirror']);
    assert.deepEqual(configMapsOf(config({ content: 'x' })), []);
  });

  it('knows the Secrets that it reads and writes', () => {
    const spec = { contentFrom: secretFrom, mirror: { secret: { name: 'copy' } } };
    assert.deepEqual(secretsOf(config(spec)), ['ns/login', 'ns/copy']);
    assert.deepEqual(secretsOf(config({ contentFrom, mirror })), []);
  });

  it('reaches Nacos at deletion only for what is published and not retained', () => {
    assert.equal(deletesFromNacos(config({ content: 'x' })), true);
    assert.equal(deletesFromNacos(config({ content: 'x', deletionPolicy: 'Retain' })), false);
    assert.equal(deletesFromNacos(config({ mirror })), false);
    assert.equal(deletesFromNacos(config({ source: 'Both', contentFrom })), false);
  });
});
