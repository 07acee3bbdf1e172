import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { NacosConfigSync } from '../../../operator/api/resources.ts';
import { compileMapping, type KeyRef } from '../../../operator/config-sync/bulk/mapping.ts';
import { fill, placeholders, readBack } from '../../../operator/config-sync/bulk/template.ts';
import { isBridgeError } from '../../../operator/errors.ts';
import { syncOf } from './samples.ts';

type Spec = Partial<NacosConfigSync['spec']>;

const both = (mapping: Spec['mapping']): Spec => ({ source: 'Both', mapping });

interface Case {
  title: string;
  spec: Spec;
  ref: KeyRef;
  /** `group dataId`, or undefined where the mapping does not mean the key. */
  config: string | undefined;
  /** Whether the dataId leads back to the key. */
  isInverted: boolean;
}

const app: KeyRef = { kind: 'ConfigMap', name: 'app', key: 'app.yaml' };
const kubernetes = { kinds: ['ConfigMap', 'Secret'] as ('ConfigMap' | 'Secret')[], all: true, allowSecretExport: true };

const cases: Case[] = [
  { title: 'ObjectPerGroup', spec: {}, ref: app, config: 'configmap.app app.yaml', isInverted: true },
  {
    title: 'ObjectPerGroup with a Secret',
    spec: { kubernetes },
    ref: { kind: 'Secret', name: 'a.b', key: 'k' },
    config: 'secret.a.b k',
    isInverted: true,
  },
  {
    title: 'ObjectPerGroup without Secrets',
    spec: {},
    ref: { kind: 'Secret', name: 'a', key: 'k' },
    config: undefined,
    isInverted: false,
  },
  {
    title: 'SingleObject',
    spec: { mapping: { preset: 'SingleObject', objectName: 'app' } },
    ref: app,
    config: 'DEFAULT_GROUP app.yaml',
    isInverted: true,
  },
  {
    title: 'SingleObject with another object',
    spec: { mapping: { preset: 'SingleObject', objectName: 'other', group: 'g' } },
    ref: app,
    config: undefined,
    isInverted: false,
  },
  {
    title: 'templates from Kubernetes alone',
    spec: { mapping: { group: '{namespace}', dataId: '{kind}.{name}.{key}' } },
    ref: app,
    config: 'shop configmap.app.app.yaml',
    isInverted: false,
  },
  {
    title: 'templates both ways',
    spec: both({ group: '{namespace}.{name}.v1', dataId: 'x-{key}' }),
    ref: app,
    config: 'shop.app.v1 x-app.yaml',
    isInverted: true,
  },
  {
    title: 'templates both ways, with the key in the group',
    spec: both({ group: '{key}', dataId: '{name}' }),
    ref: app,
    config: 'app.yaml app',
    isInverted: true,
  },
];

