import assert from 'node:assert/strict';
import fc from 'fast-check';
import { defects, spoil, type Defect } from './inventory-defects.ts';
import { keys, texts, type Disturbance } from './disturbance.ts';
import { InventoryModel } from './inventory-model.ts';

const runs = Number(process.env['MODEL_RUNS'] ?? 100);

const key = fc.constantFrom(...keys);
const text = fc.constantFrom(...texts, ...texts, ...texts, undefined);
const step = fc.integer({ min: 1, max: 40 });
const ms = fc.constantFrom(0, 20, 40, 100, 300, 1000, 3000);
const disturbance: fc.Arbitrary<Disturbance> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ do: fc.constantFrom('edit-kubernetes' as const, 'edit-nacos' as const), key, text }),
  },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('run' as const), ms }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('crash-at' as const), step }) },
  fc.record({
    do: fc.constantFrom(
      'crash' as const,
      'depose' as const,
      'usurp' as const,
      'end-deposed' as const,
      'blind' as const,
      'freeze' as const,
      'thaw' as const,
      'see' as const,
      'late' as const,
      'lose-shard' as const,
      'double-shard' as const,
      'remap' as const,
      'move' as const,
      'rename-connection' as const,
      'rename-and-remap' as const,
    ),
  }),
);

interface Schedule {
  readonly title: string;
  /** With the number of the request at which the process ends, where that is tried at many. */
  readonly disturbances: readonly Disturbance[] | ((step: number) => readonly Disturbance[]);
  readonly failsWith: readonly Defect[];
  readonly expect?: (model: InventoryModel) => void;
}

type Story = { disturbances: readonly Disturbance[]; expect?: (model: InventoryModel) => void };

const STEPS = 24;

async function play({ disturbances, expect }: Story, broken: readonly Defect[] = []): Promise<void> {
  const mend = spoil(broken);
  try {
    const model = new InventoryModel(broken);
    await model.run(1500);
    for (const one of disturbances) await model.disturb(one);
    await model.settle();
    assert.deepEqual(model.wrongs, []);
    expect?.(model);
  } finally {
    mend();
  }
}

async function playAll({ disturbances, expect }: Schedule, broken: readonly Defect[] = []): Promise<void> {
  if (typeof disturbances !== 'function') return play({ disturbances, expect }, broken);
  for (let step = 1; step <= STEPS; step += 1) await play({ disturbances: disturbances(step), expect }, broken);
}

type Text = (typeof texts)[number];
const kubernetes = (key: (typeof keys)[number], text?: Text): Disturbance => ({ do: 'edit-kubernetes', key, text });
const nacos = (key: (typeof keys)[number], text?: Text): Disturbance => ({ do: 'edit-nacos', key, text });
const run = (ms = 1000): Disturbance => ({ do: 'run', ms });
const crashAt = (step: number): Disturbance => ({ do: 'crash-at', step });

