/**
 * Two writers of each config, one in Kubernetes and one in Nacos, with the operator between real servers.
 */
import type { NacosClient } from '../../operator/nacos/client.ts';
import { startAuthorClient } from '../two-writers/nacos-client.ts';
import { itLosesNoUpdate } from '../two-writers/suite.ts';
import { nacosVersion, sharedWorld, startLimitMs } from './shared-world.ts';
import type { World } from './world.ts';

describe(`source Both with Nacos ${nacosVersion}`, () => {
  let world: World;
  let nacos: NacosClient;

  before(async function () {
    this.timeout(startLimitMs);
    world = await sharedWorld();
    nacos = startAuthorClient(world.nacos);
  });

  after(() => nacos?.stop());

  itLosesNoUpdate({
    count: 50,
    concurrency: 10,
    settleLimitMs: 60_000,
    limitMs: 300_000,
    sides: () => ({ kubernetes: world.backends.kubernetes, nacos }),
  });
});
