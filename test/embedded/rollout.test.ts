/**
 * Rollouts across the life of the operator: what it slept through is made up for, and that it starts is no reason.
 */
import assert from 'node:assert/strict';
import { md5Of } from '../../operator/nacos/config/config-snapshot.ts';
import { eventually, hangMs } from '../eventually.ts';
import type { KubeObject } from '../scenarios/backends.ts';
import { startEmbeddedWorld } from './world.ts';
import type { EmbeddedWorld } from './world.ts';

const namespace = 'rollouts';
const dataId = 'app.yaml';
const annotation = 'bridge.nacos.io/rolled-out.app';

interface Workload extends KubeObject {
  readonly metadata: KubeObject['metadata'] & { readonly annotations?: Record<string, string> };
}

describe('rollouts between embedded servers', () => {
  let world: EmbeddedWorld;
  /** Of the Deployment: one more for each restart. Its annotations count, in one of which the first look has left its record. */
  let generation = 2;

  before(async () => {
    world = await startEmbeddedWorld('3.1');
    await apply('v1', 'Namespace', namespace, {});
    await publish('version: 1');
    const container = { name: 'app', image: 'app', envFrom: [{ configMapRef: { name: 'mirror' } }] };
    await apply('apps/v1', 'Deployment', 'reader', {
      spec: {
        replicas: 0,
        selector: { matchLabels: { app: 'reader' } },
        template: { metadata: { labels: { app: 'reader' } }, spec: { containers: [container] } },
      },
    });
    await apply('bridge.nacos.io/v1alpha1', 'NacosConfig', 'app', {
      spec: {
        dataId,
        source: 'Nacos',
        mirror: { configMap: { name: 'mirror' } },
        rollout: { auto: true, debounceSeconds: 1 },
      },
    });
    await expectRolledOut('version: 1');
  });

  after(() => world?.stop());

  const key = { dataId, group: 'DEFAULT_GROUP', namespaceId: '' };
  const publish = (content: string) => world.backends.nacos.publish(key, content);

  async function apply(apiVersion: string, kind: string, name: string, fields: Record<string, unknown>): Promise<void> {
    const metadata = kind === 'Namespace' ? { name } : { name, namespace };
    await world.backends.kubernetes.apply({ apiVersion, kind, metadata, ...fields });
  }

  async function deployment(): Promise<Workload> {
    const ref = { apiVersion: 'apps/v1', kind: 'Deployment', namespace, name: 'reader' };
    return (await world.backends.kubernetes.get(ref)) as Workload;
  }

  async function mirrored(): Promise<unknown> {
    const ref = { apiVersion: 'v1', kind: 'ConfigMap', namespace, name: 'mirror' };
    return (await world.backends.kubernetes.get(ref))?.['data'];
  }

  async function expectRolledOut(content: string): Promise<void> {
    await eventually(hangMs, async () => {
      assert.equal((await deployment()).metadata.annotations?.[annotation], `${md5Of(content)} ${dataId}`);
    });
    assert.equal((await deployment()).metadata.generation, generation);
  }

  it('restart a workload once for a burst of twenty edits', async () => {
    // All but the last at once: on a busy machine one after the other might not be a burst.
    await Promise.all(Array.from({ length: 19 }, (_, index) => publish(`burst: ${index + 1}`)));
    await publish('burst: 20');
    generation += 1;
    await expectRolledOut('burst: 20');
  });

  it('make up for an edit that came while the operator was down', async () => {
    await world.operator.end('SIGTERM');
    await publish('missed: 1');
    await world.operator.start();
    generation += 1;
    await expectRolledOut('missed: 1');
  });

  it('make up for an edit whose debounce the operator did not survive', async () => {
    await publish('killed: 1');
    await eventually(hangMs, async () => assert.deepEqual(await mirrored(), { [dataId]: 'killed: 1' }));
    await world.operator.end('SIGKILL');
    await world.operator.start();
    generation += 1;
    await expectRolledOut('killed: 1');
  });

  it('restart nothing because the operator does', async () => {
    const { resourceVersion } = (await deployment()).metadata;
    await world.operator.end('SIGKILL');
    await world.operator.start();
    await eventually(hangMs, async () => {
      const looked = await world.operator.metric(
        'controller_runtime_reconcile_total',
        'controller="nacosconfig",result="requeue_after"',
      );
      // The first look finds the dataId unread, the second has read it.
      assert.ok(looked >= 2, `${looked} looks`);
    });
    assert.equal((await deployment()).metadata.resourceVersion, resourceVersion);
    await publish('afterwards: 1');
    generation += 1;
    await expectRolledOut('afterwards: 1');
  });
});
