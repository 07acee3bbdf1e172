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
    assert.equal(users.usersOf('shop/main'), 0);
    for (const user of [
      silent,
      { usersOf: () => 2, beforeRedo: async () => void asked.push('redo') },
      { usersOf: () => 3, formerCount: () => 1, dropFormer: (key: string) => void asked.push(key) },
      { reliefOf: (key: string) => (key === 'shop/main' ? relief : undefined) },
      { holds: (one: NacosClient) => one === client },
    ])
      users.join(user);
    assert.equal(users.usersOf('shop/main'), 5);
    assert.equal(users.formerCount('shop/main'), 1);
    assert.equal(users.reliefOf('shop/main'), relief);
    assert.equal(users.reliefOf('shop/other'), undefined);
    assert.deepEqual([users.holds(client), users.holds({} as NacosClient)], [true, false]);
    await users.beforeRedo();
    users.dropFormer('shop/main');
    assert.deepEqual(asked, ['redo', 'shop/main']);
  });

  it('tell of resources that name a connection from now on or no more, and not of other changes', () => {
    const store = new Store<KubeObject>();
    const users = new ConnectionUsers();
    let told: string[] = [];
    users.onChange((connection) => told.push(connection));
    users.join({
      onChange: (listener) => onUseChange(store, ({ metadata }) => metadata.annotations?.['to'], listener),
    });
    const resource = (resourceVersion: string, to?: string): KubeObject => {
      const annotations: Record<string, string> = to === undefined ? {} : { to };
      return { metadata: { name: 'main', uid: 'u', resourceVersion, annotations } };
    };
    const change = (type: 'ADDED' | 'MODIFIED' | 'DELETED', version: string, to?: string) => {
      told = [];
      store.applyEvent(type, resource(version, to));
      return told;
    };
    assert.deepEqual(change('ADDED', '1'), []);
    assert.deepEqual(change('MODIFIED', '2', 'a'), ['a']);
    assert.deepEqual(change('MODIFIED', '3', 'a'), []);
    assert.deepEqual(change('MODIFIED', '4', 'b'), ['a', 'b']);
    assert.deepEqual(change('DELETED', '5', 'b'), ['b']);
  });
});
