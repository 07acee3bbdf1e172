/**
 * Two writers of each config, one in Kubernetes and one in Nacos, with the whole operator between the embedded servers.
 * In the second run the operator is killed on the way, so that not all that it wrote is recorded.
 */
import type { NacosClient } from '../../operator/nacos/client.ts';
import { startAuthorClient } from '../two-writers/nacos-client.ts';
import { itLosesNoUpdate } from '../two-writers/suite.ts';
import { startEmbeddedWorld, type EmbeddedWorld } from './world.ts';

describe('source Both on the embedded servers', () => {
  let world: EmbeddedWorld;
  let nacos: NacosClient;

  before(async function () {
    this.timeout(90_000);
    world = await startEmbeddedWorld('3.1');
    nacos = startAuthorClient(world.endpoint);
  });

  after(async function () {
    this.timeout(90_000);
    await nacos?.stop();
    await world?.stop();
  });

  const sides = () => ({ kubernetes: world.backends.kubernetes, nacos });
  const limits = { concurrency: 25, settleLimitMs: 60_000, limitMs: 180_000 };

  itLosesNoUpdate({ ...limits, count: 150, sides });
  itLosesNoUpdate({
    ...limits,
    count: 50,
    sides,
    disturb: async () => {
      await world.operator.end('SIGKILL');
      await world.operator.start();
    },
  });
});
