import assert from 'node:assert/strict';
import type { Deployment, Pod } from '../../../../sandbox/kubernetes/controllers/shapes.ts';
import { ControllerWorld } from './controller-world.ts';
import type { Manifest } from './controller-world.ts';

const containers = [{ name: 'main', image: 'one' }];

function deployment(spec: object = {}): Manifest {
  const template = { metadata: { labels: { app: 'web' } }, spec: { containers } };
  return {
    kind: 'Deployment',
    metadata: { name: 'web' },
    spec: { replicas: 3, selector: { matchLabels: { app: 'web' } }, template, ...spec },
  };
}

const nextImage = { spec: { template: { spec: { containers: [{ name: 'main', image: 'two' }] } } } };

describe('Deployments', () => {
  let world: ControllerWorld;

  beforeEach(async () => {
    world = await ControllerWorld.start({ podStartDelayMs: 100, longestPodGraceMs: 50 });
  });

  afterEach(() => world.stop());

  function sets(): { image: string; replicas: number; revision: string | undefined }[] {
    return world
      .list('ReplicaSet')
      .map(({ metadata, spec }) => {
        const { replicas, template } = spec as { replicas: number; template: Pod };
        const image = template.spec.containers[0]?.image ?? '';
        return { image, replicas, revision: metadata.annotations?.['deployment.kubernetes.io/revision'] };
      })
      .sort((a, b) => (a.image < b.image ? -1 : 1));
  }

  function counts(): Record<string, unknown> {
    const { conditions: _, ...rest } = (world.get('Deployment', 'web') as Deployment).status ?? {};
    return rest;
  }

  function condition(type: string): string {
    const { status } = world.get('Deployment', 'web') as Deployment;
    const found = status?.conditions?.find((condition) => condition.type === type);
    return `${found?.status} ${found?.reason}`;
  }

  it('have a ReplicaSet with pods, with names, labels and owners as kubectl users know them', async () => {
    world.create(deployment());
    await world.advance(200);
    const [set] = world.list('ReplicaSet');
    const hash = set?.metadata.labels?.['pod-template-hash'] ?? '';
    assert.match(hash, /^[b-z2-9]{5,10}$/);
    assert.equal(set?.metadata.name, `web-${hash}`);
    assert.deepEqual(set.metadata.labels, { app: 'web', 'pod-template-hash': hash });
    assert.deepEqual(set.metadata.annotations, {
      'deployment.kubernetes.io/revision': '1',
    });
    const owner = set.metadata.ownerReferences?.[0];
    assert.deepEqual([owner?.kind, owner?.name, owner?.controller], ['Deployment', 'web', true]);
    const pods = world.list('Pod');
    assert.equal(pods.length, 3);
    for (const { metadata } of pods) {
      assert.match(metadata.name, new RegExp(`^web-${hash}-[b-z2-9]{5}$`));
      assert.deepEqual(metadata.labels, { app: 'web', 'pod-template-hash': hash });
      assert.equal(metadata.ownerReferences?.[0]?.uid, set.metadata.uid);
    }
  });

  it('tell their progress in the status', async () => {
    world.create(deployment());
    await world.rest();
    const pending = { replicas: 3, updatedReplicas: 3, unavailableReplicas: 3 };
    assert.deepEqual(counts(), { ...pending, terminatingReplicas: 0, observedGeneration: 1 });
    assert.equal(condition('Available'), 'False MinimumReplicasUnavailable');
    assert.equal(condition('Progressing'), 'True ReplicaSetUpdated');
    await world.advance(200);
    const ready = { replicas: 3, updatedReplicas: 3, readyReplicas: 3, availableReplicas: 3 };
    assert.deepEqual(counts(), { ...ready, terminatingReplicas: 0, observedGeneration: 1 });
    assert.equal(condition('Available'), 'True MinimumReplicasAvailable');
    assert.equal(condition('Progressing'), 'True NewReplicaSetAvailable');
    assert.equal(world.get('Deployment', 'web')?.metadata.annotations?.['deployment.kubernetes.io/revision'], '1');
  });

  for (const replicas of [5, 1, 0]) {
    it(`scale from 3 to ${replicas}`, async () => {
      world.create(deployment());
      await world.advance(200);
      const before = new Set(world.list('Pod').map(({ metadata }) => metadata.uid));
      world.patch('Deployment', 'web', { spec: { replicas } });
      await world.rest();
      assert.equal(condition('Progressing'), 'True NewReplicaSetAvailable', 'scaling is no rollout');
      await world.advance(300);
      const after = world.list('Pod').map(({ metadata }) => metadata.uid);
      assert.equal(after.length, replicas);
      assert.equal(after.filter((uid) => before.has(uid)).length, Math.min(3, replicas));
      assert.equal(counts()['replicas'] ?? 0, replicas);
      assert.equal(counts()['observedGeneration'], 2);
      assert.equal(condition('Progressing'), 'True NewReplicaSetAvailable');
    });
  }

  const rollouts: [title: string, strategy: object, most: number, leastReady: number][] = [
    ['25% of both by default', {}, 5, 3],
    ['one more, none less', { rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } }, 5, 4],
    ['none more, half less', { rollingUpdate: { maxSurge: 0, maxUnavailable: '50%' } }, 4, 2],
    ['all at once', { rollingUpdate: { maxSurge: '100%', maxUnavailable: 0 } }, 8, 4],
    ['neither, which would not move, is one less', { rollingUpdate: { maxSurge: 0, maxUnavailable: 0 } }, 4, 3],
  ];
  for (const [title, strategy, most, leastReady] of rollouts) {
    it(`roll to a new template within their limits: ${title}`, async () => {
      world.create(deployment({ replicas: 4, strategy: { type: 'RollingUpdate', ...strategy } }));
      await world.advance(200);
      world.patch('Deployment', 'web', nextImage);
      for (let step = 0; step < 150; step += 1) {
        await world.advance(10);
        const pods = world.list('Pod').filter(({ metadata }) => metadata.deletionTimestamp === undefined) as Pod[];
        const ready = pods.filter(({ status }) =>
          status?.conditions?.some((c) => c.type === 'Ready' && c.status === 'True'),
        );
        assert.ok(pods.length <= most, `${pods.length} pods of at most ${most}`);
        assert.ok(ready.length >= leastReady, `${ready.length} ready pods of at least ${leastReady}`);
      }
      assert.deepEqual(sets(), [
        { image: 'one', replicas: 0, revision: '1' },
        { image: 'two', replicas: 4, revision: '2' },
      ]);
      assert.equal(condition('Progressing'), 'True NewReplicaSetAvailable');
      assert.equal(counts()['updatedReplicas'], 4);
    });
  }

  it('end all old pods before a new one begins with the strategy Recreate', async () => {
    world.create(deployment({ strategy: { type: 'Recreate' } }));
    await world.advance(200);
    world.patch('Deployment', 'web', nextImage);
    for (let step = 0; step < 60; step += 1) {
      await world.advance(10);
      const images = world.list('Pod').map((pod) => (pod as Pod).spec.containers[0]?.image);
      assert.ok(new Set(images).size <= 1, 'pods of both templates');
    }
    assert.deepEqual(
      sets().map(({ image, replicas }) => [image, replicas]),
      [
        ['one', 0],
        ['two', 3],
      ],
    );
    assert.equal(condition('Progressing'), 'True NewReplicaSetAvailable');
  });

  it('return to the ReplicaSet of a former template under a new revision', async () => {
    world.create(deployment());
    await world.advance(200);
    world.patch('Deployment', 'web', nextImage);
    await world.advance(1000);
    world.patch('Deployment', 'web', { spec: { template: { spec: { containers } } } });
    await world.advance(1000);
    assert.deepEqual(sets(), [
      { image: 'one', replicas: 3, revision: '3' },
      { image: 'two', replicas: 0, revision: '2' },
    ]);
    assert.equal(world.get('Deployment', 'web')?.metadata.annotations?.['deployment.kubernetes.io/revision'], '3');
  });

  it('forget old ReplicaSets beyond the limit of their history', async () => {
    world.create(deployment({ revisionHistoryLimit: 1 }));
    await world.advance(200);
    for (const image of ['two', 'three', 'four']) {
      world.patch('Deployment', 'web', { spec: { template: { spec: { containers: [{ name: 'main', image }] } } } });
      await world.advance(1000);
    }
    assert.deepEqual(
      sets().map(({ image }) => image),
      ['four', 'three'],
    );
  });

  it('do not roll while they are paused, but scale', async () => {
    world.create(deployment());
    await world.advance(200);
    world.patch('Deployment', 'web', { spec: { paused: true, replicas: 2, ...nextImage.spec } });
    await world.advance(300);
    assert.deepEqual(sets(), [{ image: 'one', replicas: 2, revision: '1' }]);
    assert.equal(condition('Progressing'), 'Unknown DeploymentPaused');
    world.patch('Deployment', 'web', { spec: { paused: false } });
    await world.advance(1000);
    assert.deepEqual(
      sets().map(({ replicas }) => replicas),
      [0, 2],
    );
  });

  it('say so when they do not get on before their deadline', async () => {
    const template = {
      metadata: { labels: { app: 'web' }, annotations: { 'embedded.kubernetes/ready': 'false' } },
      spec: { containers },
    };
    world.create(deployment({ progressDeadlineSeconds: 5, template }));
    await world.advance(4000, 1000);
    assert.equal(condition('Progressing'), 'True ReplicaSetUpdated');
    await world.advance(3000, 1000);
    assert.equal(condition('Progressing'), 'False ProgressDeadlineExceeded');
  });

  it('replace a pod that is deleted, at once', async () => {
    world.create(deployment());
    await world.advance(200);
    const [pod] = world.list('Pod');
    world.delete('Pod', pod?.metadata.name ?? '');
    await world.rest();
    assert.equal(world.list('Pod').length, 4);
    await world.advance(300);
    assert.equal(world.list('Pod').length, 3);
    assert.equal(world.get('Pod', pod?.metadata.name ?? ''), undefined);
  });

  it('take their ReplicaSets and pods with them', async () => {
    world.create(deployment());
    await world.advance(200);
    world.delete('Deployment', 'web');
    await world.advance(300);
    assert.deepEqual([...world.list('ReplicaSet'), ...world.list('Pod')], []);
  });

  it('leave their ReplicaSets to a successor of the same name when they are deleted as Orphan', async () => {
    world.create(deployment());
    await world.advance(200);
    const uids = world.list('Pod').map(({ metadata }) => metadata.uid);
    world.delete('Deployment', 'web', { propagationPolicy: 'Orphan' });
    await world.advance(300);
    assert.equal(world.get('Deployment', 'web'), undefined);
    assert.deepEqual(
      world.list('Pod').map(({ metadata }) => metadata.uid),
      uids,
    );
    world.create(deployment());
    await world.advance(300);
    const owners = world.list('ReplicaSet').map(({ metadata }) => metadata.ownerReferences?.[0]?.uid);
    assert.deepEqual(owners, [world.get('Deployment', 'web')?.metadata.uid]);
    assert.deepEqual(
      world.list('Pod').map(({ metadata }) => metadata.uid),
      uids,
    );
    assert.equal(condition('Available'), 'True MinimumReplicasAvailable');
  });

  it('come to rest: nothing is written once all is as it should be', async () => {
    world.create(deployment());
    await world.advance(500);
    world.changes.length = 0;
    await world.advance(60_000, 5000);
    assert.deepEqual(world.changes, []);
  });
});

