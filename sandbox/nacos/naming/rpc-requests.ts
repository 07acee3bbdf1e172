/**
 * The naming requests over gRPC: registrations, subscriptions and questions, as Nacos 2.3 and 3.1 answer them.
 *
 * One publication for each connection and service: a single instance or a batch replaces it, a deregistration drops it
 * whatever instance it names. Persistent instances are apart, one for each address.
 */
import type { Generation } from '../generation.ts';
import { errorResponse, refused, succeeded } from '../rpc-answers.ts';
import type { Json, RpcAnswer, RpcConnection, RpcPart, RpcRequest } from '../rpc.ts';
import type { FuzzyWatches } from './fuzzy-watch.ts';
import { checkLegal, createHost, instanceOf } from './host.ts';
import type { Host } from './host.ts';
import { addressClientId } from './naming-client.ts';
import type { NamingClient } from './naming-client.ts';
import { checkParameters } from './parameter-rules.ts';
import type { Pusher } from './pusher.ts';
import { IllegalParameter, MalformedRequest, Refusal, RefusedOperation } from './refusal.ts';
import type { Registry } from './registry.ts';
import type { ServiceInfo, ServiceInfos } from './service-info.ts';
import type { ServiceKey } from './service-key.ts';
import { emptyView } from './service.ts';
import type { Subscriptions } from './subscriptions.ts';

export interface RpcRequestsOptions {
  readonly generation: Generation;
  readonly registry: Registry;
  readonly subscriptions: Subscriptions;
  readonly pusher: Pusher;
  readonly fuzzyWatches: FuzzyWatches;
  readonly infos: ServiceInfos;
}

type Handler = (request: RpcRequest) => RpcAnswer;

const codes = { invalidParameter: 400, clientDisconnected: -401, serverError: 500 } as const;

export class RpcRequests {
  readonly handlers: RpcPart['handlers'];
  readonly #options: RpcRequestsOptions;

  constructor(options: RpcRequestsOptions) {
    this.#options = options;
    const handlers: Record<string, Handler> = {
      InstanceRequest: (request) => this.#instance(request),
      BatchInstanceRequest: (request) => this.#batch(request),
      PersistentInstanceRequest: (request) => this.#persistent(request),
      SubscribeServiceRequest: (request) => this.#subscribe(request),
      ServiceQueryRequest: (request) => this.#query(request),
      ServiceListRequest: (request) => this.#list(request),
    };
    if (options.generation === '3.1') handlers['NamingFuzzyWatchRequest'] = (request) => this.#fuzzyWatch(request);
    const entries = Object.entries(handlers).map(([type, handler]) => [type, this.#guarded(handler)] as const);
    this.handlers = Object.fromEntries(entries);
  }

  #instance(request: RpcRequest): RpcAnswer {
    const { registry } = this.#options;
    const key = keyOf(request.body);
    const raw = objectOf(request.body['instance']);
    const type = textOf(request.body['type']);
    requireKnown(type, ['registerInstance', 'deregisterInstance']);
    if (type === 'deregisterInstance') {
      if (!raw) throw new MalformedRequest('Instance can not be null.');
      const service = registry.find(key);
      if (service) registry.withdraw(service, this.#clientOf(request));
      return succeeded('InstanceResponse', { type });
    }
    const host = this.#hostOf(raw, key, true);
    checkLegal(host);
    requireNames(key);
    const service = registry.obtain(key, true);
    registry.requireKind(service, true);
    registry.publish(service, this.#clientOf(request), { hosts: [host], isBatch: false });
    return succeeded('InstanceResponse', { type });
  }

  #batch(request: RpcRequest): RpcAnswer {
    const { registry } = this.#options;
    const key = keyOf(request.body);
    const instances = request.body['instances'];
    const type = textOf(request.body['type']);
    requireKnown(type, ['batchRegisterInstance']);
    if (!Array.isArray(instances)) throw new MalformedRequest('instances must be a list');
    requireNames(key);
    const service = registry.obtain(key, true);
    registry.requireKind(service, true, 'batch register');
    const hosts = instances.map((raw) => this.#hostOf(objectOf(raw), key, true));
    registry.publish(service, this.#clientOf(request), { hosts, isBatch: true });
    return succeeded('BatchInstanceResponse', { type });
  }

  #persistent({ body }: RpcRequest): RpcAnswer {
    const { registry } = this.#options;
    const key = keyOf(body);
    const host = this.#hostOf(objectOf(body['instance']), key, false);
    const type = textOf(body['type']);
    requireKnown(type, ['registerInstance', 'deregisterInstance']);
    requireNames(key);
    const service = registry.obtain(key, false);
    const id = addressClientId(host.ip, host.port, false);
    if (type === 'deregisterInstance') {
      const client = registry.clients.get(id);
      if (client) registry.withdraw(service, client);
      return succeeded('InstanceResponse', { type });
    }
    registry.requireKind(service, false);
    registry.publish(service, registry.client(id, 'persistent'), { hosts: [host], isBatch: false });
    return succeeded('InstanceResponse', { type });
  }

  #subscribe(request: RpcRequest): RpcAnswer {
    const { pusher, subscriptions } = this.#options;
    const { body, connection, stale } = request;
    const key = keyOf(body);
    const clusters = textOf(body['clusters']);
    requireNames(key);
    const serviceInfo = this.#infoOf(key, clusters, false, stale);
    this.#clientOf(request);
    const subscription = { key, connection, clusters };
    if (body['subscribe'] === false) subscriptions.remove(subscription);
    else if (subscriptions.add(subscription)) pusher.subscribed(key, connection.id);
    return succeeded('SubscribeServiceResponse', { message: 'success', serviceInfo });
  }

  #query({ body, stale }: RpcRequest): RpcAnswer {
    const serviceInfo = this.#infoOf(keyOf(body), textOf(body['cluster']), body['healthyOnly'] === true, stale);
    return succeeded('QueryServiceResponse', { serviceInfo });
  }

  #list({ body }: RpcRequest): RpcAnswer {
    const { group, namespaceId } = keyOf(body);
    const names: string[] = [];
    for (const { key } of this.#options.registry.servicesOf(namespaceId)) if (key.group === group) names.push(key.name);
    const size = Number(body['pageSize'] ?? 0);
    const start = Math.max(0, (Number(body['pageNo'] ?? 0) - 1) * size);
    return succeeded('ServiceListResponse', { count: names.length, serviceNames: names.slice(start, start + size) });
  }

  #fuzzyWatch({ body, connection }: RpcRequest): RpcAnswer {
    const { fuzzyWatches } = this.#options;
    const type = textOf(body['watchType']);
    requireKnown(type, ['WATCH', 'CANCEL_WATCH']);
    const pattern = textOf(body['groupKeyPattern']);
    if (type === 'CANCEL_WATCH') {
      fuzzyWatches.cancel(pattern, connection.id);
      return succeeded('NamingFuzzyWatchResponse');
    }
    const received = Array.isArray(body['receivedGroupKeys']) ? body['receivedGroupKeys'].map(String) : [];
    const limit = fuzzyWatches.watch(pattern, connection, received, body['initializing'] === true);
    if (limit) return refused('NamingFuzzyWatchRequest', limit.code, limit.message);
    return succeeded('NamingFuzzyWatchResponse');
  }

