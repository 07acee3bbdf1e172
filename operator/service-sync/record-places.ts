/**
 * Where a record is to be, while its connection gets other servers or other credentials. Pure.
 *
 *   what happens                             where it is to be from then on
 *   it is wanted somewhere                   there, and where Nacos has confirmed it last
 *   it is confirmed where it is wanted       there alone
 *   it is confirmed elsewhere                as before: the answer came too late
 *   its former place is to be dropped        where it is wanted, and nowhere else
 *
 * So a record that Nacos has once confirmed is always to be at a place that has confirmed it, however often its connection
 * changes meanwhile, also back to what it was; and it is never to be at more than two.
 */
export interface Places {
  /** Where its connection is now. */
  readonly wanted: string;
  /** Where Nacos has confirmed it last; undefined when that was nowhere. */
  readonly confirmed: string | undefined;
}

export function wantedAt(before: Places | undefined, place: string): Places {
  return { wanted: place, confirmed: before?.confirmed };
}

export function confirmedAt(before: Places, place: string): Places {
  return place === before.wanted ? { ...before, confirmed: place } : before;
}

export function withoutFormer(before: Places): Places {
  return formerOf(before) === undefined ? before : { ...before, confirmed: undefined };
}

/** The place that it stays at until it is confirmed where it is wanted. */
export function formerOf({ wanted, confirmed }: Places): string | undefined {
  return confirmed === wanted ? undefined : confirmed;
}

/** Where it is to be, with the same instances everywhere. */
export function placesOf(places: Places): readonly string[] {
  const former = formerOf(places);
  return former === undefined ? [places.wanted] : [places.wanted, former];
}
