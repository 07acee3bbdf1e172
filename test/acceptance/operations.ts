/**
 * What servers were asked to do, by the names that fault scripts have for it: `patch nacosconfigs/status`,
 * `ConfigPublishRequest`.
 */

/** How often each operation was asked for. */
export type OperationCounts = Readonly<Record<string, number>>;

const writingVerbs = ['create', 'update', 'patch', 'delete', 'deletecollection'];
const configWrites = ['ConfigPublishRequest', 'ConfigRemoveRequest'];

/** The writes among operations of Kubernetes, but not those of Leases. */
export function kubernetesWrites(counts: OperationCounts): OperationCounts {
  return only(counts, (operation) => {
    const [verb = '', resource = ''] = operation.split(' ');
    return writingVerbs.includes(verb) && resource !== 'leases';
  });
}

/** The writes of configs among operations of Nacos, over gRPC and HTTP. */
export function configWritesOf(counts: OperationCounts): OperationCounts {
  return only(counts, (operation) => {
    const isOverHttp = /^(POST|PUT|DELETE) .*\/cs\/configs?$/.test(operation);
    return isOverHttp || configWrites.includes(operation);
  });
}

function only(counts: OperationCounts, isKept: (operation: string) => boolean): OperationCounts {
  return Object.fromEntries(Object.entries(counts).filter(([operation]) => isKept(operation)));
}
