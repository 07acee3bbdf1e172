/**
 * Remembers which events were recorded lately, so that the same one again becomes a count instead of a new object, and
 * decides how often an object may be written about. Pure bookkeeping in memory, without I/O.
 *
 * Equal are events of one object (by uid) with equal type, reason, action and note. A series ends when nothing was added for
 * `windowMs`; then the next event is a new one.
 */
import type { Clock } from '../clock.ts';
import type { KubeObject } from './resource.ts';
import { TokenBuckets } from './token-buckets.ts';

export interface EventInput {
  readonly type: 'Normal' | 'Warning';
  /** Why, in CamelCase, at most 128 characters: a constant of the program. */
  readonly reason: string;
  /** What was done or tried, in CamelCase, at most 128 characters. */
  readonly action: string;
  /** For people; cut at 1024 characters. */
  readonly note: string;
}

/** One event object on the server, wanted or written. */
export interface EventSeries {
  /** What identifies the object; not the object, which would be kept in memory for as long as the series. */
  readonly regarding: KubeObject;
  readonly input: EventInput;
  readonly eventTimeMs: number;
  readonly name: string;
  /** In the book. */
  readonly key: string;
  count: number;
  lastObservedMs: number;
  /** The count that the server has; 0 before the object is created. */
  writtenCount: number;
}

export interface EventSeriesOptions {
  readonly windowMs: number;
  /** Writes about one object at once, and the time after which another one is allowed. */
  readonly burst: number;
  readonly refillMs: number;
  readonly clock: Clock;
}

export class EventSeriesBook {
  readonly #options: EventSeriesOptions;
  /** Least recently observed first. */
  readonly #series = new Map<string, EventSeries>();
  readonly #writes: TokenBuckets;
  #order = 0;

  constructor(options: EventSeriesOptions) {
    this.#options = options;
    this.#writes = new TokenBuckets(options);
  }

  /** The series that the event belongs to, counted up. */
  observe(regarding: KubeObject, input: EventInput): EventSeries {
    const nowMs = this.#options.clock.now();
    this.#forgetBefore(nowMs - this.#options.windowMs);
    const key = JSON.stringify([subjectOf(regarding), input.type, input.reason, input.action, input.note]);
    const series = this.#series.get(key) ?? this.#begin(key, regarding, input, nowMs);
    series.count += 1;
    series.lastObservedMs = nowMs;
    this.#series.delete(key);
    this.#series.set(key, series);
    return series;
  }

  /** Whether one more write about the object of `series` is allowed now. */
  mayWrite(series: EventSeries): boolean {
    return this.#writes.take(subjectOf(series.regarding));
  }

  /** Those whose count on the server is behind. */
  behind(): EventSeries[] {
    return [...this.#series.values()].filter(({ count, writtenCount }) => count > writtenCount);
  }

  /** The server does not have the series any more: it begins anew with the next event. */
  drop(series: EventSeries): void {
    if (this.#series.get(series.key) === series) this.#series.delete(series.key);
  }

  #begin(key: string, object: KubeObject, input: EventInput, nowMs: number): EventSeries {
    const regarding = referenceTo(object);
    const stamp = `${nowMs.toString(16)}${(this.#order++ % 0x10000).toString(16).padStart(4, '0')}`;
    const name = `${regarding.metadata.name.slice(0, 230).replace(/[-.]+$/, '')}.${stamp}`;
    return { regarding, input, eventTimeMs: nowMs, name, key, count: 0, lastObservedMs: nowMs, writtenCount: 0 };
  }

  #forgetBefore(timeMs: number): void {
    for (const [key, series] of this.#series) {
      if (series.lastObservedMs >= timeMs) break;
      this.#series.delete(key);
    }
  }
}

function subjectOf({ kind, metadata }: KubeObject): string {
  return metadata.uid ?? `${kind}/${metadata.namespace}/${metadata.name}`;
}

function referenceTo({ apiVersion, kind, metadata }: KubeObject): KubeObject {
  const { name, namespace, uid, resourceVersion } = metadata;
  return { apiVersion, kind, metadata: { name, namespace, uid, resourceVersion } };
}
