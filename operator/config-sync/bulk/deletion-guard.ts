/**
 * Guards what a selector, a pattern or a mapping decides: a slip in one of them must not empty the other side.
 *
 * Pure. When more than half of what is managed would go within one minute, from ten on, nothing more goes until it is
 * wanted again or the removal is confirmed. Nobody renames the labels of many objects at once, so a minute counts as one
 * moment.
 */
export interface Removal {
  /** Items that are there, those that are to go among them. */
  readonly managed: number;
  /** Items that are to go now. */
  readonly wanted: number;
  /** Items that went within the last minute. */
  readonly recent: number;
  /** Whether the guard held at the last look: then it holds until nothing is to go any more. */
  readonly wasHeld: boolean;
  /** By the annotation `bridge.nacos.io/confirm-deletion: "true"`. */
  readonly isConfirmed: boolean;
}

const GUARDED_FROM = 10;

export function mustHold({ managed, wanted, recent, wasHeld, isConfirmed }: Removal): boolean {
  if (isConfirmed || wanted === 0) return false;
  const of = managed + recent;
  return wasHeld || (of >= GUARDED_FROM && (wanted + recent) * 2 > of);
}
