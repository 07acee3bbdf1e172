/**
 * A client for fake servers, with everything it logs and reports kept for the test. `stopAll` ends what was started.
 */
import { Registry } from 'prom-client';
import { systemClock } from '../../operator/clock.ts';
import type { LogFields, Logger } from '../../operator/logger.ts';
import { NacosClient } from '../../operator/nacos/client.ts';
import type { ClientState } from '../../operator/nacos/client-state.ts';
import type { NacosClientOptions } from '../../operator/nacos/client-options.ts';
import { createNacosMetrics } from '../../operator/connections/nacos-metrics.ts';
import { FakeNacos } from './fake-nacos.ts';
import type { FakeNacosOptions } from './fake-nacos.ts';
import { until } from './until.ts';

export interface TestClient {
  readonly client: NacosClient;
  readonly states: ClientState[];
  readonly logged: string[];
  readonly registry: Registry;
  readonly connected: () => Promise<void>;
}

const started: { stop(): void | Promise<void> }[] = [];

export async function stopAll(): Promise<void> {
  for (const running of started.splice(0).reverse()) await running.stop();
}

export async function fakeNacos(options: FakeNacosOptions = {}): Promise<FakeNacos> {
  const fake = await FakeNacos.start(options);
  started.push(fake);
  return fake;
}

export function clientFor(
  fakes: readonly Pick<FakeNacos, 'address'>[],
  options: Partial<NacosClientOptions> = {},
): TestClient {
  const registry = new Registry();
  const logged: string[] = [];
  const client = new NacosClient({
    servers: fakes.map(({ address }) => address),
    requestTimeoutMs: 2_000,
    clientName: 'Test-Client:v1',
    appName: 'test',
    log: recorder(logged),
    clock: systemClock,
    metrics: createNacosMetrics(registry, ''),
    random: () => 0,
    ...options,
  });
  const states: ClientState[] = [];
  client.onStateChange((state) => states.push(state));
  started.push(client);
  client.start();
  return {
    client,
    states,
    logged,
    registry,
    connected: () => until('connected', () => client.state.kind === 'connected'),
  };
}

export function recorder(lines: string[]): Logger {
  const line = (level: string) => (message: string, fields?: LogFields) =>
    void lines.push(`${level} ${message} ${JSON.stringify(fields ?? {})}`);
  const log: Logger = {
    debug: line('debug'),
    info: line('info'),
    warn: line('warn'),
    error: line('error'),
    child: () => log,
  };
  return log;
}
