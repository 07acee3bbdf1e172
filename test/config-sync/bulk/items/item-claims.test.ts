import assert from 'node:assert/strict';
import type { Where } from '../../../../operator/config-sync/base/nacos-place.ts';
import { ItemClaims, type ItemHolder } from '../../../../operator/config-sync/bulk/items/item-claims.ts';
import { syncOf } from '../samples.ts';

const id = 'group dataId';

function whereOf(server: string, namespaceId = ''): Where {
  return {
    connection: { client: { publicTenant: '' }, servers: [server] } as unknown as Where['connection'],
    namespaceId,
  };
}

interface Sync {
  readonly key: string;
  readonly createdAt: string;
  readonly hasEntry?: boolean;
  readonly wants?: boolean;
  readonly where?: Where;
}

function claimsOf(...syncs: readonly Sync[]) {
  const claims = new ItemClaims({ list: () => [], whereOf: () => undefined });
  const looks: string[] = [];
  const holders = syncs.map(({ createdAt, hasEntry = false, key, wants = true, where = whereOf('a:1') }) => {
    const look = () => void looks.push(key);
    const holder: ItemHolder = { key, createdAt, where, hasEntry: () => hasEntry, wants: () => wants, look };
    claims.claim(id, holder);
    return holder;
  });
  return { claims, holders, looks, ownersOf: () => holders.map((holder) => claims.ownerOf(id, holder)) };
}

describe('The claims of NacosConfigSyncs on a dataId', () => {
  const cases: readonly { title: string; syncs: readonly Sync[]; owners: readonly (string | undefined)[] }[] = [
    { title: 'are no question where there is one', syncs: [{ key: 'ns/a', createdAt: '1' }], owners: [undefined] },
    {
      title: 'are decided for the one whose inventory has it, whatever their age is',
      syncs: [
        { key: 'ns/a', createdAt: '1' },
        { key: 'ns/b', createdAt: '2', hasEntry: true },
      ],
      owners: ['ns/b', undefined],
    },
    {
      title: 'are decided for the older one where both inventories have it',
      syncs: [
        { key: 'ns/b', createdAt: '1', hasEntry: true },
        { key: 'ns/a', createdAt: '2', hasEntry: true },
      ],
      owners: [undefined, 'ns/b'],
    },
    {
      title: 'count only where it is wanted',
      syncs: [
        { key: 'ns/a', createdAt: '1', hasEntry: true, wants: false },
        { key: 'ns/b', createdAt: '2' },
      ],
      owners: [undefined, undefined],
    },
    {
      title: 'do not meet in another Nacos, or another Nacos namespace',
      syncs: [
        { key: 'ns/a', createdAt: '1' },
        { key: 'ns/b', createdAt: '2', where: whereOf('b:1') },
        { key: 'ns/c', createdAt: '3', where: whereOf('a:1', 'dev') },
      ],
      owners: [undefined, undefined, undefined],
    },
  ];
  for (const { owners, syncs, title } of cases) {
    it(title, () => assert.deepEqual(claimsOf(...syncs).ownersOf(), owners));
  }

  it('are looked at again when one of them lets go, and when a NacosConfig comes or goes', () => {
    const { claims, holders, looks } = claimsOf({ key: 'ns/a', createdAt: '1' }, { key: 'ns/b', createdAt: '2' });
    assert.ok(holders[0]);
    claims.release(id, holders[0]);
    claims.changed(id);
    assert.deepEqual(looks, ['ns/b', 'ns/b']);
  });

  describe('of syncs that have not read their objects', () => {
    const byTemplate = { kubernetes: { all: true, kinds: ['ConfigMap'] }, mapping: { group: '{namespace}.{name}' } };
    const cases: readonly { title: string; spec?: object; group?: string; server?: string; isRead?: boolean }[] = [
      { title: 'are unknown by a preset that has a key for it', group: 'configmap.map' },
      { title: 'are unknown by templates that give such a dataId', spec: byTemplate, group: 'shop.map' },
    ];
    const none: typeof cases = [
      { title: 'are none of who has read them', group: 'configmap.map', isRead: true },
      { title: 'are none in another Nacos', group: 'configmap.map', server: 'b:1' },
      { title: 'are none of another mapping', group: 'other' },
      { title: 'are none of other templates', spec: byTemplate, group: 'other.map' },
      { title: 'are none of a sync from Nacos', spec: { source: 'Nacos' }, group: 'configmap.map' },
      { title: 'are none of a spec that is not valid', spec: { mapping: {} }, group: 'configmap.map' },
    ];
    const unread = ({ group = '', isRead = false, server = 'a:1', spec }: (typeof cases)[number]) => {
      const claims = new ItemClaims({ list: () => [syncOf(spec)], whereOf: () => whereOf('a:1') });
      claims.setRead('shop/sync', isRead);
      return claims.unread({ group, dataId: 'd' }, whereOf(server));
    };
    for (const one of cases) it(one.title, () => assert.equal(unread(one), 'shop/sync'));
    for (const one of none) it(one.title, () => assert.equal(unread(one), undefined));
  });

  it('make an heir of whoever wants it there', () => {
    const { claims } = claimsOf({ key: 'ns/a', createdAt: '1' });
    assert.deepEqual([claims.isWanted(id, whereOf('a:1')), claims.isWanted(id, whereOf('b:1'))], [true, false]);
  });
});
