import { describeMovedFleet } from '../acceptance/moved-fleet.ts';
import { startEmbeddedEndpoint } from './embedded-endpoint.ts';

describeMovedFleet('embedded servers', async () => {
  const { endpoint, nacos } = await startEmbeddedEndpoint('3.1', 0);
  return { endpoint, stop: () => nacos.stop() };
});
