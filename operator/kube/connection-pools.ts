/**
 * The two sets of connections to the API server, and their renewal when certificates change.
 *
 * Calls share a bounded pool: beyond it they queue here instead of opening sockets without end. Watches have a pool of
 * their own without a bound, since a watch occupies its connection for minutes and would starve the calls; its silence
 * is judged by whoever reads it, so the client's own body timeout is off. HTTP/1.1 on purpose: many watches on one
 * HTTP/2 connection share one fate and have leaked memory in clients of this kind.
 *
 * When TLS material changes, new requests use new pools; what is open on the old ones ends by itself.
 */
import { Agent, ProxyAgent } from 'undici';
import type { Dispatcher } from 'undici';
import type { TlsMaterial } from './cluster-access.ts';

export interface ConnectionPoolsOptions {
  readonly proxyUrl?: string;
  readonly maxConnections: number;
  readonly connectTimeoutMs: number;
}

interface Pools {
  readonly tls: TlsMaterial;
  readonly calls: Dispatcher;
  readonly watches: Dispatcher;
}

/** Idle connections are kept for less than the minute after which load balancers drop them. */
const keepAliveMs = 30_000;

export class ConnectionPools {
  readonly #options: ConnectionPoolsOptions;
  readonly #retired = new Set<Dispatcher>();
  #current: Pools | undefined;
  #closed = false;

  constructor(options: ConnectionPoolsOptions) {
    this.#options = options;
  }

  /** The pools for these certificates: the present ones as long as they are the same byte for byte. */
  for(tls: TlsMaterial): { calls: Dispatcher; watches: Dispatcher } {
    if (this.#closed) throw new Error('the connection pools are closed');
    if (this.#current !== undefined && sameTls(this.#current.tls, tls)) return this.#current;
    if (this.#current !== undefined) this.#retire(this.#current);
    const { maxConnections } = this.#options;
    this.#current = { tls, calls: this.#create(tls, maxConnections), watches: this.#create(tls, null) };
    return this.#current;
  }

  /** Ends every connection at once, those of open watches too. */
  async close(): Promise<void> {
    this.#closed = true;
    const open = [...this.#retired, ...(this.#current ? [this.#current.calls, this.#current.watches] : [])];
    this.#current = undefined;
    await Promise.all(open.map((dispatcher) => dispatcher.destroy()));
  }

  #retire(pools: Pools): void {
    for (const dispatcher of [pools.calls, pools.watches]) {
      this.#retired.add(dispatcher);
      dispatcher.close().then(
        () => this.#retired.delete(dispatcher),
        () => this.#retired.delete(dispatcher),
      );
    }
  }

  #create(tls: TlsMaterial, connections: number | null): Dispatcher {
    const { proxyUrl, connectTimeoutMs } = this.#options;
    const secure = { ...tls, allowH2: false, keepAlive: true, keepAliveInitialDelay: keepAliveMs };
    const shared = {
      connections,
      allowH2: false,
      pipelining: 1,
      keepAliveTimeout: keepAliveMs,
      headersTimeout: 0,
      bodyTimeout: 0,
      connectTimeout: connectTimeoutMs,
    };
    if (proxyUrl === undefined) return new Agent({ ...shared, connect: { ...secure, timeout: connectTimeoutMs } });
    return new ProxyAgent({ ...shared, uri: proxyUrl, requestTls: secure });
  }
}

function sameTls(a: TlsMaterial, b: TlsMaterial): boolean {
  return (
    sameBytes(a.ca, b.ca) &&
    sameBytes(a.cert, b.cert) &&
    sameBytes(a.key, b.key) &&
    a.passphrase === b.passphrase &&
    a.servername === b.servername &&
    a.rejectUnauthorized === b.rejectUnauthorized
  );
}

function sameBytes(a: string | Buffer | undefined, b: string | Buffer | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  return Buffer.from(a).equals(Buffer.from(b));
}
