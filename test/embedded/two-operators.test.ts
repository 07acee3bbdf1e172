/** Two clusters on one embedded Nacos, which speaks as 3.1 and as 2.3. */
import { startEmbeddedEndpoint } from './embedded-endpoint.ts';
import { describeTwoOperators } from './two-operators-suite.ts';

for (const generation of ['3.1', '2.3'] as const) {
  describeTwoOperators(`an embedded Nacos ${generation}`, {
    start: async () => {
      const { endpoint, nacos } = await startEmbeddedEndpoint(generation);
      return { endpoint, stop: () => nacos.stop() };
    },
    startLimitMs: 30_000,
  });
}
