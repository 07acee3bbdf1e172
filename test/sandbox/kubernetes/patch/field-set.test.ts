import assert from 'node:assert/strict';
import fc from 'fast-check';
import { FieldSet } from '../../../../sandbox/kubernetes/patch/field-set.ts';
import { fieldElement, keyElement, valueElement } from '../../../../sandbox/kubernetes/patch/path-element.ts';

const element = fc.oneof(
  fc.constantFrom('a', 'b', '.', '__proto__', 'f:x').map(fieldElement),
  fc.constantFrom('tcp', 'udp<').map((protocol) =>
    keyElement([
      ['port', 80],
      ['protocol', protocol],
    ]),
  ),
  fc.constantFrom<unknown>('x', 1, true, 'a"b').map(valueElement),
);
const paths = fc.array(fc.array(element, { minLength: 1, maxLength: 4 }), { maxLength: 12 });
const set = paths.map((all) => FieldSet.of(...all));

describe('FieldSet', () => {
  it('survives FieldsV1 and its JSON text', () => {
    fc.assert(
      fc.property(set, (fields) => {
        assert(FieldSet.fromV1(JSON.parse(JSON.stringify(fields.toV1()))).equals(fields));
      }),
    );
  });

  it('holds exactly the paths that were put in', () => {
    fc.assert(
      fc.property(paths, paths, (members, others) => {
        const fields = FieldSet.of(...members);
        const texts = new Set(members.map((path) => JSON.stringify(path)));
        for (const path of [...members, ...others]) assert.equal(fields.has(path), texts.has(JSON.stringify(path)));
        assert.deepEqual(new Set(fields.paths().map((path) => JSON.stringify(path))), texts);
      }),
    );
  });

  it('obeys the laws of sets', () => {
    fc.assert(
      fc.property(set, set, set, (a, b, c) => {
        assert(a.union(b).equals(b.union(a)));
        assert(
          a
            .union(b)
            .union(c)
            .equals(a.union(b.union(c))),
        );
        assert(a.union(a).equals(a));
        assert(a.difference(a).isEmpty);
        assert(a.difference(b).union(a.intersection(b)).equals(a));
        assert(a.difference(b.union(c)).equals(a.difference(b).difference(c)));
        assert(a.intersection(b).equals(a.difference(a.difference(b))));
        assert(a.without(b).difference(a.difference(b)).isEmpty);
      }),
    );
  });

  it('writes a member with members below it with a dot, in the order of the API server', () => {
    const labels = [fieldElement('metadata'), fieldElement('labels')];
    const ports = [443, 80].map((port) => [fieldElement('ports'), keyElement([['port', port]])]);
    const fields = FieldSet.of(...ports, [...labels, fieldElement('b')], [...labels, fieldElement('a')], labels);
    assert.equal(
      JSON.stringify(fields.toV1()),
      '{"f:metadata":{"f:labels":{".":{},"f:a":{},"f:b":{}}},' +
        String.raw`"f:ports":{"k:{\"port\":80}":{},"k:{\"port\":443}":{}}}`,
    );
  });

  it('drops steps of kinds that it does not know', () => {
    assert.deepEqual(FieldSet.fromV1({ 'x:y': {}, 'f:a': { 'q:1': {} } }).toV1(), { 'f:a': {} });
  });

  it('takes whole branches away with `without`, single paths with `difference`', () => {
    const [a, b] = [fieldElement('a'), fieldElement('b')];
    const fields = FieldSet.of([a], [a, b]);
    assert(fields.without(FieldSet.of([a])).isEmpty);
    assert(fields.difference(FieldSet.of([a])).equals(FieldSet.of([a, b])));
  });
});
