/**
 * What two people do to one config at the same time, one in Kubernetes and one in Nacos, from a seed: rounds of edits with
 * pauses, after each of which a third one decides the conflict, if there is one.
 */
import fc from 'fast-check';

export interface Interleaving {
  readonly rounds: readonly Round[];
}

export interface Round {
  readonly kubernetes: readonly Move[];
  readonly nacos: readonly Move[];
  /** The side whose content is kept in a conflict. */
  readonly keep: Side;
}

export interface Move {
  /** Before the edit. */
  readonly pauseMs: number;
  /** Looks at what both sides hold first, and makes them equal as far as the edit goes: the same on both. */
  readonly isEqualOnBoth: boolean;
}

export type Side = 'kubernetes' | 'nacos';

/** Around the time that the operator takes from one side to the other. */
const pausesMs = [0, 0, 2, 5, 10, 20, 40, 80, 150];

const move: fc.Arbitrary<Move> = fc.record({
  pauseMs: fc.constantFrom(...pausesMs),
  isEqualOnBoth: fc.nat({ max: 14 }).map((throw_) => throw_ === 0),
});
const moves = fc.array(move, { maxLength: 4 });
const round: fc.Arbitrary<Round> = fc.record({
  kubernetes: moves,
  nacos: moves,
  keep: fc.constantFrom('kubernetes', 'nacos'),
});
const interleaving: fc.Arbitrary<Interleaving> = fc.record({
  rounds: fc.array(round, { minLength: 2, maxLength: 3 }),
});

/** The same for the same seed. */
export function planInterleavings(seed: number, count: number): Interleaving[] {
  return fc.sample(fc.noBias(interleaving), { seed, numRuns: count });
}
