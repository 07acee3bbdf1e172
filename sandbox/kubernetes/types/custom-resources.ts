/**
 * Serves what the CustomResourceDefinitions of a cluster define, and tells in their status that it does: the accepted
 * names, the conditions NamesAccepted and Established, and which versions were ever stored. Whether a name is taken by
 * another kind is not looked at.
 *
 * A type is served from the moment its definition is written; the status follows in the next turn of the event loop,
 * since listeners do not write.
 */
import type { Clock } from '../../../operator/clock.ts';
import type { Change, Cluster } from '../cluster.ts';
import type { CrdCondition, CustomResourceDefinition } from './custom-resource-definition.ts';
import { customResourceType } from './custom-resource-type.ts';
import type { TypeRegistry } from './type-registry.ts';

const manager = 'kube-apiserver';

const served: readonly Omit<CrdCondition, 'lastTransitionTime'>[] = [
  { type: 'NamesAccepted', status: 'True', reason: 'NoConflicts', message: 'no conflicts found' },
  {
    type: 'Established',
    status: 'True',
    reason: 'InitialNamesAccepted',
    message: 'the initial names have been accepted',
  },
];

/** Returns what ends it. */
export function serveCustomResources(cluster: Cluster, registry: TypeRegistry, clock: Clock): () => void {
  const definitions = registry.find('apiextensions.k8s.io', 'v1', 'customresourcedefinitions');
  if (!definitions) throw new Error('the registry has no CustomResourceDefinitions');
  const waiting = new Set<string>();
  let ended = false;

  const writeStatuses = () => {
    const names = [...waiting];
    waiting.clear();
    if (ended) return;
    for (const name of names) {
      const crd = cluster.get(definitions, '', name) as CustomResourceDefinition | undefined;
      if (!crd || crd.metadata.deletionTimestamp !== undefined) continue;
      const next = { ...crd, status: statusOf(crd, clock) };
      cluster.update(definitions, next, { manager, subresource: 'status' });
    }
  };

  const observe = ({ type, resource, object, previous }: Pick<Change, 'type' | 'resource' | 'object' | 'previous'>) => {
    if (resource !== definitions) return;
    const crd = object as CustomResourceDefinition;
    if (type === 'DELETED') {
      registry.serve(crd.metadata.name, []);
      return;
    }
    if (previous !== undefined && previous.metadata.generation === crd.metadata.generation) return;
    const versions = crd.spec.versions.filter((version) => version.served);
    registry.serve(
      crd.metadata.name,
      versions.map((version) => customResourceType(crd, version)),
    );
    if (waiting.size === 0) setImmediate(writeStatuses);
    waiting.add(crd.metadata.name);
  };

  for (const object of cluster.list(definitions)) {
    observe({ type: 'ADDED', resource: definitions, object, previous: undefined });
  }
  const unsubscribe = cluster.onChange(observe);
  return () => {
    ended = true;
    unsubscribe();
  };
}

function statusOf({ spec, status = {} }: CustomResourceDefinition, clock: Clock): CustomResourceDefinition['status'] {
  const time = new Date(clock.now()).toISOString().replace(/\.\d+Z$/, 'Z');
  const { conditions: before = [], storedVersions = [] } = status;
  const conditions = served.map((condition) => {
    const since = before.find(({ type, status }) => type === condition.type && status === 'True')?.lastTransitionTime;
    return { lastTransitionTime: since ?? time, ...condition };
  });
  const others = before.filter(({ type }) => !served.some((one) => one.type === type));
  const stored = spec.versions.find((version) => version.storage)?.name ?? '';
  return {
    acceptedNames: spec.names,
    conditions: [...others, ...conditions],
    storedVersions: [...new Set([...storedVersions, stored])],
  };
}
