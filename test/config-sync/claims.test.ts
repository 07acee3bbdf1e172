import assert from 'node:assert/strict';
import type { NacosConfig } from '../../operator/api/resources.ts';
import { newConfigStore } from '../../operator/config-sync/caches.ts';
import { Claims } from '../../operator/config-sync/claims.ts';
import { ownershipMark } from '../../operator/config-sync/remote.ts';
import { Allowance, unrestricted } from '../../operator/connections/allowance.ts';
import type { ConnectionHandle } from '../../operator/connections/connection-directory.ts';

const [early, late] = ['2026-01-01T00:00:00Z', '2026-01-01T00:00:01Z'];
const forbidding = new Allowance({ title: 'NacosConnection', rules: [{ groups: ['others'] }] });
const address = { namespaceId: '', group: 'g', dataId: 'd' };

function config(name: string, creationTimestamp: string, spec: Partial<NacosConfig['spec']> = {}): NacosConfig {
  const metadata = { name, namespace: 'ns', uid: name, resourceVersion: '1', creationTimestamp };
  return { metadata, spec: { group: 'g', dataId: 'd', content: 'x', ...spec } as NacosConfig['spec'] };
}

function claimsOf(configs: readonly NacosConfig[], withBase: readonly string[] = []) {
  const store = newConfigStore();
  const handle = ({ spec }: NacosConfig) =>
    ({
      servers: spec.connectionRef?.name === 'other' ? ['b:8848'] : ['A:8848', 'c:8848'],
      namespaceId: '',
      client: { publicTenant: spec.connectionRef?.name === 'literal' ? 'public' : '' },
      allowance: spec.connectionRef?.name === 'forbids' ? forbidding : unrestricted,
    }) as unknown as ConnectionHandle;
  const hasBase = ({ metadata }: NacosConfig) => withBase.includes(metadata.name);
  const claims = new Claims({ clusterId: () => 'cluster', configs: store, connectionOf: handle, hasBase });
  const told: string[] = [];
  store.onChange((change) => told.push(...claims.changed(change)));
  store.replace(configs);
  const ownerOf = (name: string) => {
    const resource = configs.find(({ metadata }) => metadata.name === name);
    return resource && claims.ownerOf(resource, handle(resource), address);
  };
  return { claims, handle, ownerOf, store, told };
}

describe('the claims of NacosConfigs on a dataId', () => {
  const cases: { title: string; configs: NacosConfig[]; withBase?: string[]; ownerOfA: string | undefined }[] = [
    { title: 'are decided for the oldest', configs: [config('a', late), config('z', early)], ownerOfA: 'ns/z' },
    {
      title: 'are decided by name in one second',
      configs: [config('a', early), config('z', early)],
      ownerOfA: undefined,
    },
    {
      title: 'are decided in one second for who has been in sync',
      configs: [config('a', early), config('z', early)],
      withBase: ['z'],
      ownerOfA: 'ns/z',
    },
    {
      title: 'are none of who only mirrors',
      configs: [config('a', late), config('z', early, { source: 'Nacos', content: undefined })],
      ownerOfA: undefined,
    },
    {
      title: 'do not meet at other servers',
      configs: [config('a', late), config('z', early, { connectionRef: { kind: 'NacosConnection', name: 'other' } })],
      ownerOfA: undefined,
    },
    {
      title: 'are none of who may not use the dataId',
      configs: [config('a', late), config('z', early, { connectionRef: { kind: 'NacosConnection', name: 'forbids' } })],
      ownerOfA: undefined,
    },
    {
      title: 'do not meet in two public namespaces of one server',
      configs: [config('a', late), config('z', early, { connectionRef: { kind: 'NacosConnection', name: 'literal' } })],
      ownerOfA: undefined,
    },
    {
      title: 'do not meet in other Nacos namespaces',
      configs: [config('a', late), config('z', early, { namespaceId: 'dev' })],
      ownerOfA: undefined,
    },
    {
      title: 'meet in the public namespace, whatever it is called',
      configs: [config('a', late), config('z', early, { namespaceId: 'public' })],
      ownerOfA: 'ns/z',
    },
    {
      title: 'do not meet in other groups',
      configs: [config('a', late), config('z', early, { group: 'h' })],
      ownerOfA: undefined,
    },
  ];
  for (const { configs, ownerOfA, title, withBase } of cases) {
    it(title, () => assert.equal(claimsOf(configs, withBase).ownerOf('a'), ownerOfA));
  }

  it('are looked at again by the others when one goes, whose mark is remembered until it is back', () => {
    const [a, z] = [config('a', late), config('z', early)];
    const { claims, handle, store, told } = claimsOf([a, z]);
    told.length = 0;
    const mark = ownershipMark('cluster', 'ns', 'z');
    store.applyEvent('DELETED', z);
    assert.deepEqual(told, ['ns/a']);
    const rivals = () => claims.rivals(a, handle(a), address);
    assert.equal(rivals().isGivenUp(mark), true);
    assert.equal(rivals().nameOf(mark), undefined);
    store.applyEvent('ADDED', { ...z, metadata: { ...z.metadata, uid: 'again' }, spec: { ...z.spec, dataId: 'e' } });
    assert.equal(rivals().isGivenUp(mark), false);
  });
});
