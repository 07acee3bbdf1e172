import assert from 'node:assert/strict';
import { ItemBook } from '../../../../operator/config-sync/bulk/items/item-book.ts';
import { compileMapping, type KeyRef } from '../../../../operator/config-sync/bulk/mapping.ts';
import { syncOf } from '../samples.ts';

const one = { group: 'g', dataId: 'one' };

function bookOf(mapping: Parameters<typeof syncOf>[0] = {}, holder?: KeyRef) {
  const skipped = new Map<string, string>();
  const book = new ItemBook({
    mapping: compileMapping(syncOf(mapping).spec, 'shop'),
    holderOf: () => holder,
    onSkipped: (id, entry) => (entry ? skipped.set(id, entry.outcome.reason) : skipped.delete(id)),
  });
  return { book, skipped };
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
    const { book } = bookOf(oneGroup);
    book.setObject('ConfigMap', 'b', ['one']);
    book.setObject('ConfigMap', 'a', ['one']);
    assert.equal(book.wanted(one)?.ref.name, 'a');
    assert.deepEqual(
      book.losers(one).map(({ id }) => id),
      ['ConfigMap/b one'],
    );
    book.setObject('ConfigMap', 'a', []);
    assert.equal(book.wanted(one)?.ref.name, 'b');
    assert.deepEqual(book.losers(one), []);
  });

  it('lets the key that has a dataId keep it', () => {
    const { book } = bookOf(oneGroup, { kind: 'ConfigMap', name: 'b', key: 'one' });
    book.setObject('ConfigMap', 'b', ['one']);
    book.setObject('ConfigMap', 'a', ['one']);
    assert.equal(book.wanted(one)?.ref.name, 'b');
  });

  it('wants an item for as long as a side has it', () => {
    const { book } = bookOf({ source: 'Both' });
    const config = { group: 'configmap.a', dataId: 'one' };
    book.setObject('ConfigMap', 'a', ['one']);
    book.addConfig(config);
    assert.deepEqual(book.losers(config), []);
    book.setObject('ConfigMap', 'a', []);
    assert.ok(book.wanted(config));
    book.removeConfig(config);
    assert.equal(book.wanted(config), undefined);
  });

  it('skips names that the other side cannot have, for as long as they are there', () => {
    const { book, skipped } = bookOf({ source: 'Both' });
    book.setObject('ConfigMap', 'x'.repeat(200), ['one']);
    assert.deepEqual(book.addConfig({ group: 'configmap.a', dataId: 'a:b' }), []);
    book.addConfig({ group: 'configmap.A', dataId: 'a' });
    assert.deepEqual([...skipped.values()], ['IllegalName', 'IllegalName', 'IllegalName']);
    book.setObject('ConfigMap', 'x'.repeat(200), []);
    book.removeConfig({ group: 'configmap.a', dataId: 'a:b' });
    assert.deepEqual([...skipped.keys()], ['configmap.A a']);
  });

  it('takes no notice of what the mapping does not mean', () => {
    const { book } = bookOf({ source: 'Both' });
    assert.deepEqual(book.addConfig({ group: 'DEFAULT_GROUP', dataId: 'a' }), []);
  });

  it('costs what changes, however much there is', () => {
    const { book } = bookOf();
    for (let index = 0; index < 10_000; index += 1) book.setObject('ConfigMap', `map-${index}`, ['a', 'b']);
    assert.equal(book.setObject('ConfigMap', 'map-1', ['a']).length, 3);
  });
});
