/**
 * Nothing of anybody is lost, whatever a connection is pointed at and whenever the operator ends. That the model can fail is
 * shown by defects. `TEST_SCHEDULES` is how many random schedules are tried.
 */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { defects, type Defect } from './base-defects.ts';
import { addresses, BaseModel, contents, dataIds, nacosNames, type Disturbance } from './base-model.ts';

const runs = Number(process.env['TEST_SCHEDULES'] ?? 300);

const one = fc.constant;
const dataId = fc.constantFrom(...dataIds);
const content = fc.constantFrom(...contents);
const nacos = fc.constantFrom(...nacosNames);
const address = fc.constantFrom(...addresses);
const step = fc.integer({ min: 1, max: 60 });

const disturbance: fc.Arbitrary<Disturbance> = fc.oneof(
  { arbitrary: fc.record({ do: one('sync' as const) }), weight: 8 },
  { arbitrary: fc.record({ do: one('declare' as const), dataId, content }), weight: 4 },
  { arbitrary: fc.record({ do: one('write' as const), nacos, dataId, content }), weight: 4 },
  fc.record({ do: one('remove' as const), nacos, dataId }),
  {
    arbitrary: fc.record({ do: one('connect' as const), addresses: fc.uniqueArray(address, { minLength: 1 }) }),
    weight: 2,
  },
  { arbitrary: fc.record({ do: one('route' as const), address, nacos }), weight: 2 },
  fc.record({ do: fc.constantFrom('lose-id' as const, 'empty' as const), nacos }),
  fc.record({ do: one('rights' as const), nacos, has: fc.boolean() }),
  fc.record({ do: fc.constantFrom('credentials' as const, 'restart' as const, 'delete-all' as const) }),
  { arbitrary: fc.record({ do: one('crash-at' as const), step }), weight: 2 },
  fc.record({ do: one('id-at' as const), step, nacos }),
  { arbitrary: fc.record({ do: one('route-at' as const), step, address, nacos }), weight: 2 },
);

/** @throws AssertionError about what goes wrong, if anything does. */
async function play(
  { disturbances, expect }: Pick<Schedule, 'disturbances' | 'expect'>,
  broken: readonly Defect[] = [],
): Promise<void> {
  const model = new BaseModel(broken);
  await model.sync();
  await model.sync();
  for (const each of disturbances) await model.disturb(each);
  await model.settle();
  assert.deepEqual(model.wrongs, []);
  expect?.(model);
}

interface Schedule {
  readonly title: string;
  readonly disturbances: readonly Disturbance[];
  readonly failsWith: readonly Defect[];
  /** What is so in the end. */
  readonly expect?: (model: BaseModel) => void;
}

const sync: Disturbance = { do: 'sync' };
const toB: Disturbance = { do: 'connect', addresses: ['h2:8848'] };
const foreign = (id: (typeof dataIds)[number]): Disturbance => ({ do: 'write', nacos: 'B', dataId: id, content: 'z' });

