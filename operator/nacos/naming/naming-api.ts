/**
 * The naming requests of the gRPC protocol, one message each, without any memory.
 *
 * A server keeps one slot for each connection and service. A batch replaces the slot, a deregistration drops it, whatever
 * instance it names (Nacos 2.1.1 to 3.1); persistent instances are apart from it, by address and port.
 */
import { BridgeError, isBridgeError } from '../../errors.ts';
import type { Connection } from '../transport/connection.ts';
import { type JsonObject, listOf, numberOf, textOf } from '../transport/json-object.ts';
import { type InstanceList, wireInstance } from './naming-instance-list.ts';
import { parseServiceInfo } from './naming-service-info.ts';
import { describeService, normaliseService } from './naming-service-key.ts';
import type { Instance, ServiceInfo, ServiceKey } from './naming-types.ts';
import type { RpcCaller } from '../transport/rpc-caller.ts';

export interface QueryOptions {
  readonly healthyOnly?: boolean;
  /** Of these clusters only. */
  readonly clusters?: readonly string[];
}

export interface ListOptions {
  readonly namespaceId: string;
  readonly group: string;
  /** From 1. The order of services is the server's, and not stable. */
  readonly pageNo: number;
  readonly pageSize: number;
}

export class NamingApi {
  readonly #caller: RpcCaller;

  constructor(caller: RpcCaller) {
    this.#caller = caller;
  }

  /**
   * Replaces what this connection has registered for the service.
   *
   * @throws NACOS_INVALID when one instance breaks a rule: nothing has changed then. NACOS_UNSUPPORTED before 2.1.1.
   */
  async register(connection: Connection, { instances, service }: InstanceList): Promise<void> {
    const description = `registration of ${describeService(service)}`;
    try {
      await this.#caller.call({
        operation: 'naming_register',
        description,
        type: 'BatchInstanceRequest',
        responseType: 'BatchInstanceResponse',
        body: { ...fieldsOf(service), type: 'batchRegisterInstance', instances },
        connection,
      });
    } catch (cause) {
      if (!isBridgeError(cause, 'NACOS_UNSUPPORTED')) throw cause;
      const message = `${description}: the server cannot register several instances at once; Nacos 2.1.1 or newer must serve`;
      throw new BridgeError('NACOS_UNSUPPORTED', message, { cause });
    }
  }

  /** Drops all that this connection has registered for the service. */
  async deregister(connection: Connection, { instances, service }: InstanceList): Promise<void> {
    await this.#caller.call({
      operation: 'naming_deregister',
      description: `deregistration of ${describeService(service)}`,
      type: 'InstanceRequest',
      responseType: 'InstanceResponse',
      // The server wants an instance and does not look which.
      body: { ...fieldsOf(service), type: 'deregisterInstance', instance: instances[0] },
      connection,
    });
  }

  /** Begins or ends the pushes to this connection, and says what there is now. */
  async subscribe(connection: Connection, service: ServiceKey, subscribe: boolean): Promise<ServiceInfo> {
    const body = await this.#caller.call({
      operation: subscribe ? 'naming_subscribe' : 'naming_unsubscribe',
      description: `${subscribe ? 'subscription to' : 'end of the subscription to'} ${describeService(service)}`,
      type: 'SubscribeServiceRequest',
      responseType: 'SubscribeServiceResponse',
      body: { ...fieldsOf(service), subscribe, clusters: '' },
      connection,
    });
    return parseServiceInfo(body?.['serviceInfo']);
  }

  /** A service that does not exist has no hosts. */
  async query(service: ServiceKey, { clusters = [], healthyOnly = false }: QueryOptions): Promise<ServiceInfo> {
    const body = await this.#caller.call({
      operation: 'naming_query',
      description: `query of ${describeService(service)}`,
      type: 'ServiceQueryRequest',
      responseType: 'QueryServiceResponse',
      body: { ...fieldsOf(service), cluster: clusters.join(','), healthyOnly, udpPort: 0 },
    });
    return parseServiceInfo(body?.['serviceInfo']);
  }

  async list({ pageNo, pageSize, ...options }: ListOptions): Promise<{ count: number; serviceNames: string[] }> {
    const { namespaceId, group } = normaliseService({ ...options, serviceName: '' });
    const body = await this.#caller.call({
      operation: 'naming_list',
      description: `list of the services of ${group}`,
      type: 'ServiceListRequest',
      responseType: 'ServiceListResponse',
      body: { namespace: namespaceId, serviceName: '', groupName: group, pageNo, pageSize },
    });
    return { count: numberOf(body?.['count']), serviceNames: listOf(body?.['serviceNames']).map(textOf) };
  }

  /** @throws NACOS_UNSUPPORTED before 2.3. */
  async changePersistent(change: 'register' | 'deregister', service: ServiceKey, instance: Instance): Promise<void> {
    await this.#caller.call({
      operation: `naming_${change}_persistent`,
      description: `${change === 'register' ? 'registration' : 'deregistration'} of a persistent instance of ${describeService(service)}`,
      type: 'PersistentInstanceRequest',
      responseType: 'InstanceResponse',
      body: { ...fieldsOf(service), type: `${change}Instance`, instance: wireInstance(service, instance, false) },
      ability: {
        name: 'supportPersistentInstanceByGrpc',
        words: 'persistent instances over gRPC, which Nacos 2.3 has',
      },
    });
  }
}

function fieldsOf(service: ServiceKey): JsonObject {
  const { namespaceId, group, serviceName } = normaliseService(service);
  return { namespace: namespaceId, serviceName, groupName: group };
}
