/** `TEST_FLEET=1000 npm run test:real -- moved-fleet`: only when it is named, since it starts a dozen servers of Nacos. */
import { describeMovedFleet } from '../acceptance/moved-fleet.ts';
import { startNacos } from '../testbed/nacos.ts';

for (const version of ['3.1', '2.3'] as const) {
  describeMovedFleet(`real Nacos ${version}`, async () => {
    const nacos = await startNacos(version);
    return { endpoint: nacos, stop: () => nacos.stop() };
  });
}
