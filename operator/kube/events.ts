/**
 * Records events about objects, for `kubectl describe` and whoever watches `events.k8s.io/v1`.
 *
 * Guarantees: `event` returns at once and never throws; a slow or absent API server costs the caller nothing. The same
 * event again within six minutes raises the count of the first instead of making another. About one object 25 writes
 * are made at once and then one every 30 seconds; what is held back is still counted and shows with the next write.
 * At most 1,000 events wait; beyond that the newest are dropped, with a line in the log. Normal events, which say that all
 * went well, are thinned out where they are very many (routine-events.ts); Warnings are not.
 * Assumptions: the note holds no secret; reason and action are constants of the program.
 * Caveats: events are for people. They are lost when the process dies or the server refuses them, and expire on the
 * server after an hour: what must be known stands in the status too.
 */
import { sleep } from '../clock.ts';
import type { Clock } from '../clock.ts';
import { isBridgeError } from '../errors.ts';
import { errorFields } from '../logger.ts';
import type { Logger } from '../logger.ts';
import { ApiError } from './api-errors.ts';
import type { KubeClient } from './client.ts';
import { EventSeriesBook } from './event-series.ts';
import type { EventInput, EventSeries } from './event-series.ts';
import { ResourceClient } from './resource-client.ts';
import type { KubeObject, ResourceRef } from './resource.ts';
import { RoutineEvents } from './routine-events.ts';

export type { EventInput } from './event-series.ts';

export interface EventRecorderOptions {
  readonly client: KubeClient;
  /** Name of the controller, with a domain: `example.io/controller`. */
  readonly reportingController: string;
  /** Which process of it, e.g. the pod name. */
  readonly reportingInstance: string;
  readonly clock: Clock;
  readonly log: Logger;
}

const eventResource: ResourceRef = {
  group: 'events.k8s.io',
  version: 'v1',
  plural: 'events',
  kind: 'Event',
  namespaced: true,
};

const seriesWindowMs = 6 * 60_000;
const burstPerObject = 25;
const refillMs = 30_000;
const maxWaiting = 1000;
const maxAttempts = 3;
const retryDelayMs = 1000;
const noteLimit = 1024;

export class EventRecorder {
  readonly #options: EventRecorderOptions;
  readonly #events: ResourceClient<KubeObject>;
  readonly #book: EventSeriesBook;
  readonly #waiting = new Set<EventSeries>();
  readonly #routine: RoutineEvents;
  readonly #stopping = new AbortController();
  #writing: Promise<void> | undefined;
  #dropped = 0;
  #thinnedOut = 0;

  constructor(options: EventRecorderOptions) {
    const { client, clock } = options;
    this.#options = options;
    this.#events = new ResourceClient(client, eventResource);
    this.#book = new EventSeriesBook({ windowMs: seriesWindowMs, burst: burstPerObject, refillMs, clock });
    this.#routine = new RoutineEvents(clock);
  }

