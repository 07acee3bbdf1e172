/**
 * Guards against a selector that suddenly selects hardly anything: a label that was renamed, or a slip in a selector,
 * must not empty a registry.
 *
 * When a selector has dropped more than half of the Services that were published for it within the last minute, from ten on, those
 * that it has not dropped yet are held, until they are selected again, deleted, or the drop is confirmed. Nobody renames
 * the labels of many objects at once, so a minute counts as one moment.
 *
 * Deleting a Service is explicit, and so is deleting the NacosService: neither is guarded.
 * Caveat: what was selected is known to a process for as long as it lives; this is the one decision about publishing that
 * depends on history, and it only ever keeps what is there.
 */
import { CONFIRM_DELETION_ANNOTATION } from '../api/names.ts';
import type { NacosService } from '../api/resources.ts';
import type { Clock } from '../clock.ts';
import type { Publications } from './publications.ts';
import { covers, exportIdOf } from './service-export.ts';
import type { ServiceStores } from './service-stores.ts';

const GUARDED_FROM = 10;
const MOMENT_MS = 60_000;

interface History {
  /** When each Service was last known to be published for the selector, on the monotonic clock. */
  readonly publishedMs: Map<string, number>;
  /** How many Services were selected when the guard stepped in; undefined while it holds nothing. */
  heldOf: number | undefined;
}

interface Selection {
  /** Services that exist, by key: those that are published for the export, or were within the last minute. */
  readonly existing: (key: string) => boolean;
  readonly isSelected: (key: string) => boolean;
  /** Services that are published for the export. */
  readonly managed: readonly string[];
  readonly isConfirmed: boolean;
}

export class SelectionGuard {
  readonly #clock: Clock;
  readonly #histories = new Map<string, History>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The Services that are published on although the selector has dropped them. */
  held(exportId: string, { existing, isConfirmed, isSelected, managed }: Selection): readonly string[] {
    const history = this.#historyOf(exportId);
    const known = this.#known(history, managed, existing);
    const dropped = known.filter((key) => !isSelected(key));
    const of = history.heldOf ?? known.length;
    const isTooMuch = of >= GUARDED_FROM && dropped.length > of / 2;
    const wasHeld = history.heldOf !== undefined && dropped.some((key) => managed.includes(key));
    history.heldOf = !isConfirmed && (isTooMuch || wasHeld) ? of : undefined;
    return history.heldOf === undefined ? [] : dropped.filter((key) => managed.includes(key));
  }

  forget(exportId: string): void {
    this.#histories.delete(exportId);
  }

  /** The Services of this moment: what is published, and what was within the last minute. */
  #known({ publishedMs }: History, managed: readonly string[], existing: (key: string) => boolean): string[] {
    const nowMs = this.#clock.monotonic();
    for (const key of managed) publishedMs.set(key, nowMs);
    for (const [key, ms] of publishedMs) if (!existing(key) || ms < nowMs - MOMENT_MS) publishedMs.delete(key);
    return [...publishedMs.keys()];
  }

  #historyOf(exportId: string): History {
    const history = this.#histories.get(exportId) ?? { publishedMs: new Map(), heldOf: undefined };
    this.#histories.set(exportId, history);
    return history;
  }
}

/** The Services that the selector of a resource has dropped and that are published on. */
export function heldServices(
  resource: NacosService,
  { guard, publications, stores }: { guard: SelectionGuard; publications: Publications; stores: ServiceStores },
): readonly string[] {
  if (resource.spec.source.serviceSelector === undefined) return [];
  const exportId = exportIdOf(resource);
  return guard.held(exportId, {
    existing: (key) => stores.services.get(key) !== undefined,
    isSelected: (key) => {
      const service = stores.services.get(key);
      return service !== undefined && covers(resource, service);
    },
    managed: publications.servicesOf(exportId),
    isConfirmed: resource.metadata.annotations?.[CONFIRM_DELETION_ANNOTATION] === 'true',
  });
}
