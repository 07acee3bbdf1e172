/**
 * Where a record is to be, while its connection gets other servers or other credentials. Pure.
 *
 *   what happens                             where it is to be from then on
 *   it is wanted somewhere                   there, and where Nacos has it, or may have it
 *   it is confirmed where it is wanted       there alone
 *   it is confirmed elsewhere                as before: the answer came too late
 *   its former place is to be dropped        where it is wanted, and nowhere else
 *
 * Nacos has it where it was confirmed last. What was never confirmed Nacos may have all the same: it was sent, and the answer
 * is on its way. So a record that is in Nacos is always to be at a place that has it, however often its connection changes
 * meanwhile, also back to what it was; and it is never to be at more than two.
 */
export interface Places {
  /** Where its connection is now. */
  readonly wanted: string;
  /** Where Nacos has it; undefined when that is nowhere, or not known yet of where it is wanted. */
  readonly present: string | undefined;
}

/** `mayBeThere`: whether Nacos may have it where it was wanted until now. */
export function wantedAt(before: Places | undefined, place: string, mayBeThere: boolean): Places {
  if (before === undefined) return { wanted: place, present: undefined };
  return place === before.wanted ? before : { wanted: place, present: presentAt(before, mayBeThere) };
}

export function confirmedAt(before: Places, place: string): Places {
  return place === before.wanted ? { ...before, present: place } : before;
}

export function withoutFormer(before: Places): Places {
  return formerOf(before) === undefined ? before : { ...before, present: undefined };
}

/** Where Nacos has it, or may have it. `mayBeThere`: whether that may be where it is wanted. */
export function presentAt({ present, wanted }: Places, mayBeThere: boolean): string | undefined {
  return present ?? (mayBeThere ? wanted : undefined);
}

/** The place that it stays at until it is confirmed where it is wanted. */
export function formerOf({ present, wanted }: Places): string | undefined {
  return present === wanted ? undefined : present;
}

/** Where it is to be, with the same instances everywhere. */
export function placesOf(places: Places): readonly string[] {
  const former = formerOf(places);
  return former === undefined ? [places.wanted] : [places.wanted, former];
}
