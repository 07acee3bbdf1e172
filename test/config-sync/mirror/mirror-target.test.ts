import assert from 'node:assert/strict';
import type { NacosConfig } from '../../../operator/api/resources.ts';
import { compileMirror } from '../../../operator/config-sync/mirror/mirror-target.ts';

type Mirror = NonNullable<NacosConfig['spec']['mirror']>;

/** With the defaults that the API server fills in. */
const mirror = (spec: Partial<Mirror>) => compileMirror({ format: 'File', immutable: false, ...spec }, 'app.yaml');

/** What is so unless it is told. */
const defaults = {
  historyLimit: 1,
  outlivesOwner: false,
  isMerged: false,
  labels: undefined,
  annotations: undefined,
  type: undefined,
};

describe('the target of a mirror', () => {
  it('is a file in a ConfigMap, under the dataId, where no key is told', () => {
    const content = { format: 'File', key: 'app.yaml' };
    assert.deepEqual(mirror({ configMap: { name: 'm' } }), {
      ...defaults,
      kind: 'ConfigMap',
      name: 'm',
      immutable: false,
      content,
    });
    assert.equal(compileMirror(undefined, 'app.yaml'), undefined);
  });

  it('is what is told', () => {
    assert.deepEqual(mirror({ secret: { name: 's' }, format: 'Env', immutable: true, historyLimit: 3 }), {
      ...defaults,
      historyLimit: 3,
      kind: 'Secret',
      name: 's',
      immutable: true,
      content: { format: 'Env' },
    });
  });

  const refused: readonly [title: string, spec: Partial<Mirror>, message: RegExp][] = [
    ['no object', {}, /must have exactly one of `configMap` and `secret`/],
    ['two objects', { configMap: { name: 'a' }, secret: { name: 'b' } }, /must have exactly one/],
    [
      'a key that the API server refuses',
      { secret: { name: 'a', key: 'a/b' } },
      /`spec.mirror.secret.key` 'a\/b' must be/,
    ],
    ['a key of two dots', { configMap: { name: 'a', key: '..' } }, /`spec.mirror.configMap.key` '\.\.'/],
    [
      'a label of ours',
      { configMap: { name: 'a' }, labels: { 'bridge.nacos.io/mirror': 'x' } },
      /operator writes itself/,
    ],
    [
      'a label that is none',
      { configMap: { name: 'a' }, labels: { 'a b': 'x' } },
      /`spec.mirror.labels` 'a b' must be/,
    ],
    [
      'an annotation of no name',
      { configMap: { name: 'a' }, annotations: { '': 'x' } },
      /`spec.mirror.annotations` ''/,
    ],
    [
      'a key for entries',
      { configMap: { name: 'a', key: 'b' }, format: 'Env' },
      /`spec.mirror.configMap.key` 'b' must not be set/,
    ],
    [
      'no room for the hash',
      { configMap: { name: 'a'.repeat(243) }, immutable: true },
      /must have at most 242 characters/,
    ],
  ];
  for (const [title, spec, message] of refused) {
    it(`is refused with ${title}`, () => assert.throws(() => mirror(spec), { code: 'INVALID_SPEC', message }));
  }
});