  /** Fire and forget. */
  event(regarding: KubeObject, input: EventInput): void {
    if (this.#stopping.signal.aborted) return;
    if (input.type === 'Normal' && !this.#routine.take(namespaceOf(regarding))) return this.#thinOut();
    const series = this.#book.observe(regarding, { ...input, note: shorten(input.note) });
    if (this.#waiting.has(series) || !this.#book.mayWrite(series)) return;
    if (this.#waiting.size >= maxWaiting) return this.#drop(series);
    this.#waiting.add(series);
    this.#writing ??= this.#write().finally(() => (this.#writing = undefined));
  }

  /** Resolves when everything recorded so far was written or given up, held-back counts included. */
  async flush(): Promise<void> {
    for (const series of this.#book.behind()) this.#waiting.add(series);
    await (this.#writing ??= this.#write().finally(() => (this.#writing = undefined)));
  }

  /** Flushes for at most `limitMs`, then gives up what is left. Later events are ignored. */
  async stop(limitMs = 2000): Promise<void> {
    const timer = this.#options.clock.after(limitMs, () => this.#stopping.abort());
    await this.flush();
    timer.cancel();
    this.#stopping.abort();
  }

  /** One by one: events are not worth more than one connection. */
  async #write(): Promise<void> {
    for (const series of this.#waiting) {
      this.#waiting.delete(series);
      if (this.#stopping.signal.aborted) continue;
      await this.#writeSeries(series);
    }
  }

  async #writeSeries(series: EventSeries): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#send(series);
      } catch (error) {
        const { log, clock } = this.#options;
        const mayPass = isBridgeError(error, 'KUBE_UNAVAILABLE') && attempt < maxAttempts;
        if (!mayPass || this.#stopping.signal.aborted) {
          this.#book.drop(series);
          series.writtenCount = series.count;
          return log[hasNoReader(error) ? 'debug' : 'warn']('an event could not be recorded', {
            reason: series.input.reason,
            ...errorFields(error),
          });
        }
        await sleep(clock, error.retryAfterMs ?? retryDelayMs * attempt, this.#stopping.signal).catch(() => {});
      }
    }
  }

  async #send(series: EventSeries): Promise<void> {
    const { count } = series;
    // It may have been asked for again while it was being written.
    if (series.writtenCount >= count) return;
    if (series.writtenCount === 0) await this.#create(series);
    if (count > 1) await this.#count(series, count);
    series.writtenCount = count;
  }

  async #create(series: EventSeries): Promise<void> {
    try {
      const { reportingController: fieldManager } = this.#options;
      await this.#events.create(this.#body(series), { fieldManager });
    } catch (error) {
      // The attempt before did arrive; only its answer was lost.
      if (!(error instanceof ApiError && error.statusReason === 'AlreadyExists')) throw error;
    }
    series.writtenCount = 1;
  }

  async #count(series: EventSeries, count: number): Promise<void> {
    const patch = { series: { count, lastObservedTime: microTime(series.lastObservedMs) } };
    try {
      await this.#events.mergePatch(series.name, namespaceOf(series.regarding), patch);
    } catch (error) {
      if (!isBridgeError(error, 'KUBE_NOT_FOUND')) throw error;
      // It expired, or its namespace is going: the next such event is a new one.
      this.#book.drop(series);
    }
  }

  #body(series: EventSeries): KubeObject {
    const { regarding, input, name, eventTimeMs } = series;
    const { reportingController, reportingInstance } = this.#options;
    const { apiVersion, kind, metadata } = regarding;
    const event = {
      metadata: { name, namespace: namespaceOf(regarding) },
      eventTime: microTime(eventTimeMs),
      reportingController,
      reportingInstance: reportingInstance.slice(0, 128),
      ...input,
      regarding: {
        apiVersion,
        kind,
        name: metadata.name,
        namespace: metadata.namespace,
        uid: metadata.uid,
        resourceVersion: metadata.resourceVersion,
      },
    };
    return event;
  }

  #thinOut(): void {
    this.#thinnedOut += 1;
    if (this.#thinnedOut % 1000 !== 1) return;
    this.#options.log.info('more goes well than is recorded as events', { thinnedOut: this.#thinnedOut });
  }

  #drop(series: EventSeries): void {
    this.#book.drop(series);
    this.#dropped += 1;
    if (this.#dropped % 100 !== 1) return;
    this.#options.log.warn('events are dropped: the API server takes them too slowly', { dropped: this.#dropped });
  }
}

/** With its namespace go those who would read an event. */
function hasNoReader(error: unknown): boolean {
  return isBridgeError(error, 'KUBE_TERMINATING') || (error instanceof ApiError && error.objectMissing);
}

/** Events about objects of the cluster live in the default namespace. */
function namespaceOf(regarding: KubeObject): string {
  return regarding.metadata.namespace || 'default';
}

/** RFC 3339 with microseconds, as `meta/v1 MicroTime` wants it. */
function microTime(ms: number): string {
  return new Date(ms).toISOString().replace('Z', '000Z');
}

function shorten(note: string): string {
  return note.length <= noteLimit ? note : `${note.slice(0, noteLimit - 1)}…`;
}