const schedules: readonly Schedule[] = [
  {
    title: 'a connection is pointed at an empty Nacos',
    disturbances: [toB, sync],
    failsWith: ['knows no places'],
    expect: (model) => {
      for (const id of dataIds) assert.equal(model.nacos.B.configs.get(id)?.content, 'x');
    },
  },
  {
    title: 'a connection is pointed at a Nacos with content of others',
    disturbances: [foreign('k0'), foreign('b0'), toB, sync],
    failsWith: ['knows no places'],
    expect: (model) => {
      assert.deepEqual(
        dataIds.map((id) => model.conditionOf(id)),
        ['Conflict', 'InSync', 'Conflict', 'InSync'],
      );
      assert.equal(model.contentOf('b0'), 'x');
    },
  },
  {
    title: 'the operator is restarted with another Nacos that has content of others',
    disturbances: [foreign('k0'), foreign('b0'), toB, { do: 'restart' }, sync],
    failsWith: ['knows no places'],
  },
  {
    title: 'the address of Nacos gets another one behind it',
    disturbances: [foreign('k0'), foreign('b0'), { do: 'route', address: 'h0:8848', nacos: 'B' }, sync, sync],
    failsWith: ['knows no places', 'asks for an id once'],
  },
  {
    title: 'the same Nacos gets other addresses',
    disturbances: [
      { do: 'route', address: 'h2:8848', nacos: 'A' },
      { do: 'declare', dataId: 'k0', content: 'y' },
      { do: 'declare', dataId: 'b0', content: 'y' },
      toB,
      sync,
    ],
    failsWith: [],
    expect: (model) => {
      for (const id of ['k0', 'b0']) assert.equal(model.nacos.A.configs.get(id)?.content, 'y');
    },
  },
  {
    title: 'one of two members is exchanged where the id cannot be had',
    disturbances: [
      { do: 'rights', nacos: 'A', has: false },
      { do: 'connect', addresses: ['h0:8848', 'h1:8848'] },
      sync,
      { do: 'connect', addresses: ['h1:8848'] },
      { do: 'write', nacos: 'A', dataId: 'b0', content: 'z' },
      sync,
    ],
    failsWith: [],
    expect: (model) => assert.equal(model.contentOf('b0'), 'z'),
  },
  {
    title: 'a Nacos of other servers has content of others, and no id can be had',
    disturbances: [
      { do: 'rights', nacos: 'A', has: false },
      { do: 'rights', nacos: 'B', has: false },
      foreign('k0'),
      foreign('b0'),
      { do: 'restart' },
      sync,
      toB,
      sync,
    ],
    failsWith: ['knows no places', 'takes all servers for the same'],
  },
  {
    title: 'an id is lost and nothing else',
    disturbances: [
      { do: 'lose-id', nacos: 'A' },
      { do: 'restart' },
      { do: 'declare', dataId: 'b0', content: 'y' },
      sync,
    ],
    failsWith: ['makes a new id for one that was lost'],
    expect: ({ nacos: { A } }) => {
      assert.equal(A.placeId, A.lostId);
      assert.equal(A.configs.get('b0')?.content, 'y');
    },
  },
  {
    title: 'a Nacos is emptied, and others begin to fill it',
    disturbances: [
      { do: 'empty', nacos: 'A' },
      { do: 'write', nacos: 'A', dataId: 'k0', content: 'z' },
      { do: 'write', nacos: 'A', dataId: 'b0', content: 'z' },
      sync,
      sync,
    ],
    failsWith: ['knows no places', 'asks for an id once', 'takes any namespace for the one that lost its id'],
  },
  {
    title: 'statuses have no places, and the servers are others',
    disturbances: [foreign('k0'), foreign('b0'), { do: 'forget-places' }, toB, { do: 'restart' }, sync],
    failsWith: ['knows no places', 'takes bases without a place for those of here'],
  },
  {
    title: 'statuses have no places, and content was edited here meanwhile',
    disturbances: [
      { do: 'forget-places' },
      { do: 'declare', dataId: 'k0', content: 'y' },
      { do: 'declare', dataId: 'b0', content: 'y' },
      sync,
    ],
    failsWith: [],
    expect: (model) => {
      for (const id of ['k0', 'b0']) assert.equal(model.nacos.A.configs.get(id)?.content, 'y');
    },
  },
  {
    title: 'two make the id at once',
    disturbances: [toB, { do: 'id-at', step: 3, nacos: 'B' }, sync],
    failsWith: ['makes ids without comparing'],
    expect: (model) => assert.equal(model.nacos.B.placeId, 'of-others'),
  },
  {
    title: 'the address gets another Nacos behind it between the look at the place and that at the dataId',
    disturbances: [
      foreign('k0'),
      { do: 'restart' },
      { do: 'route-at', step: 2, address: 'h0:8848', nacos: 'B' },
      sync,
      sync,
    ],
    failsWith: ['does not ask again before it acts'],
  },
  {
    title: 'only credentials change, and content was edited here',
    disturbances: [{ do: 'declare', dataId: 'b0', content: 'y' }, { do: 'credentials' }, sync],
    failsWith: [],
    expect: (model) => assert.equal(model.nacos.A.configs.get('b0')?.content, 'y'),
  },
  ...Array.from({ length: 12 }, (_, index): Schedule => ({
    title: `the address gets another Nacos behind it at request ${index + 1} of an edit`,
    disturbances: [
      foreign('k0'),
      { do: 'write', nacos: 'B', dataId: 'b0', content: 'z' },
      { do: 'write', nacos: 'A', dataId: 'b0', content: 'y' },
      { do: 'declare', dataId: 'k0', content: 'y' },
      { do: 'route-at', step: index + 1, address: 'h0:8848', nacos: 'B' },
      sync,
      sync,
    ],
    failsWith: [],
  })),
];

describe('the base, wherever connections lead', () => {
  it('loses nothing of anybody in any schedule', async () => {
    const schedule = fc.array(disturbance, { minLength: 3, maxLength: 30 });
    await fc.assert(
      fc.asyncProperty(schedule, (disturbances) => play({ disturbances })),
      { numRuns: runs },
    );
  });

  for (const schedule of schedules) {
    const { failsWith, title } = schedule;
    it(`loses nothing when ${title}`, () => play(schedule));

    for (const defect of failsWith) {
      it(`would when ${title}, if the operator ${defect}`, () =>
        assert.rejects(play(schedule, [defect]), assert.AssertionError));
    }
  }

  it('is noticed in each of its defects', () => {
    const noticed = new Set(schedules.flatMap(({ failsWith }) => failsWith));
    assert.deepEqual([...noticed].toSorted(), [...defects].toSorted());
  });
});
