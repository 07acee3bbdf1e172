/**
 * What the Nacos clients of a process count, in a registry and under a prefix that the caller gives.
 *
 * Labels are bounded: operations, results and push types come from lists of ours, servers from the configuration.
 */
import { Counter, Gauge, Histogram } from 'prom-client';
import type { Registry } from 'prom-client';
import { isBridgeError } from '../errors.ts';
import type { ClientState, NacosMetrics } from '../nacos/index.ts';

/** What a server may push. */
const pushTypes = [
  'ConfigChangeNotifyRequest',
  'ConfigFuzzyWatchChangeNotifyRequest',
  'ConfigFuzzyWatchSyncRequest',
  'NotifySubscriberRequest',
  'ClientDetectionRequest',
  'ConnectResetRequest',
  'SetupAckRequest',
];

export function createNacosMetrics(registry: Registry, prefix: string): NacosMetrics {
  const registers = [registry];
  const requests = new Counter({
    name: `${prefix}nacos_requests_total`,
    help: 'Requests to Nacos, by operation and result (ok, or the code of the failure).',
    labelNames: ['operation', 'result'],
    registers,
  });
  const durations = new Histogram({
    name: `${prefix}nacos_request_duration_seconds`,
    help: 'Time from a request to Nacos to its answer, with the wait for a free slot.',
    labelNames: ['operation'],
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
    registers,
  });
  const states = new Gauge({
    name: `${prefix}nacos_connection_state`,
    help: 'How many clients of these servers are in this state.',
    labelNames: ['servers', 'state'],
    registers,
  });
  const reconnects = new Counter({
    name: `${prefix}nacos_reconnects_total`,
    help: 'Connections to Nacos that were established after another was lost.',
    registers,
  });
  const pushes = new Counter({
    name: `${prefix}nacos_pushes_total`,
    help: 'Messages that Nacos pushed, by type.',
    labelNames: ['type'],
    registers,
  });
  const namingConnections = new Gauge({
    name: `${prefix}nacos_naming_connections`,
    help: 'Connections to Nacos that instances are registered on, or could be.',
    registers,
  });
  const redone = new Counter({
    name: `${prefix}naming_redo_total`,
    help: 'Records and subscriptions that were made again after a connection was lost or replaced, by kind.',
    labelNames: ['kind'],
    registers,
  });
  return {
    async measure(operation, work) {
      const startedMs = performance.now();
      let result = 'ok';
      try {
        return await work();
      } catch (error) {
        result = isBridgeError(error) ? error.code : 'unexpected';
        throw error;
      } finally {
        requests.inc({ operation, result });
        durations.observe({ operation }, (performance.now() - startedMs) / 1_000);
      }
    },
    pushed: (type) => pushes.inc({ type: pushTypes.includes(type) ? type : 'other' }),
    reconnected: () => reconnects.inc(),
    namingConnectionOpened: () => namingConnections.inc(),
    namingConnectionClosed: () => namingConnections.dec(),
    redone: (kind, count) => redone.inc({ kind }, count),
    stateChanged(servers, before, after) {
      if (isCounted(before)) states.dec({ servers, state: before });
      if (isCounted(after)) states.inc({ servers, state: after });
    },
  };
}

/** A client that has not started, or has stopped, is nobody's connection. */
function isCounted(kind: ClientState['kind']): boolean {
  return kind !== 'idle' && kind !== 'stopped';
}
