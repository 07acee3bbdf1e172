/**
 * Which changes of an object are worth a look. A predicate sees the object before and after the change: `before` is
 * undefined for an object that appeared, `after` for one that is gone; both always count, whatever is compared.
 *
 * Caveat: these predicates also drop resyncs, in which nothing differs. Enqueue resynced keys without asking them.
 */
export interface Watched {
  metadata?: {
    generation?: number;
    resourceVersion?: string;
    labels?: Record<string, string>;
    annotations?: Record<string, string>;
    deletionTimestamp?: string | Date;
  };
}

export type Predicate<T extends Watched = Watched> = (before: T | undefined, after: T | undefined) => boolean;

/** The spec changed; writes to status and metadata do not count. */
export const generationChanged: Predicate = differs((object) => object.metadata?.generation);

export const labelsChanged: Predicate = differs((object) => fingerprint(object.metadata?.labels));

export const annotationsChanged: Predicate = differs((object) => fingerprint(object.metadata?.annotations));

/** Anything changed; not so for an object that a new list brought again. */
export const resourceVersionChanged: Predicate = differs((object) => object.metadata?.resourceVersion);

/** The object is being deleted, and was not before; finalizers are to be worked off. */
export const deletionStarted: Predicate = (before, after) =>
  after?.metadata?.deletionTimestamp !== undefined && before?.metadata?.deletionTimestamp === undefined;

export function and<T extends Watched>(...predicates: Predicate<T>[]): Predicate<T> {
  return (before, after) => predicates.every((predicate) => predicate(before, after));
}

export function or<T extends Watched>(...predicates: Predicate<T>[]): Predicate<T> {
  return (before, after) => predicates.some((predicate) => predicate(before, after));
}

export function not<T extends Watched>(predicate: Predicate<T>): Predicate<T> {
  return (before, after) => !predicate(before, after);
}

/** What somebody asks of the object has changed: its spec, an annotation, or that it is to go. Its status is none. */
export const desiredChanged: Predicate = or(generationChanged, annotationsChanged, deletionStarted);

function differs(part: (object: Watched) => unknown): Predicate {
  return (before, after) => before === undefined || after === undefined || part(before) !== part(after);
}

/** Equal for maps with equal entries, in whatever order; an absent map equals an empty one. */
function fingerprint(map: Record<string, string> = {}): string {
  return JSON.stringify(Object.entries(map).sort(([a], [b]) => (a < b ? -1 : 1)));
}
