/**
 * An API server on a socket that holds ConfigMaps and misbehaves on request: paged list, watch, bookmarks, 410, and the
 * faults that networks and overloaded servers produce. What it does well it does as the real one: a page continues the
 * snapshot of the first, a watch sends everything after its version, in order. Its versions look random, so that code
 * that orders them fails.
 */
import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { ClusterAccess } from '../../operator/kube/cluster-access.ts';
import { objectKey } from '../../operator/kube/resource.ts';
import type { KubeObject, ResourceRef } from '../../operator/kube/resource.ts';

export interface FakeConfigMap extends KubeObject {
  data?: Record<string, string>;
}

export const configMaps: ResourceRef = {
  group: '',
  version: 'v1',
  plural: 'configmaps',
  kind: 'ConfigMap',
  namespaced: true,
};

/** Happens to one request, whatever it asks for. */
export type RequestFault = 'status-500' | 'status-429' | 'status-410' | 'status-403' | 'reset' | 'slow' | 'not-a-list';

/** Happens to every watch that is open. */
export type WatchFault =
  'end' | 'reset' | 'silence' | 'half-line' | 'garbage' | 'gone' | 'error' | 'duplicate' | 'bookmark';

export interface SeenRequest {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

export interface Answer {
  readonly status: number;
  readonly headers?: Record<string, string>;
  /** Sent as JSON unless it is a string. */
  readonly body: unknown;
}

interface HistoryEntry {
  readonly version: number;
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  readonly object: FakeConfigMap;
}

interface OpenWatch {
  readonly response: ServerResponse;
  readonly namespace: string | undefined;
  silent: boolean;
}

export class FakeApiServer {
  /** Every request in the order of arrival. */
  readonly requests: SeenRequest[] = [];
  readonly #server: Server;
  readonly #objects = new Map<string, FakeConfigMap>();
  readonly #history: HistoryEntry[] = [];
  readonly #snapshots = new Map<number, FakeConfigMap[]>();
  readonly #watches = new Set<OpenWatch>();
  readonly #faults: RequestFault[] = [];
  #handler: ((request: SeenRequest) => Answer | undefined) | undefined;
  #version = 1;
  #oldestVersion = 1;
  #uids = 0;

  private constructor() {
    this.#server = createServer((request, response) => this.#serve(request, response));
    this.#server.keepAliveTimeout = 60_000;
  }

