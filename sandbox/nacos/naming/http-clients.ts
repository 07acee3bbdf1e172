/**
 * The naming clients over HTTP: who there is, what each publishes and subscribes to, and who publishes and subscribes to a
 * service.
 */
import type { HttpRoute } from '../http-route.ts';
import type { RpcConnection } from '../rpc.ts';
import type { HttpFamily } from './http-family.ts';
import type { HttpParameters } from './http-parameters.ts';
import type { Host } from './host.ts';
import type { NamingClient } from './naming-client.ts';
import { Refusal } from './refusal.ts';
import type { Registry } from './registry.ts';
import type { ServiceKey } from './service-key.ts';
import type { Subscriptions } from './subscriptions.ts';

/** v2 and v3 tell the same in different words. */
type IsV3 = boolean;

export class ClientRoutes {
  readonly #registry: Registry;
  readonly #subscriptions: Subscriptions;

  constructor(registry: Registry, subscriptions: Subscriptions) {
    this.#registry = registry;
    this.#subscriptions = subscriptions;
  }

  of(family: HttpFamily): HttpRoute[] {
    const isV3 = family.name === 'v3';
    return [
      family.route('GET', '/client/list', () => [...this.#registry.clients.keys()]),
      family.route('GET', '/client', (parameters) => clientDetail(this.#clientOf(parameters), isV3)),
      family.route('GET', '/client/publish/list', (parameters) => this.#published(this.#clientOf(parameters), isV3)),
      family.route('GET', '/client/subscribe/list', (parameters) => this.#subscribed(this.#clientOf(parameters), isV3)),
      family.route('GET', '/client/service/publisher/list', (parameters) => this.#publishers(parameters, isV3)),
      family.route('GET', '/client/service/subscriber/list', (parameters) => this.#subscribers(parameters, isV3)),
    ];
  }

  #clientOf(parameters: HttpParameters): NamingClient {
    const id = parameters.required('clientId');
    const client = this.#registry.clients.get(id);
    if (client) return client;
    throw new Refusal('resource not found', `clientId [ ${id} ] not exist`);
  }

  #published({ id, services }: NamingClient, isV3: IsV3): unknown[] {
    return [...services].flatMap(({ key, publications }) => {
      return (publications.get(id)?.hosts ?? []).map((host) => {
        if (!isV3) return { ...namesOfV2(key), registeredInstance: addressOf(host, isV3) };
        return { ...namesOf(key), publisherInfo: { clientId: null, ...addressOf(host, isV3) }, subscriberInfo: null };
      });
    });
  }

  #subscribed({ id }: NamingClient, isV3: IsV3): unknown[] {
    return [...this.#subscriptions.ofConnection(id)].map(({ connection, key }) => {
      const { clientIp, clientVersion: agent } = connection;
      if (!isV3) return { ...namesOfV2(key), subscriberInfo: { app: 'unknown', agent, addr: clientIp } };
      return { ...namesOf(key), publisherInfo: null, subscriberInfo: { clientId: null, ...subscriberOf(connection) } };
    });
  }

  #publishers(parameters: HttpParameters, isV3: IsV3): unknown[] {
    const publications = [...(this.#registry.find(parameters.service)?.publications ?? [])];
    return publications.flatMap(([clientId, { hosts }]) => {
      const wanted = hosts.filter(({ ip, port }) => isAsked(parameters, isV3, ip, port));
      return wanted.map((host) => {
        return isV3 ? { clientId, ...addressOf(host, isV3) } : { ...addressOf(host, isV3), clientId };
      });
    });
  }

  #subscribers(parameters: HttpParameters, isV3: IsV3): unknown[] {
    const found = [...this.#subscriptions.of(parameters.service)];
    const wanted = found.filter(({ connection }) => isAsked(parameters, isV3, connection.clientIp, 0));
    return wanted.map(({ connection }) => {
      const { clientIp: ip, id: clientId } = connection;
      return isV3 ? { clientId, ...subscriberOf(connection) } : { clientId, ip, port: 0 };
    });
  }
}

/** v3 asks for all when no address is given, v2 for none. */
function isAsked(parameters: HttpParameters, isV3: IsV3, ip: string, port: number): boolean {
  const given = { ip: parameters.text('ip'), port: parameters.text('port') };
  const anyIp = isV3 && given.ip === '';
  const anyPort = isV3 && given.port === '';
  return (anyIp || given.ip === ip) && (anyPort || given.port === String(port));
}

function clientDetail({ connection, id, kind, lastUpdatedMs }: NamingClient, isV3: IsV3): unknown {
  const common = { clientId: id, ephemeral: kind !== 'persistent', lastUpdatedTime: lastUpdatedMs };
  const appName = connection?.labels['AppName'] ?? 'unknown';
  if (connection) {
    const { clientIp, clientVersion: version } = connection;
    const port = id.split('_').at(-1) ?? '';
    const clientPort = isV3 ? Number(port) : port;
    return { ...common, clientType: 'connection', connectType: 'GRPC', appName, version, clientIp, clientPort };
  }
  const clientType = 'ipPort';
  const nobody = { connectType: null, appName: null, version: null, clientIp: null, clientPort: 0 };
  if (isV3) return { ...common, clientType, ...nobody };
  const [address = ''] = id.split('#');
  const at = address.lastIndexOf(':');
  return { ...common, clientType, clientIp: address.slice(0, at), clientPort: address.slice(at + 1) };
}

function namesOf({ group: groupName, name: serviceName, namespaceId }: ServiceKey): Record<string, string> {
  return { namespaceId, groupName, serviceName };
}

function namesOfV2({ group, name: serviceName, namespaceId: namespace }: ServiceKey): Record<string, string> {
  return { namespace, group, serviceName };
}

function addressOf({ clusterName, ip, port }: Host, isV3: IsV3): Record<string, string | number> {
  return { ip, port, [isV3 ? 'clusterName' : 'cluster']: clusterName };
}

function subscriberOf({ clientIp: address, clientVersion: agent, labels }: RpcConnection): Record<string, string> {
  return { appName: labels['AppName'] ?? 'unknown', agent, address };
}
