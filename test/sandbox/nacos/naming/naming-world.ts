/**
 * The naming part alone, with connections that a test opens and closes, a clock that it moves, and the HTTP routes.
 */
import assert from 'node:assert/strict';
import { silentLogger } from '../../../../operator/logger.ts';
import type { Generation } from '../../../../sandbox/nacos/generation.ts';
import { createNaming } from '../../../../sandbox/nacos/naming/naming.ts';
import type { Naming } from '../../../../sandbox/nacos/naming/naming.ts';
import { Refusal } from '../../../../sandbox/nacos/refusal.ts';
import type { Json, RpcConnection } from '../../../../sandbox/nacos/rpc.ts';
import { RpcDispatcher } from '../../../../sandbox/nacos/rpc-dispatcher.ts';
import { FakeClock } from '../../../fake-clock.ts';

export class NamingWorld {
  readonly clock = new FakeClock();
  readonly naming: Naming;

  constructor(generation: Generation = '3.1') {
    this.naming = createNaming({ clock: this.clock, log: silentLogger, generation });
  }

  connect(module = 'naming'): Client {
    return new Client(this.naming, module);
  }

  /** The body of the answer. @throws Refusal */
  async http(operation: string, parameters: Readonly<Record<string, string>> = {}): Promise<unknown> {
    const handler = this.naming.routes[operation];
    if (!handler) throw new Error(`no route ${operation}`);
    const request = { parameters, headers: {}, clientIp: '127.0.0.1', username: undefined, stale: false };
    return JSON.parse(JSON.stringify((await handler(request)).body)) as unknown;
  }

  async refusal(operation: string, parameters: Readonly<Record<string, string>> = {}): Promise<Refusal> {
    const error: unknown = await this.http(operation, parameters).then(
      () => undefined,
      (reason: unknown) => reason,
    );
    assert.ok(error instanceof Refusal, String(error));
    return error;
  }

  /** Lets what is gathered be pushed. */
  push(): Promise<void> {
    return this.clock.advance(500);
  }
}

let lastId = 0;

/** A client over gRPC that acknowledges what it is told. */
export class Client {
  readonly pushes: { readonly type: string; readonly body: Json }[] = [];
  /** @default true */
  acknowledges = true;
  readonly connection: RpcConnection;
  readonly #naming: Naming;
  readonly #dispatcher: RpcDispatcher;

  constructor(naming: Naming, module: string) {
    this.#naming = naming;
    this.#dispatcher = new RpcDispatcher({ parts: [naming.part], identify: () => undefined });
    lastId += 1;
    this.connection = {
      id: `1_127.0.0.1_${lastId}`,
      clientIp: '127.0.0.1',
      module,
      end: () => this.close(),
      request: (type, body) => {
        this.pushes.push({ type, body });
        return this.acknowledges ? Promise.resolve({}) : Promise.reject(new Error('silent'));
      },
    };
  }

  async call(type: string, body: Json, stale = false): Promise<Json> {
    const service = { namespace: 'public', groupName: 'shop', serviceName: 'orders' };
    const payload = { type, clientIp: '', headers: {}, body: JSON.stringify({ ...service, ...body }) };
    return this.#dispatcher.answer(payload, this.connection, stale).body;
  }

  register(instance: Json, service: Json = {}): Promise<Json> {
    return this.call('InstanceRequest', { type: 'registerInstance', instance, ...service });
  }

  deregister(service: Json = {}): Promise<Json> {
    return this.call('InstanceRequest', { type: 'deregisterInstance', instance: {}, ...service });
  }

  batch(instances: readonly Json[], service: Json = {}): Promise<Json> {
    return this.call('BatchInstanceRequest', { type: 'batchRegisterInstance', instances, ...service });
  }

  subscribe(service: Json = {}): Promise<Json> {
    return this.call('SubscribeServiceRequest', { subscribe: true, clusters: '', ...service });
  }

  /** Addresses, as a query gives them. */
  async query(body: Json = {}): Promise<string[]> {
    return addressesOf((await this.call('ServiceQueryRequest', { cluster: '', ...body }))['serviceInfo']);
  }

  /** The addresses of each push so far. */
  get told(): string[][] {
    return this.pushes.map(({ body }) => addressesOf(body['serviceInfo']));
  }

  close(): void {
    this.#naming.part.connectionClosed(this.connection);
  }
}

export function instance(ip: string, more: Json = {}): Json {
  const state = { weight: 1, healthy: true, enabled: true, ephemeral: true };
  return { ip, port: 80, ...state, clusterName: 'DEFAULT', metadata: {}, ...more };
}

export function hostsOf(info: unknown): Json[] {
  return [...(info as { hosts: Json[] }).hosts];
}

function addressesOf(info: unknown): string[] {
  return hostsOf(info).map(({ ip }) => String(ip));
}
