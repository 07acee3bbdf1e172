/** `TEST_ROUNDS=30 npm run test:real -- bulk-crash`: only when it is named, since it takes long. */
import { describeBulkCrash } from '../acceptance/bulk-crash.ts';
import { nacosVersion, sharedWorld } from './shared-world.ts';

describeBulkCrash(`real Nacos ${nacosVersion}`, {
  rounds: Number(process.env['TEST_ROUNDS'] ?? 10),
  size: Number(process.env['TEST_ITEMS'] ?? 500),
  start: sharedWorld,
  // By whoever shares it.
  stop: async () => {},
});
