/** What is secret, between the embedded servers, which can be made to fail. */
import { describeSecretMarker } from './secret-marker-suite.ts';
import { startEmbeddedWorld, type EmbeddedWorld } from './world.ts';

for (const generation of ['3.1', '2.3'] as const) {
  describe(`embedded servers, Nacos as ${generation}`, () => {
    let world: EmbeddedWorld | undefined;

    after(async function () {
      this.timeout(30_000);
      await world?.stop();
    });

    describeSecretMarker('with every kind of failure', {
      start: async () => (world = await startEmbeddedWorld(generation)),
      startLimitMs: 30_000,
      failNacos: () => {
        const fault = { kind: 'status', status: 500 } as const;
        return world?.nacos.faults.add({ on: 'ConfigPublishRequest', fault }) ?? (() => {});
      },
    });
  });
}
