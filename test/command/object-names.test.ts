import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { objectName } from '../../operator/command/object-names.ts';
import { nameText, type ConfigName } from '../../operator/nacos/config/config-pattern.ts';

const cases: [group: string, dataId: string, name: RegExp][] = [
  ['DEFAULT_GROUP', 'orders.yaml', /^orders\.yaml$/],
  ['shop', 'orders.yaml', /^shop--orders\.yaml$/],
  ['DEFAULT_GROUP', 'shop--orders.yaml', /^shop--orders\.yaml-[0-9a-f]{8}$/],
  ['SHOP_GROUP', 'orders.yaml', /^shop-group-orders\.yaml-[0-9a-f]{8}$/],
  ['DEFAULT_GROUP', 'Orders_V2.yaml', /^orders-v2\.yaml-[0-9a-f]{8}$/],
  ['DEFAULT_GROUP', 'com.example:app', /^com\.example-app-[0-9a-f]{8}$/],
  ['DEFAULT_GROUP', '-a-.-b..c_', /^a\.b\.c-[0-9a-f]{8}$/],
  ['DEFAULT_GROUP', '___', /^config-[0-9a-f]{8}$/],
  ['DEFAULT_GROUP', 'a-0123abcd', /^a-0123abcd-[0-9a-f]{8}$/],
  ['DEFAULT_GROUP', 'a'.repeat(256), /^a{244}-[0-9a-f]{8}$/],
];

const legal = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const group = fc.oneof(fc.constantFrom('DEFAULT_GROUP', 'shop', 'Shop'), fc.stringMatching(/^[aA_.-]{1,4}$/));
const dataId = fc.stringMatching(/^[aA_.:-]{1,4}$/);
const configs = fc.uniqueArray(fc.record({ group, dataId }), { selector: nameText });

describe('names of exported objects', () => {
  for (const [group, dataId, name] of cases) {
    it(`${group} and '${dataId.slice(0, 20)}' are ${name.source.slice(0, 40)}`, () => {
      assert.match(objectName({ group, dataId }), name);
    });
  }

  it('are legal and different', () => {
    fc.assert(
      fc.property(configs, (all: ConfigName[]) => {
        const names = all.map((config) => objectName(config));
        for (const name of names) assert.match(name, legal);
        assert.equal(new Set(names).size, all.length);
      }),
    );
  });
});
