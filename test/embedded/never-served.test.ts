/**
 * A dataId that another writer creates and removes again before the server serves it: no client is told of it, but a write
 * of ours in between is refused.
 */
import assert from 'node:assert/strict';
import { eventually, hangMs } from '../eventually.ts';
import { startBridgedCluster } from './bridged-cluster.ts';
import { startEmbeddedEndpoint } from './embedded-endpoint.ts';

const namespace = 'default';
/** Longer than all that happens before the removal. */
const dumpDelayMs = 6_000;

describe('a dataId that was there and never served', () => {
  const started = new AsyncDisposableStack();

  after(() => started.disposeAsync());

  it('is published when the other writer has removed it again', async () => {
    const { endpoint, nacos } = await startEmbeddedEndpoint('3.1', dumpDelayMs);
    started.defer(() => nacos.stop());
    const cluster = await startBridgedCluster(endpoint);
    started.defer(() => cluster.stop());
    const ref = { apiVersion: 'bridge.nacos.io/v1alpha1', kind: 'NacosConfig', namespace, name: 'fleeting' };
    const ready = async () => {
      const { status } = ((await cluster.rest.get(ref)) ?? {}) as {
        status?: { conditions: { type: string; reason: string }[] };
      };
      return status?.conditions.find(({ type }) => type === 'Ready')?.reason;
    };

    await endpoint.admin.publish('', namespace, 'fleeting', 'theirs');
    const { apiVersion, kind, name } = ref;
    const spec = { group: namespace, content: 'ours' };
    await cluster.rest.apply({ apiVersion, kind, metadata: { name, namespace }, spec });
    await eventually(hangMs, async () => assert.equal(await ready(), 'Conflict'));
    await endpoint.admin.remove('', namespace, 'fleeting');

    await eventually(hangMs, async () => assert.equal(await ready(), 'InSync'));
    assert.equal((await endpoint.admin.getConfig('', namespace, 'fleeting'))?.content, 'ours');
  });
});