describe('ReplicaSets', () => {
  let world: ControllerWorld;

  beforeEach(async () => {
    world = await ControllerWorld.start({ longestPodGraceMs: 50 });
    const template = { metadata: { labels: { app: 'web' } }, spec: { containers } };
    world.create({ kind: 'Pod', metadata: { name: 'stray', labels: { app: 'web' } }, spec: { containers } });
    const spec = { replicas: 2, selector: { matchLabels: { app: 'web' } }, template };
    world.create({ kind: 'ReplicaSet', metadata: { name: 'web' }, spec });
    await world.advance(100);
  });

  afterEach(() => world.stop());

  it('adopt pods that fit and have no controller', () => {
    assert.equal(world.list('Pod').length, 2);
    assert.equal(world.get('Pod', 'stray')?.metadata.ownerReferences?.[0]?.name, 'web');
  });

  it('let go of a pod whose labels no longer fit, and replace it', async () => {
    world.patch('Pod', 'stray', { metadata: { labels: { app: 'other' } } });
    await world.advance(100);
    assert.equal(world.list('Pod').length, 3);
    assert.equal(world.get('Pod', 'stray')?.metadata.ownerReferences, undefined);
  });

  it('count a pod as available when it has been ready long enough', async () => {
    world.patch('ReplicaSet', 'web', { spec: { minReadySeconds: 10 } });
    await world.advance(1000);
    const status = () => world.get('ReplicaSet', 'web')?.['status'] as Record<string, number>;
    assert.deepEqual([status()['readyReplicas'], status()['availableReplicas'] ?? 0], [2, 0]);
    await world.advance(10_000, 1000);
    assert.deepEqual([status()['readyReplicas'], status()['availableReplicas']], [2, 2]);
  });

  it('delete pods that are not ready first', async () => {
    world.patch('Pod', 'stray', { metadata: { annotations: { 'embedded.kubernetes/ready': 'false' } } });
    await world.advance(100);
    world.patch('ReplicaSet', 'web', { spec: { replicas: 1 } });
    await world.advance(200);
    assert.equal(world.list('Pod').length, 1);
    assert.equal(world.get('Pod', 'stray'), undefined);
  });
});