describe('the mapping between keys and dataIds', () => {
  for (const { title, spec, ref, config, isInverted } of cases) {
    it(`maps by ${title}`, () => {
      const mapping = compileMapping(syncOf(spec).spec, 'shop');
      const mapped = mapping.toNacos(ref);
      assert.equal(mapped && `${mapped.group} ${mapped.dataId}`, config);
      if (mapped) assert.deepEqual(mapping.toKubernetes(mapped), isInverted ? ref : undefined);
    });
  }

  it('names an object and a key by templates of the group and the dataId', () => {
    const spec = syncOf({ source: 'Nacos', mapping: { objectName: '{namespace}-{group}', key: '{dataId}.txt' } }).spec;
    const mapping = compileMapping(spec, 'shop');
    assert.deepEqual(mapping.toKubernetes({ group: 'g', dataId: 'd' }), {
      kind: 'ConfigMap',
      name: 'shop-g',
      key: 'd.txt',
    });
    assert.equal(mapping.toNacos(app), undefined);
  });

  it('means nothing that is excluded, on neither side', () => {
    const exclude = ['secret-*', 'app/internal.*'];
    const spec = { kubernetes: { kinds: ['ConfigMap' as const], all: true, allowSecretExport: false, exclude } };
    const mapping = compileMapping(syncOf(spec).spec, 'shop');
    const isMeant = (name: string, key: string): boolean[] => [
      mapping.toNacos({ kind: 'ConfigMap', name, key }) !== undefined,
      mapping.toKubernetes({ group: `configmap.${name}`, dataId: key }) !== undefined,
    ];
    assert.deepEqual(isMeant('app', 'app.yaml'), [true, true]);
    assert.deepEqual(isMeant('app', 'internal.yaml'), [false, false]);
    assert.deepEqual(isMeant('other', 'internal.yaml'), [true, true]);
    assert.deepEqual(isMeant('secret-app', 'app.yaml'), [false, false]);
  });

  it('looks for what it can mean', () => {
    const patterns = (spec: Spec) =>
      compileMapping(syncOf(spec).spec, 'shop').patterns.map((p) => `${p.group} ${p.dataId}`);
    assert.deepEqual(patterns({ kubernetes }), ['configmap.* *', 'secret.* *']);
    assert.deepEqual(patterns({ mapping: { preset: 'SingleObject', objectName: 'app', group: 'g' } }), ['g *']);
    assert.deepEqual(patterns(both({ group: '{namespace}.{name}', dataId: '{key}' })), ['shop.* *']);
  });

  it('means no dataId of another form', () => {
    const mapping = compileMapping(syncOf().spec, 'shop');
    const foreign = ['DEFAULT_GROUP', 'configmap.', 'configmap', 'secret.a', 'xconfigmap.a'];
    assert.deepEqual(
      foreign.filter((group) => mapping.toKubernetes({ group, dataId: 'd' })),
      [],
    );
  });

  const notInvertible: NonNullable<Spec['mapping']>[] = [
    { group: '{name}', dataId: 'fixed' },
    { group: '{name}{key}', dataId: 'fixed' },
    { group: '{name}', dataId: '{name}.{key}' },
    { group: '{name}.{name}', dataId: '{key}' },
    { group: 'fixed' },
  ];
  for (const mapping of notInvertible) {
    it(`refuses ${JSON.stringify(mapping)} where both sides may change`, () => {
      const compile = () => compileMapping(syncOf(both(mapping)).spec, 'shop');
      assert.throws(compile, (error) => isBridgeError(error, 'INVALID_SPEC') && /`\{name\}` once/.test(error.message));
    });
  }

  it('leads back to every key, whatever the names', () => {
    const name = fc.stringMatching(/^[a-z0-9][-a-z0-9.]{0,20}[a-z0-9]$/);
    const key = fc.stringMatching(/^[-._a-zA-Z0-9]{1,20}$/);
    const fixed = fc.stringMatching(/^[A-Za-z0-9._:-]{0,5}$/);
    fc.assert(
      fc.property(name, key, fixed, fixed, fixed, fixed, (objectName, keyName, a, b, c, d) => {
        const spec = syncOf(both({ group: `${a}{name}${b}`, dataId: `${c}{key}${d}` })).spec;
        const mapping = compileMapping(spec, 'shop');
        const ref: KeyRef = { kind: 'ConfigMap', name: objectName, key: keyName };
        const mapped = mapping.toNacos(ref);
        assert.deepEqual(mapped && mapping.toKubernetes(mapped), ref);
      }),
    );
  });
});

describe('a template', () => {
  it('is filled in, and says what is missing', () => {
    assert.equal(fill('{a}-{b}-{a}', { a: '1', b: '2' }), '1-2-1');
    assert.throws(() => fill('{c}', {}), TypeError);
  });

  it('names its placeholders', () => assert.deepEqual(placeholders('{a}-{b}{a}'), ['a', 'b', 'a']));

  it('is not read back from a text in which its parts overlap', () => {
    assert.equal(readBack('aa{x}aa', 'aaa', {}), undefined);
    assert.equal(readBack('aa{x}aa', 'aaaa', {}), undefined);
    assert.deepEqual(readBack('aa{x}aa', 'aaaaa', {}), { x: 'a' });
  });

  it('without anything unknown is read back from its own text alone', () => {
    assert.deepEqual([readBack('{a}', '1', { a: '1' }), readBack('{a}', '2', { a: '1' })], [{}, undefined]);
  });
});
