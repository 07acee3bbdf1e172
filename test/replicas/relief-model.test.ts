/**
 * Two promises, held in any interleaving of disturbances: no live instance is without a publisher while a replica can
 * publish it, and no dead one is published for longer than the bound. That the model can fail is shown by defects.
 *
 * `TEST_SCHEDULES` is how many random ones are tried.
 */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { resources } from './model-cluster.ts';
import { defects, type Defect } from './model-defects.ts';
import { longestPushDelay, longestWatchDelay, ReliefModel } from './relief-model.ts';
import type { Cast, Disturbance } from './relief-model.ts';
import { apart, rolling, schedules, three, two } from './relief-schedules.ts';

const runs = Number(process.env['TEST_SCHEDULES'] ?? 600);
/** Installations that serve the same namespaces, and one that is rolled beside another. */
const casts: readonly Cast[] = [two, three, apart, rolling, [...apart, ...apart], [...two, ['other', 'a,b']]];

const one = fc.constant;
const replica = fc.nat(3);
const isUp = fc.constantFrom(true, true, false);
const resource = fc.constantFrom(...resources);
const connection = fc.constantFrom('c0', 'c1', 'c2');
const nacos = fc.constantFrom('k0', 'k1');
const instance = fc.constantFrom('c0/a/1', 'c0/b/1', 'c1/a/1', 'c1/b/1', 'c2/a/1', 'c2/b/1');

const disturbance: fc.Arbitrary<Disturbance> = fc.oneof(
  { arbitrary: fc.record({ do: one('wait' as const), seconds: fc.integer({ min: 1, max: 60 }) }), weight: 6 },
  // Beyond the bound for what is dead.
  fc.record({ do: one('wait' as const), seconds: fc.integer({ min: 100, max: 300 }) }),
  fc.record({ do: one('api' as const), isUp }),
  fc.record({ do: one('nacos' as const), nacos, isUp }),
  fc.record({ do: fc.constantFrom('api-link' as const, 'nacos-link' as const), replica, isUp }),
  fc.record({
    do: fc.constantFrom('freeze' as const, 'thaw' as const, 'crash' as const, 'start' as const, 'remainders' as const),
    replica,
  }),
  fc.record({
    do: fc.constantFrom('push-delay' as const, 'record-delay' as const),
    replica,
    seconds: fc.nat(longestPushDelay),
  }),
  fc.record({ do: one('watch-delay' as const), replica, resource, seconds: fc.nat(longestWatchDelay) }),
  {
    arbitrary: fc.record({
      do: one('watch' as const),
      replica,
      resource,
      state: fc.constantFrom('good' as const, 'good' as const, 'hangs' as const, 'fails' as const),
    }),
    weight: 2,
  },
  { arbitrary: fc.record({ do: fc.constantFrom('create' as const, 'delete' as const), instance }), weight: 3 },
  fc.record({ do: fc.constantFrom('connect' as const, 'disconnect' as const), connection }),
  fc.record({ do: one('move' as const), connection, nacos }),
);

const anywhere = fc.tuple(fc.constantFrom(...casts), fc.array(disturbance, { minLength: 5, maxLength: 60 }));

/** Near what once went wrong there is more to find than far from it. */
const nearby = fc
  .tuple(fc.constantFrom(...schedules), fc.array(fc.tuple(fc.nat(20), disturbance), { minLength: 1, maxLength: 6 }))
  .map(([{ cast, disturbances }, inserted]): [Cast, Disturbance[]] => {
    const list = inserted.reduce<readonly Disturbance[]>(
      (before, [at, each]) => before.toSpliced(at % (before.length + 1), 0, each),
      disturbances,
    );
    return [cast, [...list]];
  });

/** What goes wrong first, if anything does. */
function play(cast: Cast, disturbances: readonly Disturbance[], broken: readonly Defect[] = []): string | undefined {
  const model = new ReliefModel(cast, broken);
  model.disturb({ do: 'create', instance: 'c0/a/0' });
  model.disturb({ do: 'wait', seconds: 20 });
  for (const each of disturbances) {
    const wrong = model.disturb(each);
    if (wrong !== undefined) return wrong;
  }
  return undefined;
}

describe('replicas under any interleaving of disturbances', () => {
  it('leave no live instance without a publisher and no dead one beyond its bound', () => {
    const property = fc.property(fc.oneof(anywhere, nearby), ([cast, disturbances]) => {
      const wrong = play(cast, disturbances);
      if (wrong !== undefined) throw new Error(wrong);
    });
    fc.assert(property, { numRuns: runs });
  });

  for (const { cast, disturbances, failsWith, title } of schedules) {
    it(`lose nothing and keep nothing when ${title}`, () => assert.equal(play(cast, disturbances), undefined));

    for (const defect of failsWith) {
      it(`would not when ${title}, if a replica ${defect}`, () => {
        assert.notEqual(play(cast, disturbances, [defect]), undefined);
      });
    }
  }

  it('are noticed in each of their defects', () => {
    const noticed = new Set(schedules.flatMap(({ failsWith }) => failsWith));
    assert.deepEqual([...noticed].toSorted(), [...defects].toSorted());
  });
});
