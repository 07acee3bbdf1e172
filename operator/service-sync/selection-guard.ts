/**
 * Guards against a selector that suddenly selects hardly anything: a label that was renamed, or a slip in a selector,
 * must not empty a registry.
 *
 * Pure. When a selector would drop more than half of what it manages, from ten Services on, all that it would drop is
 * held, until they are selected again, deleted, or the drop is confirmed. Deleting a Service is explicit, and so is
 * deleting the NacosService: neither is guarded.
 * Caveat: what was managed is known to a process for as long as it lives.
 */
const GUARDED_FROM = 10;

/** `managed` and `selected` are Services that exist, by key; returns those that are managed on although not selected. */
export function heldServices(
  managed: readonly string[],
  selected: ReadonlySet<string>,
  isConfirmed: boolean,
): readonly string[] {
  const dropped = managed.filter((key) => !selected.has(key));
  const isGuarded = managed.length >= GUARDED_FROM && dropped.length > managed.length / 2;
  return isGuarded && !isConfirmed ? dropped : [];
}
