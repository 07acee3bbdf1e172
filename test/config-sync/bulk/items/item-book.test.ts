import assert from 'node:assert/strict';
import { ItemBook } from '../../../../operator/config-sync/bulk/items/item-book.ts';
import { compileMapping, type KeyRef } from '../../../../operator/config-sync/bulk/mapping.ts';
import { Tally } from '../../../../operator/config-sync/bulk/tally.ts';
import { syncOf } from '../samples.ts';

const one = { group: 'g', dataId: 'one' };

function bookOf(mapping: Parameters<typeof syncOf>[0] = {}, holder?: KeyRef) {
  const tally = new Tally();
  const options = { mapping: compileMapping(syncOf(mapping).spec, 'shop'), holderOf: () => holder, tally };
  const book = new ItemBook(options);
  return { book, told: () => tally.worst(10).map(({ reason, object, dataId }) => `${reason} ${object ?? dataId}`) };
}

const oneGroup = { mapping: { group: 'g' } };

describe('the book of items', () => {
  it('tells the dataIds that a change of an object touches', () => {
    const { book } = bookOf(oneGroup);
    assert.deepEqual(book.setObject('ConfigMap', 'a', ['one']), [one]);
    assert.deepEqual(book.wanted(one)?.ref, { kind: 'ConfigMap', name: 'a', key: 'one' });
    const touched = book.setObject('ConfigMap', 'a', ['two']).map(({ dataId }) => dataId);
    assert.deepEqual(touched, ['one', 'two']);
    assert.equal(book.wanted(one), undefined);
  });

  it('lets the first of two keys have a dataId, and names the other', () => {
    const { book, told } = bookOf(oneGroup);
    book.setObject('ConfigMap', 'b', ['one']);
    book.setObject('ConfigMap', 'a', ['one']);
    assert.equal(book.wanted(one)?.ref.name, 'a');
    book.countLosers(one);
    assert.deepEqual(told(), ['Collision ConfigMap/b']);
    book.setObject('ConfigMap', 'a', []);
    assert.equal(book.wanted(one)?.ref.name, 'b');
    book.countLosers(one);
    assert.deepEqual(told(), []);
  });

  it('names a key no more that has gone', () => {
    const { book, told } = bookOf(oneGroup);
    for (const name of ['a', 'b']) book.setObject('ConfigMap', name, ['one']);
    book.countLosers(one);
    book.setObject('ConfigMap', 'b', []);
    assert.deepEqual(told(), []);
  });

  it('lets the key that has a dataId keep it', () => {
    const { book } = bookOf(oneGroup, { kind: 'ConfigMap', name: 'b', key: 'one' });
    book.setObject('ConfigMap', 'b', ['one']);
    book.setObject('ConfigMap', 'a', ['one']);
    assert.equal(book.wanted(one)?.ref.name, 'b');
  });

  it('wants an item for as long as a side has it', () => {
    const { book, told } = bookOf({ source: 'Both' });
    const config = { group: 'configmap.a', dataId: 'one' };
    book.setObject('ConfigMap', 'a', ['one']);
    book.setConfig(config, true);
    book.countLosers(config);
    assert.deepEqual(told(), []);
    book.setObject('ConfigMap', 'a', []);
    assert.ok(book.wanted(config));
    book.setConfig(config, false);
    assert.equal(book.wanted(config), undefined);
  });

  it('skips names that the other side cannot have, for as long as they are there', () => {
    const { book, told } = bookOf({ source: 'Both' });
    const [colon, capital] = [
      { group: 'configmap.a', dataId: 'a:b' },
      { group: 'configmap.A', dataId: 'a' },
    ];
    const long = 'x'.repeat(200);
    book.setObject('ConfigMap', long, ['one']);
    assert.deepEqual([book.setConfig(colon, true), book.setConfig(capital, true)], [[], []]);
    assert.deepEqual(told(), [`IllegalName ConfigMap/${long}`, 'IllegalName a', 'IllegalName a:b']);
    book.setObject('ConfigMap', long, []);
    book.setConfig(colon, false);
    assert.deepEqual(told(), ['IllegalName a']);
  });

  it('takes no notice of what the mapping does not mean', () => {
    const { book } = bookOf({ source: 'Both' });
    assert.deepEqual(book.setConfig({ group: 'DEFAULT_GROUP', dataId: 'a' }, true), []);
  });

  it('costs what changes, however much there is', () => {
    const { book } = bookOf();
    for (let index = 0; index < 10_000; index += 1) book.setObject('ConfigMap', `map-${index}`, ['a', 'b']);
    assert.equal(book.setObject('ConfigMap', 'map-1', ['a']).length, 3);
  });
});
