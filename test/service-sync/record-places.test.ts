import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import {
  confirmedAt,
  formerOf,
  placesOf,
  wantedAt,
  withoutFormer,
  type Places,
} from '../../operator/service-sync/record-places.ts';

const places = (wanted: string, confirmed?: string): Places => ({ wanted, confirmed });

describe('the places of a record', () => {
  const cases: { title: string; places: Places; expected: string[] }[] = [
    { title: 'one that is new', places: wantedAt(undefined, 'a'), expected: ['a'] },
    { title: 'one that is confirmed', places: confirmedAt(places('a'), 'a'), expected: ['a'] },
    { title: 'one whose connection has changed', places: wantedAt(places('a', 'a'), 'b'), expected: ['b', 'a'] },
    { title: 'one that is confirmed there', places: confirmedAt(places('b', 'a'), 'b'), expected: ['b'] },
    { title: 'one whose connection has changed back', places: wantedAt(places('b', 'a'), 'a'), expected: ['a'] },
    { title: 'one whose connection has changed again', places: wantedAt(places('b', 'a'), 'c'), expected: ['c', 'a'] },
    { title: 'one that a place confirms too late', places: confirmedAt(places('c', 'a'), 'b'), expected: ['c', 'a'] },
    { title: 'one whose former place is dropped', places: withoutFormer(places('b', 'a')), expected: ['b'] },
    { title: 'one without a former place to drop', places: withoutFormer(places('a', 'a')), expected: ['a'] },
  ];
  for (const { title, places, expected } of cases) {
    it(`are ${expected.join(' and ')} of ${title}`, () => assert.deepEqual(placesOf(places), expected));
  }

  /** Clients as they are: each holds what it was asked to, some time after it was asked, or never. */
  it('always have one that has confirmed the record, however connections change and whatever answers', () => {
    const place = fc.constantFrom('a', 'b', 'c');
    const step = fc.oneof(
      fc.record({ kind: fc.constant('wanted'), place }),
      fc.record({ kind: fc.constant('answer'), place }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        let now = wantedAt(undefined, 'a');
        const asked = new Set(placesOf(now));
        const holds = new Set<string>();
        let wasHeld = false;
        for (const { kind, place } of steps) {
          if (kind === 'wanted') now = wantedAt(now, place);
          else if (asked.has(place)) {
            holds.add(place);
            now = confirmedAt(now, place);
          }
          for (const one of asked) if (!placesOf(now).includes(one)) asked.delete(one);
          for (const one of holds) if (!placesOf(now).includes(one)) holds.delete(one);
          for (const one of placesOf(now)) asked.add(one);
          wasHeld ||= now.confirmed !== undefined;
          assert.ok(asked.size <= 2);
          assert.ok(!wasHeld || holds.size > 0, 'it has left Nacos');
          if (now.confirmed === now.wanted) assert.equal(formerOf(now), undefined);
        }
      }),
    );
  });
});