  static async start(): Promise<FakeApiServer> {
    const fake = new FakeApiServer();
    await new Promise<void>((resolve) => fake.#server.listen(0, '127.0.0.1', resolve));
    return fake;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  get access(): ClusterAccess {
    const { port } = this.#server.address() as AddressInfo;
    return {
      server: `http://127.0.0.1:${port}`,
      defaultNamespace: 'default',
      credentials: () => Promise.resolve({ headers: { Authorization: 'Bearer token' }, tls: {} }),
    };
  }

  get openWatches(): number {
    return this.#watches.size;
  }

  /** What a store should hold, by key. */
  get truth(): ReadonlyMap<string, FakeConfigMap> {
    return this.#objects;
  }

  put(namespace: string, name: string, data: Record<string, string> = {}): void {
    const key = `${namespace}/${name}`;
    const existing = this.#objects.get(key);
    this.#version += 1;
    const uid = existing?.metadata.uid ?? `uid-${++this.#uids}`;
    const object = { metadata: { name, namespace, uid, resourceVersion: opaque(this.#version) }, data };
    this.#objects.set(key, object);
    this.#record({ version: this.#version, type: existing ? 'MODIFIED' : 'ADDED', object });
  }

  remove(namespace: string, name: string): void {
    const key = `${namespace}/${name}`;
    const existing = this.#objects.get(key);
    if (existing === undefined) return;
    this.#version += 1;
    this.#objects.delete(key);
    const metadata = { ...existing.metadata, resourceVersion: opaque(this.#version) };
    this.#record({ version: this.#version, type: 'DELETED', object: { ...existing, metadata } });
  }

  /** Forgets all versions but the newest: later requests for older ones are answered with 410. */
  compact(): void {
    this.#oldestVersion = this.#version;
    this.#history.length = 0;
    this.#snapshots.clear();
  }

  /** The next request meets the fault; several are met one after the other. */
  inject(fault: RequestFault): void {
    this.#faults.push(fault);
  }

  disturb(fault: WatchFault): void {
    for (const watch of this.#watches) this.#disturb(watch, fault);
  }

  /** Requests from here on are well. Watches that were silenced stay so: nobody tells a client that its peer is gone. */
  heal(): void {
    this.#faults.length = 0;
  }

  /** Answers every request that `handler` has an answer for. */
  answer(handler: (request: SeenRequest) => Answer | undefined): void {
    this.#handler = handler;
  }

  #serve(request: IncomingMessage, response: ServerResponse): void {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const url = new URL(request.url ?? '/', 'http://fake');
      const seen: SeenRequest = {
        method: request.method ?? '',
        path: url.pathname,
        query: url.searchParams,
        headers: request.headers,
        body: Buffer.concat(chunks).toString(),
      };
      this.requests.push(seen);
      this.#respond(seen, response);
    });
  }

  #respond(request: SeenRequest, response: ServerResponse): void {
    const answer = this.#handler?.(request);
    if (answer !== undefined) return send(response, answer.status, answer.body, answer.headers);
    const fault = this.#faults.shift();
    switch (fault) {
      case 'status-500':
        return send(response, 500, status(500, 'InternalError'));
      case 'status-429':
        return send(response, 429, status(429, 'TooManyRequests'), { 'Retry-After': '0' });
      case 'status-410':
        return send(response, 410, status(410, 'Expired'));
      case 'status-403':
        return send(response, 403, status(403, 'Forbidden'));
      case 'not-a-list':
        return send(response, 200, {});
      case 'reset':
        return void response.destroy();
      case 'slow':
      case undefined:
    }
    const namespace = /\/namespaces\/([^/]+)\//.exec(request.path)?.[1];
    if (request.query.has('watch')) return this.#watch(request, response, namespace);
    this.#list(request, response, namespace, fault === 'slow');
  }

  #list(request: SeenRequest, response: ServerResponse, namespace: string | undefined, slow: boolean): void {
    const limit = Number(request.query.get('limit') ?? Infinity);
    const [token = '', start = '0'] = (request.query.get('continue') ?? `${this.#version}:0`).split(':');
    const version = Number(token);
    if (version < this.#oldestVersion) return send(response, 410, status(410, 'Expired'));
    const snapshot = this.#snapshots.get(version) ?? [...this.#objects.values()];
    this.#snapshots.set(version, snapshot);
    const all = snapshot.filter((object) => namespace === undefined || object.metadata.namespace === namespace);
    const end = Number(start) + limit;
    const body = {
      kind: 'ConfigMapList',
      apiVersion: 'v1',
      metadata: { resourceVersion: opaque(version), continue: end < all.length ? `${version}:${end}` : '' },
      items: all.slice(Number(start), end),
    };
    if (!slow) return send(response, 200, body);
    const text = JSON.stringify(body);
    response.writeHead(200, { 'Content-Type': 'application/json' });
    response.write(text.slice(0, 20));
    setImmediate(() => response.end(text.slice(20)));
  }

  #watch(request: SeenRequest, response: ServerResponse, namespace: string | undefined): void {
    const from = versions.get(request.query.get('resourceVersion') ?? '');
    if (from === undefined) return send(response, 400, status(400, 'BadRequest'));
    if (from < this.#oldestVersion) return send(response, 410, status(410, 'Expired'));
    response.writeHead(200, { 'Content-Type': 'application/json' });
    response.flushHeaders();
    const watch: OpenWatch = { response, namespace, silent: false };
    this.#watches.add(watch);
    response.on('close', () => this.#watches.delete(watch));
    for (const entry of this.#history) if (entry.version > from) this.#send(watch, entry);
  }

  #record(entry: HistoryEntry): void {
    this.#history.push(entry);
    for (const watch of this.#watches) this.#send(watch, entry);
  }

  #send(watch: OpenWatch, { type, object }: HistoryEntry): void {
    if (watch.namespace !== undefined && object.metadata.namespace !== watch.namespace) return;
    this.#write(watch, `${JSON.stringify({ type, object: { ...object, apiVersion: 'v1', kind: 'ConfigMap' } })}\n`);
  }

  #disturb(watch: OpenWatch, fault: WatchFault): void {
    switch (fault) {
      case 'end':
        return void watch.response.end();
      case 'reset':
        return void watch.response.socket?.resetAndDestroy();
      case 'silence':
        watch.silent = true;
        return;
      case 'half-line':
        this.#write(watch, '{"type":"ADDED","object":{"metadata":{"na');
        return void watch.response.end();
      case 'garbage':
        return this.#write(watch, '<html>\n');
      case 'gone':
        this.#write(watch, `${JSON.stringify({ type: 'ERROR', object: status(410, 'Expired') })}\n`);
        return void watch.response.end();
      case 'error':
        this.#write(watch, `${JSON.stringify({ type: 'ERROR', object: status(500, 'InternalError') })}\n`);
        return void watch.response.end();
      case 'duplicate': {
        const last = this.#history.at(-1);
        return last && this.#send(watch, last);
      }
      case 'bookmark': {
        const object = { kind: 'ConfigMap', apiVersion: 'v1', metadata: { resourceVersion: opaque(this.#version) } };
        return this.#write(watch, `${JSON.stringify({ type: 'BOOKMARK', object })}\n`);
      }
    }
  }

  /** In two pieces, so that lines arrive cut. */
  #write(watch: OpenWatch, text: string): void {
    if (watch.silent || watch.response.writableEnded || watch.response.destroyed) return;
    const bytes = Buffer.from(text);
    const cut = bytes.length >> 1;
    watch.response.write(bytes.subarray(0, cut));
    watch.response.write(bytes.subarray(cut));
  }
}

/** A Status as the API server sends it. */
export function status(code: number, reason: string, message = `told to answer ${reason}`, details = {}): object {
  return { kind: 'Status', apiVersion: 'v1', status: 'Failure', message, reason, code, details };
}

/** What differs between what the server holds and `objects`; empty when they are equal. */
export function differences(server: FakeApiServer, objects: readonly KubeObject[]): string[] {
  const held = new Map(objects.map((object) => [objectKey(object), object.metadata.resourceVersion]));
  const keys = new Set([...held.keys(), ...server.truth.keys()]);
  return [...keys].filter((key) => held.get(key) !== server.truth.get(key)?.metadata.resourceVersion);
}

const versions = new Map<string, number>();

/** The same text for the same version, without its order. */
function opaque(version: number): string {
  const text = String((version * 48_271) % 2_147_483_647);
  versions.set(text, version);
  return text;
}

function send(response: ServerResponse, code: number, body: unknown, headers: Record<string, string> = {}): void {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  response.writeHead(code, { 'Content-Type': 'application/json', ...headers });
  response.end(text);
}
