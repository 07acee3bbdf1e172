/**
 * A cluster of tiny types with the namespace `default`, by itself or behind its HTTPS server.
 */
import { EmbeddedCluster } from '../../../sandbox/kubernetes/embedded-cluster.ts';
import { createServerCertificate, type ServerCertificate } from '../../../sandbox/kubernetes/certificate.ts';
import { ApiServer } from '../../../sandbox/kubernetes/http/api-server.ts';
import { FaultScript } from '../../../sandbox/fault-script.ts';
import { silentLogger } from '../../../operator/logger.ts';
import { Agent, request } from 'undici';
import { FakeClock } from '../../fake-clock.ts';
import { namespaces, objectOf, tinyTypes } from './tiny-types.ts';

export const tester = { manager: 'tester' };

export function tinyCluster(historyLength?: number): { cluster: EmbeddedCluster; clock: FakeClock } {
  const clock = new FakeClock();
  const cluster = new EmbeddedCluster({ types: tinyTypes(), clock, historyLength });
  cluster.create(namespaces, objectOf(namespaces, 'default'), tester);
  return { cluster, clock };
}

export interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
  /** The body; what is no JSON fails the test. */
  readonly json: Readonly<Record<string, unknown>>;
}

export interface SendOptions {
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly token?: string;
}

export class TinyServer {
  readonly cluster: EmbeddedCluster;
  readonly clock: FakeClock;
  readonly faults = new FaultScript();
  readonly server: ApiServer;
  readonly #agent: Agent;
  #url = '';

  static #certificate: Promise<ServerCertificate> | undefined;

  static async start(historyLength?: number): Promise<TinyServer> {
    TinyServer.#certificate ??= createServerCertificate(['127.0.0.1', 'localhost'], Date.now());
    const tiny = new TinyServer(await TinyServer.#certificate, historyLength);
    tiny.#url = `https://127.0.0.1:${await tiny.server.listen(0, '127.0.0.1')}`;
    return tiny;
  }

  constructor(certificate: ServerCertificate, historyLength?: number) {
    const { cluster, clock } = tinyCluster(historyLength);
    this.cluster = cluster;
    this.clock = clock;
    this.server = new ApiServer({
      cluster,
      clock,
      certificate,
      token: 'secret',
      faults: this.faults,
      log: silentLogger,
    });
    this.#agent = new Agent({ connect: { ca: certificate.authority }, allowH2: false });
  }

  async stop(): Promise<void> {
    await this.#agent.destroy();
    await this.server.close();
  }

  async send(
    method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE',
    path: string,
    options: SendOptions = {},
  ): Promise<Reply> {
    const { body, token = 'secret', headers = {} } = options;
    const response = await request(`${this.#url}${path}`, {
      method,
      dispatcher: this.#agent,
      headers: {
        ...(token === '' ? {} : { authorization: `Bearer ${token}` }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        'user-agent': 'tester/1.0',
        ...headers,
      },
      body: body === undefined || typeof body === 'string' ? body : JSON.stringify(body),
    });
    const text = await response.body.text();
    return {
      status: response.statusCode,
      headers: response.headers,
      text,
      get json() {
        return JSON.parse(text) as Record<string, unknown>;
      },
    };
  }

  /** Opens a watch; each call of `next` waits for a line. */
  async watch(path: string, headers: Readonly<Record<string, string>> = {}): Promise<TinyWatch> {
    const response = await request(`${this.#url}${path}`, {
      dispatcher: this.#agent,
      headers: { authorization: 'Bearer secret', ...headers },
    });
    return new TinyWatch(response.body);
  }
}

export interface WatchLine {
  readonly type: string;
  readonly object: {
    readonly kind: string;
    readonly metadata: {
      readonly name?: string;
      readonly resourceVersion?: string;
      readonly annotations?: Readonly<Record<string, string>>;
    };
    readonly [field: string]: unknown;
  };
}

type Body = Awaited<ReturnType<typeof request>>['body'];

export class TinyWatch {
  readonly #body: Body;
  readonly #chunks: AsyncIterator<Buffer>;
  #rest = '';

  constructor(body: Body) {
    this.#body = body;
    body.on('error', () => {});
    this.#chunks = body[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  }

  /** Undefined at the end of the answer; throws when the connection breaks. */
  async next(): Promise<WatchLine | undefined> {
    for (;;) {
      const end = this.#rest.indexOf('\n');
      if (end >= 0) {
        const line = this.#rest.slice(0, end);
        this.#rest = this.#rest.slice(end + 1);
        return JSON.parse(line) as WatchLine;
      }
      const chunk = await this.#chunks.next();
      if (chunk.done) return undefined;
      this.#rest += chunk.value.toString('utf8');
    }
  }

  /** `TYPE name` of the next lines. */
  async take(count: number): Promise<string[]> {
    const lines: string[] = [];
    while (lines.length < count) {
      const line = await this.next();
      if (line === undefined) break;
      lines.push(`${line.type} ${line.object.metadata.name ?? ''}`.trim());
    }
    return lines;
  }

  /** What came after the last whole line. */
  get rest(): string {
    return this.#rest;
  }

  close(): void {
    this.#body.destroy();
  }
}
