import assert from 'node:assert/strict';
import { ConnectionUsers, onUseChange, type ConnectionUser } from '../../operator/connections/connection-user.ts';
import type { Verdict } from '../../operator/kube/conditions.ts';
import type { KubeObject } from '../../operator/kube/resource.ts';
import { Store } from '../../operator/kube/store.ts';
import type { NacosClient } from '../../operator/nacos/client.ts';

describe('users of connections', () => {
  const silent: ConnectionUser = {};
  const client = {} as NacosClient;

  it('are asked as if they were one', async () => {
    const relief: Verdict = { status: 'False', reason: 'Forbidden', message: '' };
    const asked: string[] = [];
    const users = new ConnectionUsers();
    assert.deepEqual(users.usageOf('shop/main'), { resources: 0, holding: 0 });
    for (const user of [
      silent,
      { usageOf: () => ({ resources: 2, holding: 1 }), beforeRedo: async () => void asked.push('redo') },
      { usageOf: () => ({ resources: 3, holding: 0 }), handOver: async (key: string) => void asked.push(key) },
      { reliefOf: (key: string) => (key === 'shop/main' ? relief : undefined) },
    ])
      users.join(user);
    assert.deepEqual(users.usageOf('shop/main'), { resources: 5, holding: 1 });
    assert.equal(users.reliefOf('shop/main'), relief);
    assert.equal(users.reliefOf('shop/other'), undefined);
    await users.beforeRedo();
    await users.handOver('shop/main', client, client);
    assert.deepEqual(asked, ['redo', 'shop/main']);
  });

  it('tell of resources that come and go, and not of those that change', () => {
    const store = new Store<KubeObject>();
    const users = new ConnectionUsers();
    const told: string[] = [];
    users.onChange((connection) => told.push(connection));
    users.join({ onChange: (listener) => onUseChange(store, ({ metadata }) => `shop/${metadata.name}`, listener) });
    const resource = (resourceVersion: string) => ({ metadata: { name: 'main', uid: 'u', resourceVersion } });
    store.applyEvent('ADDED', resource('1'));
    store.applyEvent('MODIFIED', resource('2'));
    store.applyEvent('DELETED', resource('2'));
    assert.deepEqual(told, ['shop/main', 'shop/main']);
  });
});
