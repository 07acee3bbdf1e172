import assert from 'node:assert/strict';
import fc from 'fast-check';
import { digestOf, entryOf, lineOf, type Entry } from '../../../../operator/config-sync/bulk/inventory/entry.ts';

const md5 = 'a'.repeat(32);
const item = {
  config: { group: 'configmap.shop', dataId: 'app.yaml' },
  ref: { kind: 'ConfigMap', name: 'shop', key: 'app.yaml' },
} as const;

describe('An entry of an inventory', () => {
  const cases: readonly { line: string; base: Entry['base'] }[] = [
    { line: 'configmap.shop app.yaml ConfigMap/shop app.yaml', base: undefined },
    { line: `configmap.shop app.yaml ConfigMap/shop app.yaml ${md5} o`, base: { md5, isOurs: true } },
    { line: `configmap.shop app.yaml ConfigMap/shop app.yaml ${md5} t`, base: { md5, isOurs: false } },
    {
      line: `configmap.shop app.yaml ConfigMap/shop app.yaml ${md5} t@17`,
      base: { md5, isOurs: false, writtenMs: 17 },
    },
    { line: `configmap.shop app.yaml ConfigMap/shop app.yaml ${md5} o@17`, base: { md5, isOurs: true, writtenMs: 17 } },
  ];
  for (const { line, base } of cases) {
    it(`is written and read as '${line}'`, () => {
      assert.equal(lineOf({ ...item, base }), line);
      assert.deepEqual(entryOf(line), { ...item, base });
    });
  }

  it('comes back as it was, whatever names both sides allow', () => {
    const nacos = fc.stringMatching(/^[A-Za-z0-9._:-]{1,40}$/);
    const name = fc.stringMatching(/^[a-z0-9]([-a-z0-9.]{0,20}[a-z0-9])?$/);
    const key = fc.stringMatching(/^[-._a-zA-Z0-9]{1,30}$/);
    fc.assert(
      fc.property(
        nacos,
        nacos,
        fc.constantFrom('ConfigMap' as const, 'Secret' as const),
        name,
        key,
        (group, dataId, kind, name, key) => {
          const entry = { config: { group, dataId }, ref: { kind, name, key }, base: undefined };
          assert.deepEqual(entryOf(lineOf(entry)), entry);
        },
      ),
    );
  });

  it('is refused where a part holds a blank', () => {
    assert.throws(() => lineOf({ ...item, ref: { ...item.ref, key: 'a b' }, base: undefined }), TypeError);
  });

  for (const line of [
    '',
    'one two',
    `a b Pod/x y`,
    `a b ConfigMap/x y ${md5}`,
    `a b ConfigMap/x y ${md5} q`,
    'a b ConfigMap/x y z w v',
  ]) {
    it(`is none where the line is '${line}'`, () => assert.equal(entryOf(line), undefined));
  }

  it('tells of the content of a Secret only to who knows its uid', () => {
    assert.notEqual(digestOf(md5, 'one'), digestOf(md5, 'other'));
    assert.match(digestOf(md5, 'one'), /^[0-9a-f]{32}$/);
    assert.notEqual(digestOf(md5, 'one'), md5);
  });
});
