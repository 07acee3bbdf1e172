/**
 * Whether Nacos can never be asked again about a NacosConfig or a NacosConfigSync that is being deleted: its namespace is being deleted as well, and
 * the NacosConnection that it names is gone, or the Secret which that one logs in with. In a namespace that is being deleted
 * nothing can be created, so what is missing there stays missing. Anywhere else it may come back, and is waited for.
 *
 * Guarantees: only what the API server answers now counts, never a cache, and the namespace is asked first: what came back
 * before its deletion began is seen. An error, and a right that is missing, say nothing.
 * Caveat: for a moment after the deletion of a namespace began another API server may still let something be created there.
 */
import type { NacosConfig, NacosConfigSync, NacosConnection } from '../api/resources.ts';
import { secretNameOf, type Secret } from '../connections/settings.ts';
import { isBridgeError } from '../errors.ts';
import type { ResourceClient } from '../kube/resource-client.ts';
import type { KubeObject } from '../kube/resource.ts';
import { normaliseNamespaceId } from '../nacos/index.ts';

export interface LossClients {
  readonly namespaceClient: Reads<KubeObject>;
  readonly connectionClient: Reads<NacosConnection>;
  readonly secretClient: Reads<Secret>;
}

type User = NacosConfig | NacosConfigSync;
type Reads<T extends KubeObject> = Pick<ResourceClient<T>, 'get'>;

/** What is lost, in words, and where the dataId was if that is known; undefined when nothing is, or nobody can tell. */
export async function lossOf(resource: User, clients: LossClients): Promise<string | undefined> {
  const { namespace = '' } = resource.metadata;
  const { connectionRef } = resource.spec;
  // The default connection is the operator's, and in no namespace.
  if (connectionRef === undefined) return undefined;
  try {
    const within = await clients.namespaceClient.get(namespace);
    if (within?.metadata.deletionTimestamp === undefined) return undefined;
    const lost = await lostPart(connectionRef.name, namespace, resource, clients);
    return lost && `namespace '${namespace}' is being deleted, and ${lost}`;
  } catch (error) {
    if (!isBridgeError(error)) throw error;
    return undefined;
  }
}

async function lostPart(
  name: string,
  namespace: string,
  resource: User,
  { connectionClient, secretClient }: LossClients,
): Promise<string | undefined> {
  const connection = await connectionClient.get(name, namespace);
  if (connection === undefined) return `its NacosConnection '${name}' is gone`;
  const secretName = secretNameOf(connection);
  if (secretName === undefined || (await secretClient.get(secretName, namespace))) return undefined;
  const { servers } = connection.spec;
  const namespaceId = normaliseNamespaceId(resource.spec.namespaceId ?? connection.spec.namespaceId) || 'public';
  const where = `Nacos namespace '${namespaceId}' of ${servers.map(({ host, port }) => `${host}:${port}`).join(', ')}`;
  return `Secret '${secretName}' is gone, which NacosConnection '${name}' logs in with, to ${where}`;
}
