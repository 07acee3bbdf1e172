/**
 * A NacosConfigSync whose objects the API server does not take, since a quota is exhausted or an admission webhook refuses:
 * its status names the object and the refusal, and it goes on when that has passed.
 */
import assert from 'node:assert/strict';
import type { NacosConfigSync } from '../../../operator/api/resources.ts';
import { findCondition, type Condition } from '../../../operator/kube/conditions.ts';
import { startEmbeddedWorld, type EmbeddedWorld } from '../../embedded/world.ts';
import { eventually, hangMs } from '../../eventually.ts';

const apiVersion = 'bridge.nacos.io/v1alpha1';
const quota = 'configmaps is forbidden: exceeded quota: few, requested: count/configmaps=1, used: 9, limited: 9';
const webhook = 'admission webhook "guard.example.io" denied the request: ask the owner';

interface Refusal {
  readonly title: string;
  readonly status: number;
  readonly message: string;
  /** Of the item. */
  readonly reason: string;
}

const refusals: Refusal[] = [
  { title: 'a quota', status: 403, message: quota, reason: 'ApiForbidden' },
  { title: 'a webhook', status: 403, message: webhook, reason: 'ApiForbidden' },
  { title: 'a webhook that calls it a bad request', status: 400, message: webhook, reason: 'ApiInvalid' },
];

describe('a NacosConfigSync whose objects are refused', () => {
  let world: EmbeddedWorld;
  let namespace: string;

  before(async () => {
    world = await startEmbeddedWorld('3.1');
  });

  after(() => world?.stop());

  afterEach(() => world.kubernetes.faults.clear());

  beforeEach(async () => {
    const { kubernetes, nacos } = world.backends;
    namespace = `refused-${Math.random().toString(36).slice(2, 8)}`;
    await kubernetes.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } });
    await nacos.publish(keyOf('one'), '1');
  });

  const keyOf = (dataId: string) => ({ group: namespace, dataId, namespaceId: '' });
  const object = () =>
    world.backends.kubernetes.get({ apiVersion: 'v1', kind: 'ConfigMap', namespace, name: 'settings' });

  async function mirror(): Promise<void> {
    await world.backends.kubernetes.apply({
      apiVersion,
      kind: 'NacosConfigSync',
      metadata: { name: 'sync', namespace },
      spec: {
        source: 'Nacos',
        syncDeletion: true,
        nacos: { groups: [namespace] },
        mapping: { objectName: 'settings' },
      },
    });
  }

  /** Returns what lets it through again. */
  function refuse(on: string, { status, message }: Pick<Refusal, 'status' | 'message'>): () => void {
    return world.kubernetes.faults.add({ on, fault: { kind: 'status', status, message } });
  }

  async function expect(
    judge: (ready: Condition, status: NonNullable<NacosConfigSync['status']>) => void,
  ): Promise<void> {
    const ref = { apiVersion, kind: 'NacosConfigSync', namespace, name: 'sync' };
    await eventually(hangMs, async () => {
      const { status } = (await world.backends.kubernetes.get(ref)) as unknown as NacosConfigSync;
      const ready = findCondition(status?.conditions, 'Ready');
      assert.ok(status && ready);
      judge(ready, status);
    });
  }

  for (const { title, reason, ...refusal } of refusals) {
    it(`names the object and the refusal of ${title}, and goes on`, async () => {
      const allow = refuse('patch configmaps', refusal);
      await mirror();
      await expect((ready, { problems = [] }) => {
        assert.equal(ready.status, 'False');
        assert.match(ready.message, /patch configmaps 'settings': /);
        assert.ok(ready.message.includes(refusal.message), ready.message);
        const [problem] = problems;
        assert.deepEqual([problem?.object, problem?.key, problem?.reason], ['ConfigMap/settings', 'one', reason]);
        assert.ok(problem?.message.includes(refusal.message), problem?.message);
        assert.doesNotMatch(ready.message, /of the chart/);
      });
      allow();
      // What is not valid waits for a change.
      await world.backends.nacos.publish(keyOf('one'), '2');
      await expect(({ reason }) => assert.equal(reason, 'InSync'));
      assert.deepEqual((await object())?.['data'], { one: '2' });
    });
  }

  for (const status of [403, 400]) {
    it(`names the object that a webhook does not let go, by ${status}, and goes on`, async () => {
      await mirror();
      await expect(({ reason }) => assert.equal(reason, 'InSync'));
      const allow = refuse('delete configmaps', { status, message: webhook });
      await world.backends.nacos.remove(keyOf('one'));
      await expect((ready) => {
        assert.equal(ready.status, 'False');
        assert.match(ready.message, /delete configmaps 'settings': /);
        assert.ok(ready.message.includes(webhook), ready.message);
      });
      assert.deepEqual((await object())?.['data'], { one: '1' });
      allow();
      // What is not valid waits for a change.
      await world.backends.nacos.publish(keyOf('not:a:key'), '1');
      await eventually(hangMs, async () => assert.equal(await object(), undefined));
      await expect(({ reason }) => assert.equal(reason, 'Skipped'));
    });
  }
});
