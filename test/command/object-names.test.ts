import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { objectNames } from '../../operator/command/object-names.ts';
import { nameText, type ConfigName } from '../../operator/nacos/config/config-pattern.ts';

const cases: [dataId: string, name: string][] = [
  ['orders.yaml', 'orders.yaml'],
  ['Orders_V2.yaml', 'orders-v2.yaml'],
  ['com.example:app', 'com.example-app'],
  ['-a-.-b..c_', 'a.b.c'],
  ['___', 'config'],
  ['a'.repeat(256), 'a'.repeat(253)],
];

const legal = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const group = fc.constantFrom('DEFAULT_GROUP', 'shop', 'Shop');
const dataId = fc.stringMatching(/^[aA_.:-]{1,4}$/);
const configs = fc.uniqueArray(fc.record({ group, dataId }), { selector: nameText });

describe('names of exported objects', () => {
  for (const [id, name] of cases) {
    it(`'${id.slice(0, 20)}' is '${name.slice(0, 20)}'`, () => {
      assert.equal(objectNames([{ group: 'g', dataId: id }]).get(`g ${id}`), name);
    });
  }

  it('tell groups apart, and keep the plain name for DEFAULT_GROUP', () => {
    const names = objectNames([
      { group: 'shop', dataId: 'a.yaml' },
      { group: 'DEFAULT_GROUP', dataId: 'a.yaml' },
      { group: 'DEFAULT_GROUP', dataId: 'A.yaml' },
    ]);
    assert.equal(names.get('DEFAULT_GROUP a.yaml'), 'a.yaml');
    assert.match(names.get('shop a.yaml') ?? '', /^a\.yaml-[0-9a-f]{8}$/);
    assert.match(names.get('DEFAULT_GROUP A.yaml') ?? '', /^a\.yaml-[0-9a-f]{8}$/);
  });

  it('are legal, different, and the same in whatever order the configs come', () => {
    fc.assert(
      fc.property(configs, (all: ConfigName[]) => {
        const names = objectNames(all);
        for (const name of names.values()) assert.match(name, legal);
        assert.equal(new Set(names.values()).size, all.length);
        assert.deepEqual(objectNames(all.toReversed()), names);
      }),
    );
  });
});
