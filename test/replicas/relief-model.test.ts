/**
 * Two promises, held in any interleaving of disturbances: no live instance is without a publisher while a replica can
 * publish it, and no dead one is published for longer than the bound once a sighted replica is connected.
 */
import fc from 'fast-check';
import { longestPushDelay, longestWatchDelay, ReliefModel } from './relief-model.ts';
import type { Disturbance } from './relief-model.ts';

const size = 3;
const replica = fc.integer({ min: 0, max: size - 1 });
const isUp = fc.boolean();
const instance = fc.constantFrom('i1', 'i2', 'i3', 'i4');

const disturbance: fc.Arbitrary<Disturbance> = fc.oneof(
  { arbitrary: fc.record({ do: fc.constant('wait' as const), seconds: fc.integer({ min: 1, max: 60 }) }), weight: 6 },
  fc.record({ do: fc.constantFrom('api' as const, 'nacos' as const), isUp }),
  fc.record({ do: fc.constantFrom('api-link' as const, 'nacos-link' as const), replica, isUp }),
  fc.record({ do: fc.constantFrom('freeze' as const, 'thaw' as const, 'crash' as const, 'start' as const), replica }),
  fc.record({ do: fc.constant('push-delay' as const), replica, seconds: fc.nat(longestPushDelay) }),
  {
    arbitrary: fc.record({ do: fc.constant('watch-delay' as const), replica, seconds: fc.nat(longestWatchDelay) }),
    weight: 2,
  },
  { arbitrary: fc.record({ do: fc.constantFrom('create' as const, 'delete' as const), instance }), weight: 2 },
);

/** The sighted replica knows less than the blind one: its watch lags. */
const lagging: Disturbance[] = [
  { do: 'watch-delay', replica: 0, seconds: longestWatchDelay },
  { do: 'create', instance: 'i1' },
  { do: 'wait', seconds: 2 },
  { do: 'api-link', replica: 1, isUp: false },
  { do: 'wait', seconds: 60 },
];

describe('replicas under any interleaving of disturbances', () => {
  it('leave no live instance without a publisher and no dead one beyond its bound', () => {
    const disturbances = fc.array(disturbance, { minLength: 5, maxLength: 60 });
    const runs = fc.property(fc.integer({ min: 2, max: size }), disturbances, (replicas, list) => {
      const model = new ReliefModel(replicas);
      model.disturb({ do: 'create', instance: 'i0' });
      model.disturb({ do: 'wait', seconds: 20 });
      for (const each of list) {
        const wrong = model.disturb(each);
        if (wrong !== undefined) throw new Error(wrong);
      }
    });
    fc.assert(runs, { numRuns: 3000, examples: [[2, lagging]] });
  });
});
