/**
 * Which clients publish an instance, as the server says it: whether a replica has published again after a reset cannot
 * be told from the instances, which are there by the other one. 2.3 answers for one instance at a time only.
 */
import type { NacosServer } from './nacos.ts';

/** What is asked of a server; embedded ones will do. */
type Node = Pick<NacosServer, 'admin' | 'port' | 'version'> & { readonly host: string };

const token = new Map<Node, string>();

/** The ids of their connections, sorted. @throws Error when the server does not answer */
export async function publishersOf(node: Node, group: string, service: string, host: string): Promise<string[]> {
  const [ip = '', port = ''] = host.split(':');
  const [v3, v2] = ['/v3/admin/ns/client/service/publisher/list', '/v2/ns/client/service/publisher/list'];
  const url = new URL(`http://${node.host}:${node.port}/nacos${node.version === '3.1' ? v3 : v2}`);
  url.search = new URLSearchParams({
    namespaceId: 'public',
    groupName: group,
    serviceName: service,
    ip,
    port,
  }).toString();
  const accessToken = token.get(node) ?? (await node.admin.login());
  token.set(node, accessToken);
  const answer = await fetch(url, { headers: { accessToken }, signal: AbortSignal.timeout(30_000) });
  const text = await answer.text();
  if (answer.status === 403) token.delete(node);
  // What nobody ever published is unknown.
  if (answer.status === 404) return [];
  if (answer.status !== 200) throw new Error(`the publishers of ${service}: Nacos answered ${answer.status} ${text}`);
  const { data } = JSON.parse(text) as { readonly data: readonly { readonly clientId: string }[] | null };
  return (data ?? []).map(({ clientId }) => clientId).toSorted();
}
