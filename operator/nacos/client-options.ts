/**
 * What a client is given, and what it does without: only the servers are needed.
 */
import { type Clock, systemClock } from '../clock.ts';
import { BridgeError } from '../errors.ts';
import { type Logger, silentLogger } from '../logger.ts';
import type { PublicNamespace } from './config/public-namespace.ts';
import { type NacosMetrics, noMetrics } from './metrics.ts';
import type { Credentials } from './transport/login.ts';
import { normaliseContextPath, parseServerAddresses, type ServerAddress } from './transport/server-address.ts';

export interface NacosClientOptions {
  /** As `HOST`, `HOST:PORT` or `http://HOST:PORT/CONTEXT?grpcPort=PORT`, or part by part. */
  readonly servers: readonly (string | ServerAddress)[];
  /** @default none: for servers without authentication */
  readonly credentials?: Credentials;
  /** @default 10 s */
  readonly requestTimeoutMs?: number;
  /** @default 20 */
  readonly maxConcurrentRequests?: number;
  /** What is meant by '' and `public` in configs, where a server has two of these: public-namespace.ts. @default 'Empty' */
  readonly publicNamespace?: PublicNamespace;
  /** How we name ourselves to the server, such as `My-Client:v1.0.0`. @default 'Node-Client:v1' */
  readonly clientName?: string;
  /** What servers show of who listens and subscribes. @default 'unknown' */
  readonly appName?: string;
  /** @default none */
  readonly log?: Logger;
  /** @default the system's */
  readonly clock?: Clock;
  /** @default none */
  readonly metrics?: NacosMetrics;
  /**
   * Awaited on each new naming connection before anything that is registered is sent on it: bring it up to date here, by
   * `naming.publish` and `naming.withdraw`, whose promises wait for what comes after and must not be awaited here. May
   * run for several connections at once; the signal ends it with its connection. When it rejects, the redo goes on.
   *
   * @default none
   */
  readonly beforeRedo?: (signal: AbortSignal) => Promise<void>;
  /** More services than fit are spread over several connections. @default 2000 */
  readonly maxInstancesPerConnection?: number;
  /** A number in [0, 1). @default Math.random */
  readonly random?: () => number;
}

interface ClientSettings extends Required<Omit<NacosClientOptions, 'servers' | 'credentials'>> {
  readonly servers: readonly ServerAddress[];
  readonly credentials: Credentials | undefined;
}

/** @throws INVALID_OPTION */
export function settingsOf(options: NacosClientOptions): ClientSettings {
  const servers = options.servers.flatMap((one) =>
    typeof one === 'string'
      ? parseServerAddresses(one)
      : { ...one, contextPath: normaliseContextPath(one.contextPath) },
  );
  if (servers.length === 0) throw new BridgeError('INVALID_OPTION', 'at least one Nacos server must be given');
  return {
    servers,
    credentials: options.credentials,
    requestTimeoutMs: options.requestTimeoutMs ?? 10_000,
    maxConcurrentRequests: options.maxConcurrentRequests ?? 20,
    publicNamespace: options.publicNamespace ?? 'Empty',
    clientName: options.clientName ?? 'Node-Client:v1',
    appName: options.appName ?? 'unknown',
    log: options.log ?? silentLogger,
    clock: options.clock ?? systemClock,
    metrics: options.metrics ?? noMetrics,
    beforeRedo: options.beforeRedo ?? (() => Promise.resolve()),
    maxInstancesPerConnection: options.maxInstancesPerConnection ?? 2_000,
    random: options.random ?? Math.random,
  };
}
