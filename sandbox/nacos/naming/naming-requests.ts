/**
 * The naming requests over gRPC: registrations, subscriptions and questions.
 *
 * One publication for each connection and service: a single instance or a batch replaces it, a deregistration drops it
 * whatever instance it names. Persistent instances are apart, one for each address.
 */
import { checkParameters } from '../parameter-rules.ts';
import { Refusal } from '../refusal.ts';
import { textOf } from '../rpc.ts';
import type { Json, RpcConnection, RpcPart } from '../rpc.ts';
import { checkLegal, hostOf } from './host.ts';
import type { Pusher } from './pusher.ts';
import { addressClientId } from './registry.ts';
import type { Registry } from './registry.ts';
import { serviceInfo } from './service-info.ts';
import type { Selection, ServiceInfo } from './service-info.ts';
import type { ServiceKey } from './service-key.ts';
import type { Subscriptions } from './subscriptions.ts';

export interface NamingRequestsOptions {
  readonly registry: Registry;
  readonly subscriptions: Subscriptions;
  readonly pusher: Pusher;
  readonly now: () => number;
}

export function namingRequests({ now, pusher, registry, subscriptions }: NamingRequestsOptions): RpcPart['handlers'] {
  return {
    InstanceRequest({ body, connection }) {
      const key = keyOf(body);
      const isRegistration = isRegistered(body);
      const host = hostOf(body['instance'], key, true);
      if (!isRegistration) {
        registry.withdraw(key, connection.id);
        return { type: body['type'] };
      }
      checkLegal(host);
      requireNames(key);
      const service = registry.obtain(key, true);
      requireNaming(connection);
      registry.publish(service, connection.id, 'connection', [host]);
      return { type: body['type'] };
    },

    BatchInstanceRequest({ body, connection }) {
      const key = keyOf(body);
      const { instances, type } = body;
      if (type !== 'batchRegisterInstance')
        throw new Refusal('server error', `Unsupported request type ${String(type)}`);
      if (!Array.isArray(instances)) throw new Refusal('server error', 'instances must be a list');
      const hosts = instances.map((raw) => hostOf(raw, key, true));
      requireNames(key);
      const service = registry.obtain(key, true, 'batch register');
      requireNaming(connection);
      registry.publish(service, connection.id, 'connection', hosts);
      return { type };
    },

    PersistentInstanceRequest({ body }) {
      const key = keyOf(body);
      const isRegistration = isRegistered(body);
      const host = hostOf(body['instance'], key, false);
      const id = addressClientId(host.ip, host.port, false);
      requireNames(key);
      if (isRegistration) registry.publish(registry.obtain(key, false), id, 'persistent', [host]);
      else registry.withdraw(key, id);
      return { type: body['type'] };
    },

    SubscribeServiceRequest({ body, connection, stale }) {
      const key = keyOf(body);
      const clusters = textOf(body['clusters']) ?? '';
      requireNames(key);
      requireNaming(connection);
      const subscription = { key, connection, clusters };
      if (body['subscribe'] === false) subscriptions.remove(subscription);
      else if (subscriptions.add(subscription)) pusher.subscribed(key, connection.id);
      return { serviceInfo: infoOf(key, { clusters }, stale) };
    },

    ServiceQueryRequest({ body, stale }) {
      const selection = { clusters: textOf(body['cluster']) ?? '', healthyOnly: body['healthyOnly'] === true };
      return { serviceInfo: infoOf(keyOf(body), selection, stale) };
    },

    ServiceListRequest({ body }) {
      const { group, namespaceId } = keyOf(body);
      const services = registry.servicesOf(namespaceId).filter(({ key }) => key.group === group);
      const size = Number(body['pageSize'] ?? 0);
      const start = Math.max(0, (Number(body['pageNo'] ?? 0) - 1) * size);
      return { count: services.length, serviceNames: services.slice(start, start + size).map(({ key }) => key.name) };
    },
  };

  function infoOf(key: ServiceKey, selection: Selection, stale: boolean): ServiceInfo {
    return serviceInfo(key, registry.find(key)?.hosts(stale) ?? [], selection, now());
  }
}

/** Only a connection that said so in its setup is a naming client. @throws Refusal */
function requireNaming({ id, module }: RpcConnection): void {
  if (module === 'naming') return;
  const rule = `Client [${id}] connection already disconnect, can't register ephemeral instance.`;
  throw new Refusal('client disconnected', `errCode: -401, errMsg: ${rule} `);
}

/** @throws Refusal */
function keyOf({ cluster, clusters, groupName, namespace, serviceName }: Json): ServiceKey {
  checkParameters({ namespaceId: namespace, group: groupName, serviceName, clusters: clusters ?? cluster });
  return { namespaceId: textOf(namespace) ?? '', group: textOf(groupName) ?? '', name: textOf(serviceName) ?? '' };
}

/** Or deregistered. @throws Refusal */
function isRegistered({ type }: Json): boolean {
  if (type === 'registerInstance' || type === 'deregisterInstance') return type === 'registerInstance';
  throw new Refusal('server error', `Unsupported request type ${String(type)}`);
}

/** @throws Refusal */
function requireNames({ group, name }: ServiceKey): void {
  if (name.trim() === '') throw new Refusal('server error', `Param 'serviceName' is illegal, serviceName is blank`);
  if (group.trim() === '') throw new Refusal('server error', `Param 'groupName' is illegal, groupName is blank`);
}
