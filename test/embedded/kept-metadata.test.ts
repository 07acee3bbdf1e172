/**
 * What users of Nacos give to a dataId besides its content stays when the content changes; and to know that nobody gave
 * anything, the operator asks the database of Nacos now and then, and not at every change.
 */
import assert from 'node:assert/strict';
import { eventually, hangMs } from '../eventually.ts';
import { startBridgedCluster } from './bridged-cluster.ts';
import type { BridgedCluster } from './bridged-cluster.ts';
import { startEmbeddedEndpoint } from './embedded-endpoint.ts';
import type { EmbeddedEndpoint } from './embedded-endpoint.ts';

const namespace = 'default';
const names = Array.from({ length: 20 }, (_, number) => `kept-${number}`);

for (const version of ['3.1', '2.3'] as const) {
  describe(`what users give to a dataId of an embedded Nacos ${version}`, () => {
    const started = new AsyncDisposableStack();
    let endpoint: EmbeddedEndpoint['endpoint'];
    let cluster: BridgedCluster;

    before(async () => {
      const embedded = await startEmbeddedEndpoint(version, 0);
      started.defer(() => embedded.nacos.stop());
      endpoint = embedded.endpoint;
      cluster = await startBridgedCluster(endpoint);
      started.defer(() => cluster.stop());
    });

    after(() => started.disposeAsync());

    const held = async (name: string) => (await endpoint.admin.getConfig('', namespace, name)) ?? { content: '' };
    /** Declares this content of all, and waits until Nacos has it. */
    async function declare(content: string): Promise<void> {
      const [apiVersion, kind] = ['bridge.nacos.io/v1alpha1', 'NacosConfig'];
      for (const name of names) {
        await cluster.rest.apply({
          apiVersion,
          kind,
          metadata: { name, namespace },
          spec: { group: namespace, content },
        });
      }
      for (const name of names) {
        await eventually(hangMs, async () => assert.equal((await held(name)).content, content));
      }
    }
    const databaseReads = () =>
      cluster.operator.metric('nacos_bridge_nacos_requests_total', 'operation="admin_get_config"');

    it('is kept, and not asked for at every change', async () => {
      await declare('first');
      // A change that comes before the operator was told of its last one is asked about, as on a machine that is busy.
      let round = 0;
      await eventually(hangMs, async () => {
        const readsBefore = await databaseReads();
        await declare(`round ${(round += 1)}`);
        const reads = (await databaseReads()) - readsBefore;
        assert.ok(reads < names.length / 2, `${reads} reads of the database for ${names.length} changes`);
      });

      const [name = ''] = names;
      const fields = { desc: 'asked for by the shop', configTags: 'reviewed' };
      await endpoint.admin.publish('', namespace, name, `round ${round}`, fields);
      await declare('last');
      const { desc, configTags } = (await held(name)) as { desc?: string; configTags?: string };
      assert.equal(desc, fields.desc);
      assert.match(configTags ?? '', /\breviewed\b/);
    });
  });
}
