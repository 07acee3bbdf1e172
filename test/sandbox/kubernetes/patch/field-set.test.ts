import assert from 'node:assert/strict';
import fc from 'fast-check';
import { FieldSet } from '../../../../sandbox/kubernetes/patch/field-set.ts';
import type { Path } from '../../../../sandbox/kubernetes/patch/field-set.ts';

const element = fc.constantFrom(
  'f:a',
  'f:.',
  'f:__proto__',
  'k:{"port":80,"protocol":"tcp"}',
  'k:{"port":80,"protocol":"udp<"}',
  'v:"x"',
  'v:1',
);
const paths = fc.array(fc.array(element, { minLength: 1, maxLength: 4 }), { maxLength: 12 });
const set = paths.map(setOf);

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
      fc.property(paths, (members) => {
        const texts = new Set(members.map((path) => JSON.stringify(path)));
        assert.deepEqual(
          new Set(
            setOf(members)
              .paths()
              .map((path) => JSON.stringify(path)),
          ),
          texts,
        );
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
      }),
    );
  });

  it('writes a member with members below it with a dot', () => {
    const labels = ['f:metadata', 'f:labels'];
    const fields = setOf([['f:ports', 'k:{"port":80}'], [...labels, 'f:b'], [...labels, 'f:a'], labels]);
    assert.deepEqual(fields.toV1(), {
      'f:metadata': { 'f:labels': { '.': {}, 'f:a': {}, 'f:b': {} } },
      'f:ports': { 'k:{"port":80}': {} },
    });
  });
});

function setOf(paths: readonly Path[]): FieldSet {
  return paths.reduce((set, path) => set.union(branch(path)), FieldSet.empty);
}

function branch([first, ...rest]: Path): FieldSet {
  if (first === undefined) return FieldSet.empty;
  return FieldSet.fromNodes([[first, { isMember: rest.length === 0, below: branch(rest) }]]);
}
