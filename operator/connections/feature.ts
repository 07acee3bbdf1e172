/** The connections: clients for the NacosConnections, and for the servers that the operator itself was given. */
import { FIELD_MANAGER, METRICS_PREFIX } from '../api/names.ts';
import { NACOS_CONNECTION, type NacosConnection } from '../api/resources.ts';
import type { Feature, FeatureContext } from '../feature.ts';
import { CONFIRMED_OFTEN } from '../kube/list-watch.ts';
import { cacheOf } from '../kube/reflector-factory.ts';
import type { Reflector, View } from '../kube/reflector.ts';
import type { KubeObject } from '../kube/resource.ts';
import { Store } from '../kube/store.ts';
import type { AllowRule } from './allowance.ts';
import { ClientPool } from './client-pool.ts';
import { ConnectionClients } from './connection-clients.ts';
import { ConnectionDirectory } from './connection-directory.ts';
import { ConnectionUsers } from './connection-user.ts';
import { ConnectionController } from './controller.ts';
import { createNacosMetrics } from './nacos-metrics.ts';
import { NAMESPACE } from '../cluster-identity.ts';
import { DefaultAllowance } from './default-allowance.ts';
import { DefaultConnection, type GivenServers } from './default-connection.ts';
import { loginOf } from './settings.ts';

interface ConnectionsOptions {
  /** Without any there is no default connection. */
  readonly given: GivenServers;
  /** What the default connection allows; undefined: everything. */
  readonly allow: readonly AllowRule[] | undefined;
  /** Of the program, as it names itself to Nacos. */
  readonly version: string;
}

export interface Connections extends Feature {
  /** Where the other features find them. */
  readonly directory: ConnectionDirectory;
  /** Where the other features join that use them. */
  readonly users: ConnectionUsers;
  /** Of the API server, that the directory is made from. */
  readonly views: readonly View[];
  /** Whether a NacosConnection logs in by this Secret, by `namespace/name`. */
  isLogin(secret: string): boolean;
}

export function createConnections(context: FeatureContext, { allow, given, version }: ConnectionsOptions): Connections {
  const { clock, log, reflectors, registry } = context;
  const connections = new Store<NacosConnection>();
  const directory = new ConnectionDirectory();
  const users = new ConnectionUsers();
  const pool = new ClientPool({
    clientName: `Nacos-Bridge:v${version}`,
    appName: FIELD_MANAGER,
    log,
    clock,
    metrics: createNacosMetrics(registry, METRICS_PREFIX),
    beforeRedo: () => users.beforeRedo(),
  });
  const clients = new ConnectionClients({ pool, directory, users });
  const controller = new ConnectionController({ ...context, connections, clients, users });
  const cache = reflectors.create(NACOS_CONNECTION, connections, CONFIRMED_OFTEN);
  const allowed = new DefaultAllowance(allow, () => byDefault?.allowanceChanged());
  const byDefault =
    given.nacos.length > 0
      ? new DefaultConnection({ given, allowance: () => allowed.current, clients, users, clock, log })
      : undefined;
  const namespaces = allowed.needsNamespaces
    ? [reflectors.create(NAMESPACE, allowed.namespaces, { metadataOnly: true, namespaces: [], ...CONFIRMED_OFTEN })]
    : [];
  return {
    directory,
    users,
    isLogin: (secret) => connections.list().some((connection) => loginOf(connection) === secret),
    views: [cache, ...namespaces],
    caches: [cache, ...namespaces].map((one) => cacheOf<KubeObject>(one as Reflector<KubeObject>)),
    everyReplica: [...(byDefault ? [byDefault] : []), controller],
    leader: () => [controller.statuses],
    close: () => pool.stop(),
  };
}
