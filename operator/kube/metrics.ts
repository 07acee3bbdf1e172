/**
 * What the API client and the reflectors report. The two `rest_client` names are those of client-go, word for word,
 * so that existing dashboards and alerts work; the others carry the prefix of the product.
 *
 * Labels are bounded: resource types, HTTP methods and codes, the host; never a name of an object.
 */
import { Counter, Gauge, Histogram } from 'prom-client';
import type { Registry } from 'prom-client';

export interface KubeMetrics {
  /** `code` is the HTTP status, or '<error>' when there was no answer. */
  requested(request: { method: string; host: string; code: string; seconds: number }): void;
  /** The first page of a full list arrived; the reason says why the list was needed. */
  relisted(resource: string, reason: RelistReason): void;
  /** A watch was opened again after an earlier one ended. */
  watchRestarted(resource: string): void;
  /** An event or bookmark arrived at this wall-clock time. */
  eventReceived(resource: string, nowMs: number): void;
}

/**
 * - `start`: the first list.
 * - `expired`: the server no longer knows the resourceVersion (410).
 * - `refused`: it did not take the watch or the page token, so that only a new list can help.
 * - `error-event`: the watch ended with an ERROR other than 410.
 */
export type RelistReason = 'start' | 'refresh' | 'expired' | 'refused' | 'error-event';

const durationBuckets = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 4, 8, 15, 30, 60];

export function createKubeMetrics(registry: Registry, prefix: string): KubeMetrics {
  const registers = [registry];
  const requests = new Counter({
    name: 'rest_client_requests_total',
    help: 'Requests to the API server by method, host and HTTP status.',
    labelNames: ['code', 'method', 'host'] as const,
    registers,
  });
  const durations = new Histogram({
    name: 'rest_client_request_duration_seconds',
    help: 'Time until the answer of the API server was read; for a watch, until it was open.',
    labelNames: ['verb', 'host'] as const,
    buckets: durationBuckets,
    registers,
  });
  const relists = new Counter({
    name: `${prefix}watch_relists_total`,
    help: 'Full lists by resource and by what made them necessary.',
    labelNames: ['resource', 'reason'] as const,
    registers,
  });
  const restarts = new Counter({
    name: `${prefix}watch_restarts_total`,
    help: 'Watches that were opened again after an earlier one ended.',
    labelNames: ['resource'] as const,
    registers,
  });
  const lastEvent = new Gauge({
    name: `${prefix}watch_last_event_timestamp_seconds`,
    help: 'When the last event or bookmark of a resource arrived, in seconds since the epoch.',
    labelNames: ['resource'] as const,
    registers,
  });
  return {
    requested({ method, host, code, seconds }) {
      requests.inc({ code, method, host });
      durations.observe({ verb: method, host }, seconds);
    },
    relisted: (resource, reason) => relists.inc({ resource, reason }),
    watchRestarted: (resource) => restarts.inc({ resource }),
    eventReceived: (resource, nowMs) => lastEvent.set({ resource }, nowMs / 1000),
  };
}
