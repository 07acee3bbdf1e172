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

const places = (wanted: string, present?: string): Places => ({ wanted, present });

describe('the places of a record', () => {
  const cases: { title: string; places: Places; expected: string[] }[] = [
    { title: 'one that is new', places: wantedAt(undefined, 'a', false), expected: ['a'] },
    { title: 'one that is confirmed', places: confirmedAt(places('a'), 'a'), expected: ['a'] },
    { title: 'one whose connection has changed', places: wantedAt(places('a', 'a'), 'b', true), expected: ['b', 'a'] },
    { title: 'one that was sent and not answered', places: wantedAt(places('a'), 'b', true), expected: ['b', 'a'] },
    { title: 'one that was never sent', places: wantedAt(places('a'), 'b', false), expected: ['b'] },
    { title: 'one that is confirmed there', places: confirmedAt(places('b', 'a'), 'b'), expected: ['b'] },
    { title: 'one whose connection is as it was', places: wantedAt(places('b', 'a'), 'b', true), expected: ['b', 'a'] },
    { title: 'one whose connection has changed back', places: wantedAt(places('b', 'a'), 'a', true), expected: ['a'] },
    {
      title: 'one whose connection has changed again',
      places: wantedAt(places('b', 'a'), 'c', true),
      expected: ['c', 'a'],
    },
    { title: 'one that a place confirms too late', places: confirmedAt(places('c', 'a'), 'b'), expected: ['c', 'a'] },
    { title: 'one whose former place is dropped', places: withoutFormer(places('b', 'a')), expected: ['b'] },
    { title: 'one without a former place to drop', places: withoutFormer(places('a', 'a')), expected: ['a'] },
  ];
  for (const { title, places, expected } of cases) {
    it(`are ${expected.join(' and ')} of ${title}`, () => assert.deepEqual(placesOf(places), expected));
  }

  const place = fc.constantFrom('a', 'b', 'c');
  const step = fc.record({ kind: fc.constantFrom('wanted', 'taken', 'answered'), place });

  /**
   * Clients as they are: Nacos takes what each was asked to hold some time after that, or never, and the answer comes still
   * later, or never. `sees` is what is known of what Nacos has taken.
   */
  function checkAlwaysHeld(sees: (taken: ReadonlySet<string>, place: string) => boolean): void {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        let now = wantedAt(undefined, 'a', false);
        const asked = new Set(placesOf(now));
        const taken = new Set<string>();
        let wasHeld = false;
        for (const { kind, place } of steps) {
          if (kind === 'wanted') now = wantedAt(now, place, sees(taken, now.wanted));
          else if (asked.has(place)) taken.add(place);
          if (kind === 'answered' && asked.has(place)) now = confirmedAt(now, place);
          for (const one of asked) if (!placesOf(now).includes(one)) asked.delete(one);
          for (const one of taken) if (!asked.has(one)) taken.delete(one);
          for (const one of placesOf(now)) asked.add(one);
          assert.ok(asked.size <= 2);
          assert.ok(!wasHeld || taken.size > 0, 'it has left Nacos');
          wasHeld = taken.size > 0;
          if (now.present === now.wanted) assert.equal(formerOf(now), undefined);
        }
      }),
    );
  }

  it('always have one where Nacos has the record, however connections change and whatever answers', () => {
    checkAlwaysHeld((taken, place) => taken.has(place));
  });

  it('would have none if what is not confirmed counted as nowhere', () => {
    assert.throws(() => checkAlwaysHeld(() => false), /Property failed/);
  });
});
