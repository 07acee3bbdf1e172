/**
 * DataIds that the database of Nacos lists and that it does not serve yet: an object is written when all of it is there.
 */
import assert from 'node:assert/strict';
import { eventually, hangMs } from '../eventually.ts';
import type { KubeObject, ObjectRef } from '../scenarios/backends.ts';
import { startBridgedCluster } from './bridged-cluster.ts';
import { startEmbeddedEndpoint } from './embedded-endpoint.ts';

const group = 'late';
const namespace = 'default';
const object: ObjectRef = { apiVersion: 'v1', kind: 'ConfigMap', namespace, name: 'settings' };

describe('a dataId that is listed before it is served', () => {
  let started: AsyncDisposableStack;

  beforeEach(() => void (started = new AsyncDisposableStack()));
  afterEach(() => started.disposeAsync());

  it('keeps the object from being written until it is served', async () => {
    const versions = await mirrored({ dumpDelayMs: 1_000 });
    await eventually(hangMs, async () => assert.ok(versions.length > 0));
    assert.deepEqual(versions, [{ served: '1', late: '2' }]);
  });

  it('does not keep it for long', async () => {
    const versions = await mirrored({ dumpDelayMs: 120_000 });
    await eventually(hangMs, async () => assert.deepEqual(versions, [{ served: '1' }]));
  });

  /** The data of each version of the object that both dataIds mean, of which one is served from the beginning. */
  async function mirrored({ dumpDelayMs }: { dumpDelayMs: number }): Promise<unknown[]> {
    // This generation is listed; with fuzzy watch it tells what it serves.
    const { endpoint, nacos } = await startEmbeddedEndpoint('2.3', dumpDelayMs);
    started.defer(() => nacos.stop());
    const cluster = await startBridgedCluster(endpoint);
    started.defer(() => cluster.stop());
    const versions: unknown[] = [];
    const watch = await cluster.rest.watch(object, '', ({ object: { data } }) => void versions.push(data));
    started.defer(() => watch.stop());

    await endpoint.admin.publish('', group, 'served', '1');
    // Which serves all that it has when it starts, and closes the connections of before.
    await nacos.restart();
    await eventually(hangMs, () => endpoint.admin.publish('', group, 'late', '2'));
    const sync: KubeObject = {
      apiVersion: 'bridge.nacos.io/v1alpha1',
      kind: 'NacosConfigSync',
      metadata: { name: 'sync', namespace },
      spec: { source: 'Nacos', nacos: { groups: [group] }, mapping: { objectName: object.name } },
    };
    await cluster.rest.apply(sync);
    return versions;
  }
});
