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
import type { RpcCaller, RpcKind } from '../transport/rpc-caller.ts';

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

const persistent = {
  type: 'PersistentInstanceRequest',
  responseType: 'InstanceResponse',
  ability: { name: 'supportPersistentInstanceByGrpc', words: 'persistent instances over gRPC, which Nacos 2.3 has' },
};
const subscription = { type: 'SubscribeServiceRequest', responseType: 'SubscribeServiceResponse' };
const kinds = {
  register: { operation: 'naming_register', type: 'BatchInstanceRequest', responseType: 'BatchInstanceResponse' },
  deregister: { operation: 'naming_deregister', type: 'InstanceRequest', responseType: 'InstanceResponse' },
  registerPersistent: { operation: 'naming_register_persistent', ...persistent },
  deregisterPersistent: { operation: 'naming_deregister_persistent', ...persistent },
  subscribe: { operation: 'naming_subscribe', ...subscription },
  unsubscribe: { operation: 'naming_unsubscribe', ...subscription },
  query: { operation: 'naming_query', type: 'ServiceQueryRequest', responseType: 'QueryServiceResponse' },
  list: { operation: 'naming_list', type: 'ServiceListRequest', responseType: 'ServiceListResponse' },
} as const satisfies Record<string, RpcKind>;

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
    const body = { ...fieldsOf(service), type: 'batchRegisterInstance', instances };
    try {
      await this.#caller.call(kinds.register, description, body, { connection });
    } catch (cause) {
      if (!isBridgeError(cause, 'NACOS_UNSUPPORTED')) throw cause;
      const message = `${description}: the server cannot register several instances at once; Nacos 2.1.1 or newer must serve`;
      throw new BridgeError('NACOS_UNSUPPORTED', message, { cause });
    }
  }

  /** Drops all that this connection has registered for the service. */
  async deregister(connection: Connection, { instances, service }: InstanceList): Promise<void> {
    // The server wants an instance and does not look which.
    const body = { ...fieldsOf(service), type: 'deregisterInstance', instance: instances[0] };
    await this.#caller.call(kinds.deregister, `deregistration of ${describeService(service)}`, body, { connection });
  }

  /** Begins or ends the pushes to this connection, and says what there is now. */
  async subscribe(connection: Connection, service: ServiceKey, subscribe: boolean): Promise<ServiceInfo> {
    const kind = subscribe ? kinds.subscribe : kinds.unsubscribe;
    const description = `${subscribe ? 'subscription to' : 'end of the subscription to'} ${describeService(service)}`;
    const body = { ...fieldsOf(service), subscribe, clusters: '' };
    const answer = await this.#caller.call(kind, description, body, { connection });
    return parseServiceInfo(answer?.['serviceInfo']);
  }

  /** A service that does not exist has no hosts. */
  async query(service: ServiceKey, { clusters = [], healthyOnly = false }: QueryOptions): Promise<ServiceInfo> {
    const body = { ...fieldsOf(service), cluster: clusters.join(','), healthyOnly, udpPort: 0 };
    const answer = await this.#caller.call(kinds.query, `query of ${describeService(service)}`, body);
    return parseServiceInfo(answer?.['serviceInfo']);
  }

  async list({ pageNo, pageSize, ...options }: ListOptions): Promise<{ count: number; serviceNames: string[] }> {
    const body = { ...fieldsOf({ ...options, serviceName: '' }), pageNo, pageSize };
    const answer = await this.#caller.call(kinds.list, `list of the services of ${options.group}`, body);
    return { count: numberOf(answer?.['count']), serviceNames: listOf(answer?.['serviceNames']).map(textOf) };
  }

  /** @throws NACOS_UNSUPPORTED before 2.3. */
  async changePersistent(change: 'register' | 'deregister', service: ServiceKey, instance: Instance): Promise<void> {
    const kind = change === 'register' ? kinds.registerPersistent : kinds.deregisterPersistent;
    const what = change === 'register' ? 'registration' : 'deregistration';
    const description = `${what} of a persistent instance of ${describeService(service)}`;
    const sent = wireInstance(service, instance, false);
    await this.#caller.call(kind, description, { ...fieldsOf(service), type: `${change}Instance`, instance: sent });
  }
}

function fieldsOf(service: ServiceKey): JsonObject {
  const { namespaceId, group, serviceName } = normaliseService(service);
  return { namespace: namespaceId, serviceName, groupName: group };
}
