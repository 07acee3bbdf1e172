/**
 * A marker in Secrets that are published and mirrored, rightly and wrongly, while Nacos fails and while workloads restart:
 * it is found in Nacos and in Secrets, and nowhere else that the operator writes to.
 */
import assert from 'node:assert/strict';
import { eventually } from '../eventually.ts';
import type { KubeObject, NacosBackend, ObjectRef } from '../scenarios/backends.ts';
import type { RestKubernetes } from '../scenarios/kubernetes-backend.ts';
import { describeInWorlds } from './in-worlds.ts';
import { LeakWatch } from './leak-watch.ts';
import { formsOf, marker, mirroredCases, publishedCases, type SecretCase } from './secret-marker-cases.ts';

const apiVersion = 'bridge.nacos.io/v1alpha1';
/** Of the namespace in Kubernetes and of the group in Nacos. */
const groupName = 'secret-marker';
const otherCollections = ['/api/v1/configmaps', '/apis/apps/v1/deployments', '/apis/coordination.k8s.io/v1/leases'];

describeInWorlds('a secret', ({ isReal, limitMs, world }) => {
  let kubernetes: RestKubernetes;
  let nacos: NacosBackend;
  let leakWatch: LeakWatch;
  const soonMs = limitMs(20_000);

  before(async () => {
    ({ kubernetes, nacos } = world().backends);
    leakWatch = new LeakWatch(kubernetes, formsOf(marker), otherCollections);
    leakWatch.start();
    await kubernetes.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: groupName } });
    await apply('v1', 'Secret', 'taken', { stringData: { other: 'other' } });
  });

  after(() => leakWatch?.stop());

  describe('that is published', () => {
    for (const each of publishedCases) it(each.title, () => play(each));
  });

  describe('that is mirrored', () => {
    for (const each of mirroredCases) it(each.title, () => play(each));
  });

  describe('in trouble', () => {
    // No real Nacos can be made to fail.
    if (!isReal) {
      it('is published later when Nacos fails to take it', async () => {
        const restore = world().failPublishes?.();
        assert.ok(restore);
        await play({ title: '', dataId: 'late.txt', published: marker, condition: 'Ready False NacosError' });
        restore();
        await eventually(soonMs, async () => assert.equal(await held('late.txt'), marker));
      });
    }

    it('is put back after an edit in Nacos was reported', async () => {
      const dataId = 'drifting.txt';
      await play({
        title: '',
        dataId,
        published: marker,
        spec: { driftPolicy: 'Report' },
        condition: 'Ready True InSync',
      });
      await nacos.publish(key(dataId), `edited ${marker}`);
      await expectCondition(dataId, 'Drifted True ChangedInNacos');
      await kubernetes.patch(ref(apiVersion, 'NacosConfig', dataId), { spec: { driftPolicy: 'Revert' } });
      await eventually(soonMs, async () => assert.equal(await held(dataId), marker));
    });

    it('restarts the workload that reads it when it changes in Nacos', async () => {
      await apply('apps/v1', 'Deployment', 'reader', { spec: deploymentSpec });
      const dataId = 'restarting.properties';
      const rollout = { workloads: [{ kind: 'Deployment', name: 'reader' }], debounceSeconds: 0 };
      const mirror = { format: 'Env', secret: { name: 'restarting' } };
      await play({
        title: '',
        dataId,
        held: `PASSWORD=${marker}`,
        mirror,
        spec: { rollout },
        condition: 'Ready True InSync',
      });
      await nacos.publish(key(dataId), `PASSWORD=${marker}-changed`);
      await eventually(soonMs, async () => {
        const workload = await kubernetes.get(ref('apps/v1', 'Deployment', 'reader'));
        assert.match(JSON.stringify(workload?.['spec']), /kubectl.kubernetes.io\/restartedAt/);
      });
    });
  });

  describe('with many others', () => {
    it('is published by a NacosConfigSync', async () => {
      const metadata = { name: 'many-out', namespace: groupName, labels: { many: 'out' } };
      const data = { 'one.yaml': base64(`password: ${marker}`), 'two.yaml': base64(`{${marker}`) };
      await kubernetes.apply({ apiVersion: 'v1', kind: 'Secret', metadata, data });
      const selector = { matchLabels: { many: 'out' } };
      await apply(apiVersion, 'NacosConfigSync', 'many-out', {
        spec: { source: 'Kubernetes', kubernetes: { kinds: ['Secret'], selector, allowSecretExport: true } },
      });
      await eventually(soonMs, async () => {
        const stored = await nacos.read({ ...key('one.yaml'), group: 'secret.many-out' });
        assert.equal(stored?.content, data['one.yaml']);
      });
    });

    it('is mirrored by a NacosConfigSync', async () => {
      const group = `${groupName}-in`;
      await nacos.publish({ ...key('one.yaml'), group }, `password: ${marker}`);
      await nacos.publish({ ...key('two:yaml'), group }, marker);
      await apply(apiVersion, 'NacosConfigSync', 'many-in', {
        spec: {
          source: 'Nacos',
          kubernetes: { kinds: ['Secret'] },
          mapping: { preset: 'SingleObject', objectName: 'many-in', group },
        },
      });
      await eventually(soonMs, async () => assert.ok(await secretHolds('many-in'), 'the Secret has no marker'));
    });
  });

  describe('at the end', () => {
    it('is found where it belongs: in Nacos and in the mirrored Secrets', async () => {
      assert.equal(await held('plain.yaml'), `password: ${marker}`);
      assert.ok(Buffer.from((await held('bytes.txt')) ?? '', 'base64').includes(marker));
      for (const name of ['round-copy', 'file', 'env', 'many-in']) assert.ok(await secretHolds(name), name);
    });

    it('has been told of by events', async () => {
      const told = async () => {
        const events = await kubernetes.list('events.k8s.io/v1', 'Event', groupName);
        return events.map(({ regarding }) => (regarding as { name: string }).name);
      };
      const names = [...publishedCases, ...mirroredCases].map(({ dataId }) => dataId);
      await eventually(soonMs, async () => assert.deepEqual(names.filter(missingIn(await told())), []));
    });

    it('is found nowhere else: in no log, event, status, metric, ConfigMap or workload', async () => {
      const { operator } = world();
      const texts = { log: await operator.log(), metrics: await operator.metrics() };
      for (const [where, text] of Object.entries(texts)) {
        assert.ok(text.length > 0, `${where} must not be empty`);
        const found = text.split('\n').filter((line) => formsOf(marker).some((form) => line.includes(form)));
        assert.deepEqual(found, [], where);
      }
      assert.match(texts.log, /"level":"debug"/);
      assert.ok(
        leakWatch.objectsRead > 2 * (publishedCases.length + mirroredCases.length),
        'objects must have been read',
      );
      assert.deepEqual(leakWatch.findings, []);
    });
  });

  async function play({ dataId, published, held: before, spec, mirror, condition }: SecretCase): Promise<void> {
    if (before !== undefined) await nacos.publish(key(dataId), before);
    const { encoding, ...rest } = { encoding: undefined, ...spec };
    const source = dataId.replaceAll('.', '-');
    if (published !== undefined) {
      await apply('v1', 'Secret', source, { data: { content: base64(published) } });
    }
    const secretKeyRef = { name: source, key: 'content', encoding };
    const declared = published === undefined ? {} : { allowSecretExport: true, contentFrom: { secretKeyRef } };
    await apply(apiVersion, 'NacosConfig', dataId, { spec: { group: groupName, ...declared, mirror, ...rest } });
    await expectCondition(dataId, condition);
  }

  async function expectCondition(name: string, condition: string): Promise<void> {
    interface Condition {
      type: string;
      status: string;
      reason: string;
    }
    await eventually(soonMs, async () => {
      const resource = await kubernetes.get(ref(apiVersion, 'NacosConfig', name));
      const { conditions = [] } = (resource?.['status'] ?? {}) as { conditions?: Condition[] };
      const told = conditions.map(({ type, status, reason }) => `${type} ${status} ${reason}`);
      assert.ok(told.includes(condition), `${name}: ${condition} is not among ${told.join(', ')}`);
    });
  }

  async function secretHolds(name: string): Promise<boolean> {
    const { data = {} } = ((await kubernetes.get(ref('v1', 'Secret', name))) ?? {}) as {
      data?: Record<string, string>;
    };
    return Object.values(data).some((value) => Buffer.from(value, 'base64').includes(marker));
  }

  async function held(dataId: string): Promise<string | undefined> {
    return (await nacos.read(key(dataId)))?.content;
  }

  async function apply(version: string, kind: string, name: string, body: object): Promise<void> {
    const object: KubeObject = { apiVersion: version, kind, metadata: { name, namespace: groupName }, ...body };
    await kubernetes.apply(object);
  }
});

function missingIn(present: readonly string[]): (name: string) => boolean {
  return (name) => !present.includes(name);
}

function base64(content: string | Uint8Array): string {
  return Buffer.from(content).toString('base64');
}

function key(dataId: string) {
  return { namespaceId: '', group: groupName, dataId };
}

function ref(version: string, kind: string, name: string): ObjectRef {
  return { apiVersion: version, kind, namespace: groupName, name };
}

const labels = { app: 'reader' };
const deploymentSpec = {
  replicas: 1,
  selector: { matchLabels: labels },
  template: { metadata: { labels }, spec: { containers: [{ name: 'reader', image: 'reader:1' }] } },
};