const schedules: readonly Schedule[] = [
  {
    title: 'nothing happens',
    disturbances: [],
    failsWith: [],
    expect: (model) => {
      for (const one of keys) assert.equal(model.nacosOf(one), 'x');
    },
  },
  {
    title: 'the process ends while a new key is published, which is removed meanwhile',
    disturbances: (step) => [
      kubernetes('k0'),
      run(4000),
      kubernetes('k0', 'y'),
      crashAt(step),
      run(100),
      kubernetes('k0'),
      run(),
    ],
    failsWith: ['publishes before the entry is durable'],
  },
  {
    title: 'an edit in Nacos is mirrored, and another one comes after a restart',
    disturbances: [nacos('b0', 'y'), run(), { do: 'crash' }, nacos('b0', 'z'), run()],
    failsWith: ['records no bases'],
    expect: (model) => assert.equal(model.kubernetesOf('b0'), 'z'),
  },
  {
    title: 'the process ends while it writes to Kubernetes, and somebody puts back there what it wrote over',
    disturbances: (step) => [nacos('b0', 'y'), crashAt(step), run(20), kubernetes('b0', 'x'), run()],
    failsWith: ['keeps the base while it writes to Kubernetes'],
  },
  {
    title: 'both sides are edited, and the watch of Kubernetes is late',
    disturbances: [{ do: 'blind' }, nacos('b0', 'z'), kubernetes('b0', 'y'), run(300)],
    failsWith: ['writes keys without the version that it has seen'],
    expect: (model) => assert.equal(model.stateOf('b0'), 'Conflict'),
  },
  {
    title: 'an edit in Nacos is mirrored, and the watch is late with a change that changes nothing',
    disturbances: [{ do: 'blind' }, nacos('b0', 'z'), kubernetes('b0', 'x'), run(3000)],
    failsWith: ['decides again before the watch shows its write'],
    expect: (model) => assert.equal(model.kubernetesOf('b0'), 'z'),
  },
  {
    title: 'a leader that was deposed sees an edit after its successor has published a later one',
    disturbances: [
      { do: 'usurp' },
      { do: 'freeze', who: 'deposed' },
      { do: 'blind', who: 'deposed' },
      kubernetes('b0', 'y'),
      run(300),
      kubernetes('b0', 'z'),
      run(300),
      { do: 'late' },
      { do: 'thaw' },
      run(300),
    ],
    failsWith: ['publishes by its mark on an old view'],
    expect: (model) => assert.equal(model.nacosOf('b0'), 'z'),
  },
  {
    title: 'a leader that was deposed sees a removal after the key has come back',
    disturbances: [
      { do: 'blind' },
      { do: 'usurp' },
      kubernetes('k0'),
      run(300),
      kubernetes('k0', 'y'),
      run(300),
      { do: 'late' },
      run(3000),
    ],
    failsWith: ['removes on an old view'],
  },
  {
    title: 'the process ends while an edit is published, and somebody puts back in Nacos what it published over',
    disturbances: (step) => [kubernetes('b0', 'y'), crashAt(step), run(20), nacos('b0', 'x'), run()],
    failsWith: ['believes each base that it reads'],
  },
  {
    title: 'the process ends while an edit is published, and somebody puts back in Kubernetes what it was made of',
    disturbances: (step) => [kubernetes('b0', 'y'), crashAt(step), run(40), kubernetes('b0', 'x'), run()],
    failsWith: ['takes what it published for an edit of somebody else'],
    expect: (model) => assert.deepEqual([model.kubernetesOf('b0'), model.nacosOf('b0')], ['x', 'x']),
  },
  {
    title: 'two lead, and both have something to record',
    disturbances: [
      { do: 'depose' },
      kubernetes('b0', 'y'),
      run(),
      kubernetes('b1', 'z'),
      run(),
      nacos('b0', 'z'),
      run(),
    ],
    failsWith: ['goes on when it was deposed'],
  },
  {
    title: 'the leader was frozen while the one before it has brought both sides together',
    disturbances: [
      { do: 'depose' },
      run(300),
      { do: 'freeze', who: 'leader' },
      kubernetes('b0', 'y'),
      run(),
      { do: 'end-deposed' },
      nacos('b0', 'z'),
      { do: 'see' },
      run(),
    ],
    failsWith: ['tells conflicts without a fresh look at the shard'],
    expect: (model) => assert.equal(model.kubernetesOf('b0'), 'z'),
  },
  {
    title: 'a leader that was deposed has published what its successor never saw',
    disturbances: [
      kubernetes('k1'),
      run(4000),
      { do: 'usurp' },
      run(300),
      { do: 'freeze', who: 'leader' },
      kubernetes('k1', 'y'),
      run(),
      kubernetes('k1'),
      { do: 'end-deposed' },
      { do: 'see' },
      kubernetes('k0', 'z'),
      run(),
    ],
    failsWith: ['makes no items of entries that it finds'],
  },
  {
    title: 'shards are put back as they were before, beside others',
    disturbances: [nacos('b0', 'y'), run(), { do: 'double-shard' }, kubernetes('b0', 'x'), run()],
    failsWith: ['believes the base of one of two entries'],
  },
  {
    title: 'the connection leads to another Nacos, with content of others',
    disturbances: [{ do: 'move' }, nacos('k1', 'z'), nacos('b0', 'z'), run()],
    failsWith: ['knows no places'],
    expect: (model) => assert.deepEqual([model.stateOf('k1'), model.stateOf('b0')], ['Conflict', 'Conflict']),
  },
  {
    title: 'shards are removed by force, and the process ends later',
    disturbances: [{ do: 'lose-shard' }, { do: 'crash' }, kubernetes('k0'), run()],
    failsWith: ['leaves a lost shard lost'],
  },
  {
    title: 'a key goes whose dataId somebody else has written since',
    disturbances: [nacos('k0', 'z'), kubernetes('k0'), run(20), { do: 'crash' }, run()],
    failsWith: ['takes all content for its own'],
  },
  {
    title: 'the mapping changes, and the process ends meanwhile',
    disturbances: (step) => [{ do: 'remap' }, crashAt(step), run()],
    failsWith: [],
  },
  {
    title: 'another connection with another mapping is named, and the process ends meanwhile',
    disturbances: (step) => [{ do: 'rename-and-remap' }, crashAt(step), run(4000)],
    failsWith: ['forgets what it has published by another connection'],
    expect: (model) => {
      for (const one of keys) assert.equal(model.nacosOf(one), 'x');
      for (const one of ['k.k k0', 'k.k k1']) assert.equal(model.nacos.get(one), undefined, `${one} is forgotten`);
    },
  },
  {
    title: 'a connection is named otherwise, and the process ends meanwhile',
    disturbances: (step) => [{ do: 'rename-connection' }, crashAt(step), run(4000)],
    failsWith: ['removes by another connection what it publishes still'],
    expect: (model) => {
      for (const one of keys) assert.equal(model.nacosOf(one), 'x');
    },
  },
  {
    title: 'a connection to another Nacos is named, and the process ends meanwhile',
    disturbances: (step) => [kubernetes('k1', 'y'), run(20), { do: 'change-connection' }, crashAt(step), run(4000)],
    failsWith: ['takes the entries of another connection for its own'],
    expect: (model) => {
      for (const one of keys) assert.equal(model.nacosOf(one), model.kubernetesOf(one));
      const left = keys.map((one) => model.otherNacos.get(model.idOf(one))?.content);
      assert.deepEqual(left, ['x', 'x', undefined, undefined], 'but for what both sides may change all goes there');
    },
  },
  {
    title: 'a sync is deleted with its shards, and the process ends meanwhile',
    disturbances: (step) => [nacos('b1', 'y'), { do: 'delete' }, crashAt(step), run()],
    failsWith: [
      'holds no shards by a finalizer',
      'lets its shards go before their dataIds',
      'lets itself go before its dataIds',
    ],
    expect: (model) => {
      const shards = model.api.list('NacosConfigInventory').map(({ metadata }) => metadata.name);
      assert.deepEqual(
        [model.api.list('NacosConfigSync'), shards.filter((name) => name.startsWith('sync-k'))],
        [[], []],
      );
    },
  },
  {
    title: 'a NacosConfig takes an item whose key changes, and gives it back',
    disturbances: (step) => [
      { do: 'take', key: 'k0' },
      kubernetes('k0', 'y'),
      crashAt(step),
      run(),
      kubernetes('k1', 'z'),
      run(),
      { do: 'give-back', key: 'k0' },
      run(),
    ],
    failsWith: ['knows no NacosConfigs'],
    expect: (model) => assert.deepEqual([model.nacosOf('k0'), model.nacosOf('k1')], ['y', 'z']),
  },
  ...(['edit-kubernetes', 'edit-nacos'] as const).map((edit): Schedule => ({
    title: `the process ends at each request of an edit (${edit})`,
    disturbances: (step) => [
      { do: edit, key: 'b0', text: 'y' },
      crashAt(step),
      run(40),
      { do: edit, key: 'b0', text: 'z' },
    ],
    failsWith: [],
    // A conflict may be without a cause then: docs/adr/0012.
    expect: (model) =>
      assert.ok(model.kubernetesOf('b0') === model.nacosOf('b0') || model.stateOf('b0') === 'Conflict'),
  })),
];

describe('the inventory, whatever ends and whoever leads', () => {
  it('loses nothing of anybody in any schedule', async () => {
    const schedule = fc.array(disturbance, { minLength: 2, maxLength: 14 });
    await fc.assert(
      fc.asyncProperty(schedule, (disturbances) => play({ disturbances })),
      { numRuns: runs },
    );
  });

  for (const schedule of schedules) {
    const { failsWith, title } = schedule;
    it(`loses nothing when ${title}`, () => playAll(schedule));

    for (const defect of failsWith) {
      it(`would when ${title}, if it ${defect}`, () =>
        assert.rejects(playAll(schedule, [defect]), assert.AssertionError));
    }
  }

  it('is noticed in each of its defects', () => {
    const noticed = new Set(schedules.flatMap(({ failsWith }) => failsWith));
    assert.deepEqual([...noticed].toSorted(), [...defects].toSorted());
  });
});
