/**
 * Mirrors that somebody edits or deletes are put back, whether the operator runs meanwhile or not. Their content is in
 * memory no more, so it is read from Nacos, once for each of them and for no other; after a restart those that are mirrored
 * into Secrets are read as well, since no status has a digest of what is in a Secret.
 */
import assert from 'node:assert/strict';
import { encodeData } from '../../operator/config-sync/mirror/data-object.ts';
import { eventually, hangMs } from '../eventually.ts';
import { assertReady } from '../acceptance/fleet.ts';
import type { ObjectRef } from '../scenarios/backends.ts';
import { startEmbeddedWorld, type EmbeddedWorld } from './world.ts';

const bridge = 'bridge.nacos.io/v1alpha1';
const namespace = 'edits';
const kinds = ['ConfigMap', 'Secret'] as const;
/** Of each kind. */
const total = 10;
const text = 'what Nacos holds';

type Kind = (typeof kinds)[number];

describe('mirrors that somebody edits', () => {
  let world: EmbeddedWorld;

  before(async () => {
    world = await startEmbeddedWorld('3.1');
    await world.backends.kubernetes.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } });
    for (const kind of kinds) for (const name of namesOf(kind)) await addMirror(kind, name);
    await assertAllRight();
  });

  after(() => world?.stop());

  const whiles: { title: string; reads: Record<Kind, number>; doing: (edit: () => Promise<void>) => Promise<void> }[] =
    [
      { title: 'while the operator runs', reads: { ConfigMap: 3, Secret: 3 }, doing: (edit) => edit() },
      {
        title: 'while the operator is down',
        reads: { ConfigMap: 3 + total, Secret: total },
        async doing(edit) {
          await world.operator.end('SIGTERM');
          await edit();
          world.nacosOperations.reset();
          await world.operator.start();
          // Once, which asks Nacos, and once more when Nacos has answered.
          await eventually(hangMs, async () => {
            const looks = await world.operator.metric('controller_runtime_reconcile_total', 'nacosconfig"');
            assert.ok(looks >= 2 * kinds.length * total, 'all NacosConfigs must be looked at');
          });
        },
      },
    ];
  for (const { title, doing, reads } of whiles) {
    for (const kind of kinds) {
      const plural = `${kind.toLowerCase()}s`;
      it(`are put back, in ${plural} that were edited and deleted ${title}, at the cost of a read of each`, async () => {
        world.nacosOperations.reset();
        const [edited = '', emptied = '', deleted = ''] = namesOf(kind);
        await doing(async () => {
          const { kubernetes } = world.backends;
          await kubernetes.patch(refOf(kind, edited), { data: encodeData(kind, { text: 'mine' }) });
          await kubernetes.patch(refOf(kind, emptied), { data: { text: null } });
          await kubernetes.delete(refOf(kind, deleted));
        });
        await assertAllRight();
        assert.equal(world.nacosOperations.counts()['ConfigQueryRequest'], reads[kind]);
      });
    }
  }

  async function addMirror(kind: Kind, name: string): Promise<void> {
    const { kubernetes, nacos: http } = world.backends;
    await http.publish({ dataId: name, group: namespace, namespaceId: '' }, text);
    const place = { name, key: 'text' };
    const mirror = kind === 'Secret' ? { secret: place } : { configMap: place };
    const spec = { group: namespace, source: 'Nacos', mirror };
    await kubernetes.apply({ apiVersion: bridge, kind: 'NacosConfig', metadata: { name, namespace }, spec });
  }

  async function assertAllRight(): Promise<void> {
    await eventually(hangMs, async () => {
      for (const kind of kinds) {
        const objects = await world.backends.kubernetes.list('v1', kind, namespace);
        const held = namesOf(kind).map((name) => objects.find(({ metadata }) => metadata.name === name)?.['data']);
        assert.deepEqual(held, Array(total).fill(encodeData(kind, { text })));
      }
      const configs = await world.backends.kubernetes.list(bridge, 'NacosConfig', namespace);
      assert.equal(configs.length, kinds.length * total);
      for (const config of configs) assertReady(config);
    });
  }
});

function namesOf(kind: Kind): string[] {
  return Array.from({ length: total }, (_, number) => `${kind.toLowerCase()}-${number}`);
}

function refOf(kind: Kind, name: string): ObjectRef {
  return { apiVersion: 'v1', kind, namespace, name };
}
