import assert from 'node:assert/strict';
import type { Reflector } from '../../operator/kube/reflector.ts';
import type { ReflectorFactory } from '../../operator/kube/reflector-factory.ts';
import type { KubeObject } from '../../operator/kube/resource.ts';
import type { Store } from '../../operator/kube/store.ts';
import { PodMetadata } from '../../operator/service-sync/pod-metadata.ts';

function setUp() {
  const stores: Store<KubeObject>[] = [];
  const create = (_: unknown, store: Store<KubeObject>) => {
    stores.push(store);
    return {
      start() {},
      stop: async () => {},
      synced: async () => {},
      hasSynced: true,
    } as unknown as Reflector<KubeObject>;
  };
  const pods = new PodMetadata({ create } as unknown as ReflectorFactory);
  const told: string[] = [];
  pods.onChange(({ key }) => told.push(key));
  const pod = (name: string) => ({ metadata: { name, namespace: 'shop', uid: name, resourceVersion: '1' } });
  return { pods, pod, stores, told };
}

describe('the labels and annotations of pods', () => {
  it('are known and told while they are needed, and not kept afterwards', () => {
    const { pods, pod, stores, told } = setUp();
    pods.watch(true);
    stores[0]?.replace([pod('a')]);
    assert.deepEqual(told, ['shop/a']);
    assert.ok(pods.get('shop/a'));
    pods.watch(false);
    assert.equal(pods.get('shop/a'), undefined);
    stores[0]?.replace([pod('b')]);
    assert.deepEqual(told, ['shop/a'], 'what ends may still be told something');
    pods.watch(true);
    stores[1]?.replace([pod('c')]);
    assert.deepEqual(told, ['shop/a', 'shop/c']);
  });
});
