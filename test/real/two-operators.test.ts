/** Two clusters, embedded ones, with the real Nacos of the world between them. */
import { describeTwoOperators } from '../embedded/two-operators-suite.ts';
import { nacosVersion, sharedWorld, startLimitMs } from './shared-world.ts';

describeTwoOperators(`Nacos ${nacosVersion}`, {
  start: async () => ({ endpoint: (await sharedWorld()).nacos, stop: async () => {} }),
  startLimitMs,
});
