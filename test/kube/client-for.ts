/** Clients of the fake API server, and waiting for what they bring about. */
import { Registry } from 'prom-client';
import { systemClock } from '../../operator/clock.ts';
import { KubeClient } from '../../operator/kube/client.ts';
import type { KubeClientOptions } from '../../operator/kube/client.ts';
import { createKubeMetrics } from '../../operator/kube/metrics.ts';
import { silentLogger } from '../../operator/logger.ts';
import { hangMs } from '../eventually.ts';
import type { FakeApiServer } from './fake-api-server.ts';

export function clientFor(server: FakeApiServer, options: Partial<KubeClientOptions> = {}): KubeClient {
  return new KubeClient(server.access, {
    userAgent: 'test',
    requestTimeoutMs: 20_000,
    maxConnections: 4,
    metrics: createKubeMetrics(new Registry(), 'test_'),
    clock: systemClock,
    log: silentLogger,
    ...options,
  });
}

/** Resolves when `condition` holds; rejects with what `describe` says after `limitMs`. */
export async function until(
  condition: () => boolean,
  describe = () => String(condition),
  limitMs = hangMs,
): Promise<void> {
  const endMs = performance.now() + limitMs;
  while (!condition()) {
    if (performance.now() > endMs) throw new Error(`not within ${limitMs} ms: ${describe()}`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}
