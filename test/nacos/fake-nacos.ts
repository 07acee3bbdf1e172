/**
 * A small Nacos on two loopback sockets: what the client's tests need of gRPC and HTTP, and a menu of faults.
 *
 * Like the real one it has a database, which writes and the admin API go to, and a cache, which queries and listening read
 * from. A write is dumped into the cache at once, or only by `dump()` when `faults.holdDumps` is set. A connection is known
 * by its TCP peer; requests of an unknown one are answered 301.
 */
import { createHash, randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import type { IncomingMessage, Server as HttpServer, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Server, ServerCredentials } from '@grpc/grpc-js';
import type { sendUnaryData, ServerDuplexStream, ServerUnaryCall } from '@grpc/grpc-js';
import { decodePayload, encodePayload } from '../../operator/nacos/transport/payload.ts';
import type { Payload } from '../../operator/nacos/transport/payload.ts';
import type { ServerAddress } from '../../operator/nacos/transport/server-address.ts';
import { failed, FakeNaming, ok } from './fake-naming.ts';
import type { Answer, Json } from './fake-naming.ts';

export interface FakeNacosOptions {
  /** 3: v3 admin API and login, fuzzy watch. 2: v1. 1: as 2, without ability negotiation. @default 3 */
  readonly generation?: 1 | 2 | 3;
  readonly password?: string;
  readonly tokenTtlSeconds?: number;
}

export interface StoredConfig {
  readonly content: string;
  readonly md5: string;
  readonly type: string;
  readonly lastModified: number;
  readonly tags: string;
}

type Unary = ServerUnaryCall<Payload, Payload>;
type Stream = ServerDuplexStream<Payload, Payload>;
interface Peer {
  readonly stream: Stream;
  readonly listens: Map<string, string>;
  /** As the setup has it. */
  readonly module: string;
}

const username = 'nacos';

export class FakeNacos {
  readonly faults = {
    /** That many requests are answered "server is starting". */
    starting: 0,
    /** Requests get no answer. */
    silent: false,
    /** Types that get no answer. */
    silentTypes: new Set<string>(),
    /** Types that are carried out and get no answer. */
    lostAnswers: new Set<string>(),
    holdDumps: false,
    losePushes: false,
    adminApi: true,
    /** Setup is read and not acknowledged. */
    loseSetupAck: false,
    /** Answers in place of the true one, by type. */
    answers: new Map<string, { type: string; body: Json }>(),
  };
  readonly database = new Map<string, StoredConfig>();
  readonly cache = new Map<string, StoredConfig>();
  /** Everything that was received, in order; `stream:` before the type of what came by the stream. */
  readonly received: { type: string; body: Json; headers: Record<string, string> }[] = [];
  readonly logins: string[] = [];
  readonly naming = new FakeNaming((peer, push) => this.#peers.get(peer)?.stream.write(payload(push.type, push.body)));
  readonly #options: FakeNacosOptions;
  readonly #peers = new Map<string, Peer>();
  readonly #tokens = new Set<string>();
  #grpc = new Server();
  #http: HttpServer = createServer();
  #httpPort = 0;
  #grpcPort = 0;
  #timeMs = Date.parse('2026-01-01T00:00:00Z');
  password: string | undefined;

  private constructor(options: FakeNacosOptions) {
    this.#options = options;
    this.password = options.password;
  }

  static async start(options: FakeNacosOptions = {}): Promise<FakeNacos> {
    const fake = new FakeNacos(options);
    await fake.startHttp();
    await fake.startGrpc();
    return fake;
  }

  get address(): ServerAddress {
    return { scheme: 'http', host: '127.0.0.1', port: this.#httpPort, contextPath: '/nacos', grpcPort: this.#grpcPort };
  }

  get connections(): number {
    return this.#peers.size;
  }

  count(type: string): number {
    return this.received.filter((request) => request.type === type).length;
  }

  /** On the port that it had before. */
  async startGrpc(): Promise<void> {
    this.#grpc = new Server({ 'grpc.max_receive_message_length': -1, 'grpc.max_send_message_length': -1 });
    const codec = {
      requestSerialize: encodePayload,
      requestDeserialize: decodePayload,
      responseSerialize: encodePayload,
      responseDeserialize: decodePayload,
    };
    const request = { path: '/Request/request', requestStream: false, responseStream: false, ...codec };
    const stream = { path: '/BiRequestStream/requestBiStream', requestStream: true, responseStream: true, ...codec };
    this.#grpc.addService(
      { request },
      { request: (call: Unary, reply: sendUnaryData<Payload>) => this.#unary(call, reply) },
    );
    this.#grpc.addService({ stream }, { stream: (call: Stream) => this.#stream(call) });
    this.#grpcPort = await new Promise<number>((resolve, reject) => {
      this.#grpc.bindAsync(`127.0.0.1:${this.#grpcPort}`, ServerCredentials.createInsecure(), (error, port) =>
        error ? reject(error) : resolve(port),
      );
    });
  }

  stopGrpc(): void {
    this.#grpc.forceShutdown();
    for (const peer of this.#peers.keys()) this.naming.disconnected(peer);
    this.#peers.clear();
  }

  async startHttp(): Promise<void> {
    this.#http = createServer((request, response) => void this.#answerHttp(request, response));
    await new Promise<void>((resolve) => this.#http.listen(this.#httpPort, '127.0.0.1', resolve));
    this.#httpPort = (this.#http.address() as AddressInfo).port;
  }

  stopHttp(): void {
    this.#http.close();
    this.#http.closeAllConnections();
  }

  stop(): void {
    this.stopGrpc();
    this.stopHttp();
  }

  /** Ends every stream from the server's side, or those of one module. */
  dropConnections(module?: string): void {
    for (const peer of this.#peers.values()) if (module === undefined || peer.module === module) peer.stream.end();
  }

  /** The server forgets its clients and keeps their TCP connections. */
  forgetConnections(): void {
    this.#peers.clear();
  }

  expireTokens(): void {
    this.#tokens.clear();
  }

  /** Sends on every stream. */
  push(type: string, body: Json, module?: string): void {
    for (const peer of this.#peers.values()) {
      if (module === undefined || peer.module === module) peer.stream.write(payload(type, { requestId: '7', ...body }));
    }
  }

  /** A write by somebody else. */
  publish(id: string, content: string, type = 'text', tags = ''): void {
    this.#timeMs += 1_000;
    this.database.set(id, { content, md5: md5(content), type, lastModified: this.#timeMs, tags });
    if (!this.faults.holdDumps) this.dump();
  }

  remove(id: string): void {
    this.database.delete(id);
    if (!this.faults.holdDumps) this.dump();
  }

  /** Brings the cache up to date and tells who listens. */
  dump(): void {
    const ids = new Set([...this.database.keys(), ...this.cache.keys()]);
    for (const id of ids) {
      const stored = this.database.get(id);
      const isChanged = stored?.md5 !== this.cache.get(id)?.md5;
      if (stored) this.cache.set(id, stored);
      else this.cache.delete(id);
      if (isChanged) this.#notify(id, stored?.md5 ?? '');
    }
  }

  #notify(id: string, newMd5: string): void {
    if (this.faults.losePushes) return;
    const [tenant, group, dataId] = id.split(' ');
    for (const { listens, stream } of this.#peers.values()) {
      if (!listens.has(id) || listens.get(id) === newMd5) continue;
      // Nacos 3 leaves the public namespace out.
      stream.write(payload('ConfigChangeNotifyRequest', { requestId: '1', dataId, group, ...(tenant && { tenant }) }));
    }
  }

  #unary(call: Unary, reply: sendUnaryData<Payload>): void {
    const { type, headers } = call.request;
    const body = JSON.parse(call.request.body) as Json;
    this.received.push({ type, body, headers: { ...headers } });
    if (this.faults.silent || this.faults.silentTypes.has(type)) return;
    const answer = this.#answer(call.getPeer(), type, body, headers);
    if (this.faults.lostAnswers.has(type)) return;
    reply(null, payload(answer.type, answer.body));
  }

  #answer(peer: string, type: string, body: Json, headers: Readonly<Record<string, string>>): Answer {
    if (this.faults.starting > 0) {
      this.faults.starting -= 1;
      return failed('ErrorResponse', 300, 'Server is starting, please try later!');
    }
    if (type === 'ServerCheckRequest') {
      const supportAbilityNegotiation = this.#options.generation !== 1;
      return ok('ServerCheckResponse', {
        connectionId: `1_127.0.0.1_${peer.split(':').at(-1)}`,
        supportAbilityNegotiation,
      });
    }
    const known = this.#peers.get(peer);
    if (!known) return failed('ErrorResponse', 301, 'Connection is unregistered.');
    if (type === 'HealthCheckRequest') return ok('HealthCheckResponse');
    const replaced = this.faults.answers.get(type);
    if (replaced) return replaced;
    const responseType = responseTypes[type];
    if (!responseType) return failed('ErrorResponse', 302, 'RequestHandler Not Found');
    if (!this.#isAllowed(headers['accessToken']))
      return failed(responseType, 403, 'Code: 401, Message: token expired!');
    const isNaming = type.includes('Instance') || type.includes('Service');
    if (isNaming) return this.naming.answer(peer, known.module, type, responseType, body);
    return this.#handle(known, type, responseType, body);
  }

  #handle(peer: Peer, type: string, responseType: string, body: Json): Answer {
    const id = idOf(body);
    if (type === 'ConfigQueryRequest') {
      const found = this.cache.get(id);
      if (!found) return failed(responseType, 300, 'config data not exist');
      return ok(responseType, { ...found, contentType: found.type, beta: false });
    }
    if (type === 'ConfigPublishRequest') {
      const casMd5 = body['casMd5'];
      const stored = this.database.get(id);
      if (stored && typeof casMd5 === 'string' && casMd5 !== stored.md5) {
        return failed(responseType, 500, 'Cas publish fail,server md5 may have changed.');
      }
      const additions = body['additionMap'] as Record<string, string>;
      this.publish(id, body['content'] as string, additions['type'], additions['config_tags'] ?? stored?.tags);
      return ok(responseType);
    }
    if (type === 'ConfigRemoveRequest') {
      this.remove(id);
      return ok(responseType);
    }
    const contexts = body['configListenContexts'] as Json[];
    for (const context of contexts) {
      if (body['listen'] === true) peer.listens.set(idOf(context), context['md5'] as string);
      else peer.listens.delete(idOf(context));
    }
    const changed = contexts.filter((context) => context['md5'] !== (this.cache.get(idOf(context))?.md5 ?? ''));
    return ok(responseType, { changedConfigs: body['listen'] === true ? changed : [] });
  }

  #stream(call: Stream): void {
    const peer = call.getPeer();
    const forget = (): void => {
      if (this.#peers.delete(peer)) this.naming.disconnected(peer);
    };
    call.on('data', (message: Payload) => {
      const type = `stream:${message.type}`;
      const body = JSON.parse(message.body) as Json;
      this.received.push({ type, body, headers: { ...message.headers } });
      if (message.type !== 'ConnectionSetupRequest') return;
      const { module } = body['labels'] as { module: string };
      this.#peers.set(peer, { stream: call, listens: new Map(), module });
      if (this.#options.generation === 1 || this.faults.loseSetupAck) return;
      const fuzzyWatch = (this.#options.generation ?? 3) === 3;
      call.write(payload('SetupAckRequest', { abilityTable: { supportPersistentInstanceByGrpc: true, fuzzyWatch } }));
    });
    call.on('end', () => call.end());
    call.on('cancelled', forget);
    call.on('close', forget);
    call.on('error', forget);
  }

  #isAllowed(token: string | string[] | undefined): boolean {
    return this.password === undefined || (typeof token === 'string' && this.#tokens.has(token));
  }

  async #answerHttp(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '', 'http://fake');
    let form = '';
    for await (const chunk of request) form += String(chunk);
    const send = (status: number, body: unknown): void => {
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    };
    const isV3 = (this.#options.generation ?? 3) === 3;
    const path = url.pathname.replace(/^\/nacos/, '');
    if (path === (isV3 ? '/v3/auth/user/login' : '/v1/auth/users/login')) return this.#loginOver(form, send);
    if (isV3 && path === '/v3/admin/core/state') return send(200, { code: 0, data: { version: '3.1.0' } });
    if (!isV3 && path === '/v1/console/server/state') return send(200, { version: '2.3.2' });
    if (path !== (isV3 ? '/v3/admin/cs/config' : '/v1/cs/configs') || !this.faults.adminApi)
      return send(404, { status: 404 });
    if (!this.#isAllowed(request.headers['accesstoken'])) return send(403, { status: 403 });
    const { searchParams: query } = url;
    const namespaceId = query.get('namespaceId') ?? query.get('tenant') ?? '';
    const id = idOf({
      tenant: namespaceId,
      group: query.get('groupName') ?? query.get('group'),
      dataId: query.get('dataId'),
    });
    const found = this.database.get(id);
    if (!found) return isV3 ? send(404, { code: 20_004 }) : void response.writeHead(200).end();
    const detail = {
      ...found,
      modifyTime: found.lastModified,
      configTags: found.tags,
      createUser: 'someone',
      createIp: '::1',
    };
    send(200, isV3 ? { code: 0, data: detail } : detail);
  }

  #loginOver(form: string, send: (status: number, body: unknown) => void): void {
    const fields = new URLSearchParams(form);
    this.logins.push(fields.get('password') ?? '');
    const isRight = fields.get('username') === username && fields.get('password') === this.password;
    if (this.password !== undefined && !isRight) return send(403, { status: 403 });
    const accessToken = randomUUID();
    this.#tokens.add(accessToken);
    send(200, { accessToken, tokenTtl: this.#options.tokenTtlSeconds ?? 18_000, globalAdmin: true });
  }
}

const responseTypes: Readonly<Record<string, string | undefined>> = {
  ConfigQueryRequest: 'ConfigQueryResponse',
  ConfigPublishRequest: 'ConfigPublishResponse',
  ConfigRemoveRequest: 'ConfigRemoveResponse',
  ConfigBatchListenRequest: 'ConfigChangeBatchListenResponse',
  BatchInstanceRequest: 'BatchInstanceResponse',
  InstanceRequest: 'InstanceResponse',
  PersistentInstanceRequest: 'InstanceResponse',
  SubscribeServiceRequest: 'SubscribeServiceResponse',
  ServiceQueryRequest: 'QueryServiceResponse',
  ServiceListRequest: 'ServiceListResponse',
};

function idOf(fields: Json): string {
  const { tenant, group, dataId } = fields;
  const namespaceId = typeof tenant === 'string' && tenant !== 'public' ? tenant : '';
  return `${namespaceId} ${String(group)} ${String(dataId)}`;
}

function payload(type: string, body: Json): Payload {
  return { type, clientIp: '', headers: {}, body: JSON.stringify(body) };
}

function md5(content: string): string {
  return createHash('md5').update(content, 'utf8').digest('hex');
}
