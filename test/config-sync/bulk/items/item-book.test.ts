import assert from 'node:assert/strict';
import { ItemBook } from '../../../../operator/config-sync/bulk/items/item-book.ts';
import { compileMapping, type KeyRef } from '../../../../operator/config-sync/bulk/mapping.ts';
import { Tally } from '../../../../operator/config-sync/bulk/tally.ts';
import type { ConfigName } from '../../../../operator/nacos/index.ts';
import { syncOf } from '../samples.ts';

const one = { group: 'g', dataId: 'one' };

function bookOf(mapping: Parameters<typeof syncOf>[0] = {}, holder?: KeyRef) {
  const tally = new Tally();
  const book = new ItemBook(compileMapping(syncOf(mapping).spec, 'shop'), tally, () => holder);
  const had = new Map<string, readonly string[]>();
  /** All keys that a ConfigMap has from now on. */
  const setObject = (name: string, keys: readonly string[]): ConfigName[] => {
    const ref = (key: string) => ({ kind: 'ConfigMap' as const, name, key });
    const gone = (had.get(name) ?? []).filter((key) => !keys.includes(key));
    had.set(name, keys);
    return [
      ...gone.flatMap((key) => book.setKey(ref(key), false)),
      ...keys.flatMap((key) => book.setKey(ref(key), true)),
    ];
  };
  return {
    book,
    setObject,
    told: () => tally.worst(10).map(({ reason, object, dataId }) => `${reason} ${object ?? dataId}`),
  };
}

const oneGroup = { mapping: { group: 'g' } };

describe('the book of items', () => {
  it('tells the dataIds that a change of an object touches', () => {
    const { book, setObject } = bookOf(oneGroup);
    assert.deepEqual(setObject('a', ['one']), [one]);
    assert.deepEqual(book.wanted(one)?.ref, { kind: 'ConfigMap', name: 'a', key: 'one' });
    const touched = setObject('a', ['two']).map(({ dataId }) => dataId);
    assert.deepEqual(touched, ['one', 'two']);
    assert.equal(book.wanted(one), undefined);
  });

  it('lets the first of two keys have a dataId, and names the other', () => {
    const { book, setObject, told } = bookOf(oneGroup);
    setObject('b', ['one']);
    setObject('a', ['one']);
    assert.equal(book.wanted(one)?.ref.name, 'a');
    book.countLosers(one);
    assert.deepEqual(told(), ['Collision ConfigMap/b']);
    setObject('a', []);
    assert.equal(book.wanted(one)?.ref.name, 'b');
    book.countLosers(one);
    assert.deepEqual(told(), []);
  });

  it('names a key no more that has gone', () => {
    const { book, setObject, told } = bookOf(oneGroup);
    for (const name of ['a', 'b']) setObject(name, ['one']);
    book.countLosers(one);
    setObject('b', []);
    assert.deepEqual(told(), []);
  });

  it('lets the key that has a dataId keep it', () => {
    const { book, setObject } = bookOf(oneGroup, { kind: 'ConfigMap', name: 'b', key: 'one' });
    setObject('b', ['one']);
    setObject('a', ['one']);
    assert.equal(book.wanted(one)?.ref.name, 'b');
  });

  it('wants an item for as long as a side has it', () => {
    const { book, setObject, told } = bookOf({ source: 'Both' });
    const config = { group: 'configmap.a', dataId: 'one' };
    setObject('a', ['one']);
    book.setConfig(config, true);
    book.countLosers(config);
    assert.deepEqual(told(), []);
    setObject('a', []);
    assert.ok(book.wanted(config));
    book.setConfig(config, false);
    assert.equal(book.wanted(config), undefined);
  });

  it('skips names that the other side cannot have, for as long as they are there', () => {
    const { book, setObject, told } = bookOf({ source: 'Both' });
    const [colon, capital] = [
      { group: 'configmap.a', dataId: 'a:b' },
      { group: 'configmap.A', dataId: 'a' },
    ];
    const long = 'x'.repeat(200);
    setObject(long, ['one']);
    for (const config of [colon, capital]) book.setConfig(config, true);
    assert.deepEqual([book.wanted(colon), book.wanted(capital)], [undefined, undefined]);
    assert.deepEqual(told(), [`IllegalName ConfigMap/${long}`, 'IllegalName a', 'IllegalName a:b']);
    setObject(long, []);
    book.setConfig(colon, false);
    assert.deepEqual(told(), ['IllegalName a']);
  });

  it('takes no notice of what the mapping does not mean', () => {
    const { book } = bookOf({ source: 'Both' });
    assert.deepEqual(book.setConfig({ group: 'DEFAULT_GROUP', dataId: 'a' }, true), []);
  });

  it('is told by an object of the keys that have changed alone', () => {
    const { book } = bookOf(oneGroup);
    const md5s = new Map(Array.from({ length: 1000 }, (_, index) => [`k${index}`, '1']));
    const view = (changes: Record<string, string | undefined>, isMeant = true) => {
      const all = new Map([...md5s, ...Object.entries(changes)]);
      const keys = [...all].filter(([, md5]) => md5 !== undefined);
      const keyOf = (md5: string | undefined) => ({ md5, problem: undefined, bytes: 1, isBinary: false });
      return {
        metadata: { name: 'a', namespace: 'shop' },
        keys: new Map(keys.map(([key, md5]) => [key, keyOf(md5)])),
        isMeant,
      };
    };
    const change = (previous?: ReturnType<typeof view>, current?: ReturnType<typeof view>) =>
      book.objectChanged('ConfigMap', { key: 'shop/a', previous, current, initial: false }).map(({ dataId }) => dataId);
    assert.equal(change(undefined, view({})).length, 1000);
    assert.deepEqual(change(view({}), view({ k1: '2', k2: undefined, one: '1' })), ['k1', 'k2', 'one']);
    assert.deepEqual([book.isWanted('g one'), book.isWanted('g k2')], [true, false]);
    assert.equal(change(view({}), view({}, false)).length, 1000);
    assert.equal(book.isWanted('g k1'), false);
  });
});
