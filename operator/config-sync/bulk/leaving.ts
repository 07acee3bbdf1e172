/**
 * What is to go of a NacosConfigSync, because a selector, a pattern or a mapping says so, and when it may.
 *
 * Guarantees
 * - What has just gone may come back at once, as when a ConfigMap is replaced or a label is moved: it has a moment for it.
 * - A slip in a selector does not empty the other side: when more than half of what is managed would go within one minute,
 *   from ten on, nothing more goes until it is wanted again or the removal is confirmed. Nobody renames the labels of many
 *   objects at once, so a minute counts as one moment.
 *
 * Caveat: a restart of the operator begins another minute.
 */
import { CONFIRM_DELETION_ANNOTATION } from '../../api/names.ts';
import type { Clock } from '../../clock.ts';
import type { KubeObject } from '../../kube/resource.ts';

const SETTLE_MS = 1000;
const GUARDED_FROM = 10;
const GUARDED_MS = 60_000;

export class Leaving {
  readonly #clock: Clock;
  /** Since when each is to go, on the monotonic clock, the first one first. */
  readonly #sinceMs = new Map<string, number>();
  readonly #goneMs: number[];
  /** When all were looked at last: what settles meanwhile is come back for. */
  #lookedMs = -Infinity;
  #isHeld = false;

  /**
   * @param goneMs when others went, on the monotonic clock, the oldest first; it is kept up, for whoever looks at the same
   *   sync later, by another spec
   */
  constructor(clock: Clock, goneMs: number[] = []) {
    this.#clock = clock;
    this.#goneMs = goneMs;
  }

  ids(): string[] {
    return [...this.#sinceMs.keys()];
  }

  /** These are to go, and nothing else. */
  replace(ids: readonly string[]): void {
    const kept = new Set(ids);
    for (const id of this.ids()) if (!kept.has(id)) this.delete(id);
    for (const id of kept) this.add(id);
  }

  add(id: string): void {
    if (!this.#sinceMs.has(id)) this.#sinceMs.set(id, this.#clock.monotonic());
  }

  /** It is wanted again, or is not there any more. */
  delete(id: string): void {
    this.#sinceMs.delete(id);
  }

  /** It went because it was to go. */
  gone(id: string): void {
    this.delete(id);
    this.#goneMs.push(this.#clock.monotonic());
  }

  /**
   * Looks at all together, of `managed` items with those that are to go. An annotation of `sync` confirms that they go.
   * `isDoubtful`: whatever their number is, they may be there still.
   */
  guard({ metadata }: KubeObject, managed: () => number, isDoubtful = false): void {
    this.#lookedMs = this.#clock.monotonic();
    const isConfirmed = metadata.annotations?.[CONFIRM_DELETION_ANNOTATION] === 'true';
    const isToHold = (): boolean => this.#isHeld || isDoubtful || this.#isTooMuch(managed());
    this.#isHeld = this.#sinceMs.size > 0 && !isConfirmed && isToHold();
  }

  #isTooMuch(managed: number): boolean {
    const sinceMs = this.#lookedMs - GUARDED_MS;
    const recent = this.#goneMs.filter((ms) => ms >= sinceMs).length;
    this.#goneMs.splice(0, this.#goneMs.length - recent);
    const all = managed + recent;
    return all >= GUARDED_FROM && (this.#sinceMs.size + recent) * 2 > all;
  }

  /** How many the guard keeps from going. */
  get held(): number {
    return this.#isHeld ? this.#sinceMs.size : 0;
  }

  mayGo(id: string): boolean {
    return !this.#isHeld && this.isSettled(id);
  }

  isSettled(id: string): boolean {
    return (this.#sinceMs.get(id) ?? Infinity) + SETTLE_MS <= this.#lookedMs;
  }

  /** The time until the next one that was looked at is settled; undefined when none has to wait, or the guard holds all. */
  get nextMs(): number | undefined {
    const isWaiting = (ms: number) => ms <= this.#lookedMs && ms + SETTLE_MS > this.#lookedMs;
    const first = [...this.#sinceMs.values()].find(isWaiting);
    if (this.#isHeld || first === undefined) return undefined;
    return Math.max(0, first + SETTLE_MS - this.#clock.monotonic());
  }
}
