/** The naming client against the embedded server, as it is tested against real ones (test/real/naming-client.test.ts). */
import { startEmbeddedNacos } from '../../../sandbox/nacos/embedded-nacos.ts';
import { generations } from '../../../sandbox/nacos/generation.ts';
import { describeNamingClient, sentAway } from './naming-servers.ts';

const pushDelayMs = 100;

for (const generation of generations) {
  describeNamingClient(`the naming client on an embedded Nacos ${generation}`, async () => {
    const nacos = await startEmbeddedNacos({ generation, pushDelayMs });
    return {
      port: nacos.port,
      credentials: undefined,
      pushDelayMs,
      sendClientsAway: () =>
        sentAway(
          async () => nacos.connectionIds,
          () => nacos.resetConnections(),
        ),
      kill: () => nacos.stopServing(),
      start: () => nacos.startServing(),
      stop: () => nacos.stop(),
    };
  });
}
