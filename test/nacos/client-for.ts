/**
 * What the tests of the client work with: servers that tell what they were asked, and a client for them, with everything
 * that it logs and reports kept. `stopAll` ends what was started.
 */
import { Registry } from 'prom-client';
import { createNacosMetrics } from '../../operator/connections/nacos-metrics.ts';
import type { LogFields, Logger } from '../../operator/logger.ts';
import { NacosClient } from '../../operator/nacos/client.ts';
import type { NacosClientOptions } from '../../operator/nacos/client-options.ts';
import type { ClientState } from '../../operator/nacos/client-state.ts';
import type { ServerAddress } from '../../operator/nacos/transport/server-address.ts';
import { type Fault, FaultScript } from '../../sandbox/fault-script.ts';
import { EmbeddedNacos, type EmbeddedNacosOptions } from '../../sandbox/nacos/embedded-nacos.ts';
import { until } from './until.ts';
import { WireServer } from './wire-server.ts';

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

/** An embedded Nacos that keeps the names of the operations it was asked for, and of its own pushes. */
export class ObservedNacos extends EmbeddedNacos {
  readonly operations: string[] = [];

  constructor(options: EmbeddedNacosOptions) {
    super({ dumpDelayMs: 0, pushDelayMs: 0, ...options, faults: new FaultScript() });
    const strike = this.faults.strike.bind(this.faults);
    this.faults.strike = (operation) => {
      this.operations.push(operation);
      return strike(operation);
    };
  }

  get address(): ServerAddress {
    return { scheme: 'http', host: this.host, port: this.port, contextPath: '/nacos', grpcPort: this.grpcPort };
  }

  count(operation: string): number {
    return this.operations.filter((one) => one === operation).length;
  }

  /** Those of these operations, in order. */
  only(...operations: readonly string[]): string[] {
    return this.operations.filter((one) => operations.includes(one));
  }

  /** Gives this fault to these operations, until what is returned is called. */
  fails(
    kind: Fault['kind'] & ('reset' | 'silence' | 'lost-answer' | 'stale' | 'unanswered'),
    ...on: string[]
  ): () => void {
    const ends = on.map((operation) => this.faults.add({ on: operation, fault: { kind } }));
    return () => ends.forEach((end) => end());
  }

  /** Answers so many of these operations with this status, in these words. */
  refuses(on: string, status: number, times?: number, message?: string): () => void {
    return this.faults.add({ on, fault: { kind: 'status', status, message }, times });
  }
}

/** What clients read of configs and hear of services is as new as can be, unless told otherwise. */
export async function nacosServer(options: Omit<EmbeddedNacosOptions, 'faults'> = {}): Promise<ObservedNacos> {
  const nacos = new ObservedNacos(options);
  started.push(nacos);
  await nacos.startServing();
  return nacos;
}

export async function wireServer(options?: Parameters<typeof WireServer.start>[0]): Promise<WireServer> {
  const server = await WireServer.start(options);
  started.push(server);
  return server;
}

export function clientFor(
  servers: readonly { readonly address: ServerAddress }[],
  options: Partial<NacosClientOptions> = {},
): TestClient {
  const registry = new Registry();
  const logged: string[] = [];
  const client = new NacosClient({
    servers: servers.map(({ address }) => address),
    requestTimeoutMs: 20_000,
    clientName: 'Test-Client:v1',
    appName: 'test',
    log: recorder(logged),
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