  #infoOf(key: ServiceKey, clusters: string, healthyOnly: boolean, stale: boolean): ServiceInfo {
    const service = this.#options.registry.find(key);
    const view = (stale ? service?.staleView : service?.view) ?? emptyView;
    return this.#options.infos.of(key, view, service?.settings, { clusters, healthyOnly });
  }

  #hostOf(raw: Json | undefined, key: ServiceKey, ephemeral: boolean): Host {
    if (!raw) throw new Refusal('instance error', 'Instance can not be null.');
    return createHost(instanceOf(raw, key, ephemeral), this.#options.generation);
  }

  /** Checks the parameters first, and says every refusal as the server does. */
  #guarded(handler: Handler): Handler {
    return (request) => {
      const { connection, type } = request;
      if (isNamingClient(connection)) this.#options.registry.client(connection.id, 'connection', connection);
      try {
        checkRequest(request.body);
        return handler(request);
      } catch (error) {
        if (error instanceof IllegalParameter) {
          return refused(type, codes.invalidParameter, `Param check invalid:${error.message}`);
        }
        if (error instanceof RefusedOperation) return errorResponse(error.errorCode, error.message, error.errorCode);
        if (error instanceof Refusal) {
          return errorResponse(codes.invalidParameter, error.message, codes.invalidParameter);
        }
        if (error instanceof MalformedRequest) return errorResponse(codes.serverError, error.message);
        throw error;
      }
    };
  }

  /** @throws RefusedOperation when the connection is none of a naming client. */
  #clientOf({ connection }: RpcRequest): NamingClient {
    if (isNamingClient(connection)) {
      return this.#options.registry.client(connection.id, 'connection', connection);
    }
    const rule = `Client [${connection.id}] connection already disconnect, can't register ephemeral instance.`;
    throw new RefusedOperation(codes.clientDisconnected, rule);
  }
}

/** It said so in its setup. */
function isNamingClient({ labels }: RpcConnection): boolean {
  return labels['module'] === 'naming';
}

function checkRequest(body: Json): void {
  const { namespace: namespaceId, serviceName, groupName: group, clusters, cluster, instance, instances } = body;
  checkParameters({ namespaceId, serviceName, group, clusters: clusters ?? cluster });
  for (const raw of Array.isArray(instances) ? instances : [instance]) {
    const member = objectOf(raw);
    if (!member) continue;
    const { clusterName, ip, metadata, port } = member;
    checkParameters({ cluster: clusterName, ip, port, metadata });
  }
}

function requireKnown(type: string, known: readonly string[]): void {
  if (!known.includes(type)) throw new Refusal('parameter validate error', `Unsupported request type ${type}`);
}

function requireNames(key: ServiceKey): void {
  if (key.name.trim() === '') throw new MalformedRequest(`Param 'serviceName' is illegal, serviceName is blank`);
  if (key.group.trim() === '') throw new MalformedRequest(`Param 'groupName' is illegal, groupName is blank`);
}

function keyOf(body: Json): ServiceKey {
  const { namespace, groupName, serviceName } = body;
  return { namespaceId: textOf(namespace), group: textOf(groupName), name: textOf(serviceName) };
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function objectOf(value: unknown): Json | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : undefined;
}
