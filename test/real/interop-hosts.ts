/**
 * Compares what an SDK tells of the hosts of a service with what was registered, in any order.
 */
import assert from 'node:assert/strict';
import type { HostsPush, NacosSdk, SdkInstance } from '../testbed/nacos-sdk.ts';

type Hosts = HostsPush['hosts'];

/** What a subscriber was told last; nothing before it was told. */
export function lastHosts(sdk: NacosSdk, service: string): Hosts {
  return sdk.hostsPushes.findLast((push) => push.service === service)?.hosts ?? [];
}

export function assertHosts(seen: Hosts, expected: readonly SdkInstance[]): void {
  const rows = seen.map(({ ip, port, weight, healthy, enabled, clusterName, metadata }) => {
    return { ip, port, weight, healthy, enabled, clusterName, metadata: metadata ?? {} };
  });
  const wanted = expected.map(({ ip, port, weight = 1, unhealthy = false, clusterName = 'DEFAULT', metadata = {} }) => {
    return { ip, port, weight, healthy: !unhealthy, enabled: true, clusterName, metadata };
  });
  assert.deepEqual(inOrder(rows), inOrder(wanted));
}

function inOrder<T>(rows: readonly T[]): T[] {
  return rows.toSorted((a, b) => JSON.stringify(a).localeCompare(JSON.stringify(b)));
}
