/** Contents that take years to judge, in one namespace: the leader, the services and the other configs go on as before. */
import assert from 'node:assert/strict';
import { eventually, hangMs } from '../eventually.ts';
import { ConnectedServices } from './connected-services.ts';
import { Fleet } from './fleet.ts';
import { describeInWorlds } from './in-worlds.ts';

/** More than a controller reconciles at once. */
const hostileCount = 40;
const namespace = 'hostile-contents';

describeInWorlds('contents that take years to judge', ({ world }) => {
  let services: ConnectedServices;
  let fleet: Fleet;

  before(async () => {
    await world().backends.kubernetes.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } });
    services = await ConnectedServices.create(world(), 'beside-hostile-services');
    await services.login(world().endpoint, world().endpoint.password);
    await services.connect('main', world().endpoint);
    fleet = await Fleet.create(world(), 'beside-hostile-configs');
    await services.offer('service', 'main', '10.8.3.1');
    await eventually(hangMs, () => services.assertPublished());
  });

  after(async () => {
    await services?.delete();
    await world().backends.kubernetes.delete({ apiVersion: 'v1', kind: 'Namespace', namespace: '', name: namespace });
  });

  async function declareHostile(index: number): Promise<void> {
    await world().backends.kubernetes.apply({
      apiVersion: 'bridge.nacos.io/v1alpha1',
      kind: 'NacosConfig',
      metadata: { name: `hostile-${index}`, namespace },
      spec: {
        group: namespace,
        dataId: `hostile-${index}.yaml`,
        content: `v: ${'a'.repeat(40 + index)}!`,
        validation: { jsonSchema: { properties: { v: { pattern: '^(a+)+$' } } } },
      },
    });
  }

  async function reasons(): Promise<(string | undefined)[]> {
    const indices = Array.from({ length: hostileCount }, (_, index) => index);
    return Promise.all(
      indices.map(async (index) => {
        const ref = {
          apiVersion: 'bridge.nacos.io/v1alpha1',
          kind: 'NacosConfig',
          namespace,
          name: `hostile-${index}`,
        };
        const object = (await world().backends.kubernetes.get(ref)) as {
          status?: { conditions?: { type: string; reason: string }[] };
        };
        return object.status?.conditions?.find(({ type }) => type === 'Ready')?.reason;
      }),
    );
  }

  it('are given up and told, and everything else goes on', async () => {
    const losses = async () => (await world().operator.log()).split('leadership lost').length;
    const lossesBefore = await losses();
    const gaps = services.watchForGaps();
    for (let index = 0; index < hostileCount; index += 1) await declareHostile(index);
    let round = 0;
    let told: (string | undefined)[] = [];
    const longestMs = { metrics: 0, config: 0 };
    const timed = async (what: keyof typeof longestMs, work: () => Promise<unknown>): Promise<void> => {
      const fromMs = performance.now();
      await work();
      longestMs[what] = Math.max(longestMs[what], performance.now() - fromMs);
    };
    // While they are judged, and until one of them has burnt all that it may.
    while (!told.includes('ValidationTooSlow')) {
      round += 1;
      await services.offer('service', 'main', `10.8.3.${(round % 200) + 2}`);
      await fleet.declare(`config-${round % 3}`, `round ${round}`);
      await timed('config', () => eventually(hangMs, () => fleet.assertConverged()));
      await eventually(hangMs, () => services.assertPublished());
      await timed('metrics', async () =>
        assert.equal(await world().operator.metric('leader_election_master_status'), 1),
      );
      told = await reasons();
    }
    assert.deepEqual(await gaps.end(), []);
    await eventually(hangMs, async () => {
      for (const reason of await reasons()) assert.match(reason ?? '', /^Validation(TooSlow|Paused)$/);
    });
    assert.equal(await losses(), lossesBefore, 'the leadership was lost');
    console.log(`longest in ${round} rounds: ${JSON.stringify(longestMs)} ms`);
  });
});
