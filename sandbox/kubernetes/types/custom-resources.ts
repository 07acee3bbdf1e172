/**
 * Serves what the CustomResourceDefinitions of a cluster define, and tells in their status that it does: the accepted
 * names, the conditions NamesAccepted and Established, and which versions were ever stored.
 *
 * A type is served from the moment its definition is written; the status follows in the next turn of the event loop,
 * since listeners do not write.
 */
import type { Clock } from '../../../operator/clock.ts';
import type { Change, Cluster } from '../cluster.ts';
import type { CrdCondition, CrdNames, CustomResourceDefinition } from './custom-resource-definition.ts';
import { customResourceType } from './custom-resource-type.ts';
import type { TypeRegistry } from './type-registry.ts';

const manager = 'kube-apiserver';

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
      const status = crd && crd.metadata.deletionTimestamp === undefined ? statusOf(crd, registry, clock) : undefined;
      if (crd && status) cluster.update(definitions, { ...crd, status }, { manager, subresource: 'status' });
    }
  };

  const observe = ({ type, resource, object, previous }: Pick<Change, 'type' | 'resource' | 'object' | 'previous'>) => {
    if (resource !== definitions) return;
    const crd = object as CustomResourceDefinition;
    if (type === 'DELETED') {
      registry.serve(crd.metadata.name, []);
      return;
    }
    if (crd.spec === (previous as CustomResourceDefinition | undefined)?.spec) return;
    if (previous === undefined || previous.metadata.generation !== crd.metadata.generation) serve(registry, crd);
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

function serve(registry: TypeRegistry, crd: CustomResourceDefinition): void {
  if (conflictOf(registry, crd) !== undefined) return;
  const served = crd.spec.versions.filter((version) => version.served);
  registry.serve(
    crd.metadata.name,
    served.map((version) => customResourceType(crd, version)),
  );
}

/** What a name of this CRD is taken by: another kind or resource of the same group. */
function conflictOf(registry: TypeRegistry, { metadata, spec: { group, names } }: CustomResourceDefinition) {
  for (const type of registry.list()) {
    if (type.group !== group || `${type.plural}.${type.group}` === metadata.name) continue;
    const taken = new Set([type.plural, type.singular, ...type.shortNames]);
    if (taken.has(names.plural)) return { reason: 'PluralConflict', name: names.plural };
    if (names.singular !== undefined && taken.has(names.singular)) {
      return { reason: 'SingularConflict', name: names.singular };
    }
    if (type.kind === names.kind) return { reason: 'KindConflict', name: names.kind };
    if (names.listKind !== undefined && type.listKind === names.listKind) {
      return { reason: 'ListKindConflict', name: names.listKind };
    }
  }
  return undefined;
}

/** Undefined when it stands there already. */
function statusOf(crd: CustomResourceDefinition, registry: TypeRegistry, clock: Clock): object | undefined {
  const conflict = conflictOf(registry, crd);
  const wanted: readonly Omit<CrdCondition, 'lastTransitionTime'>[] = conflict
    ? [
        {
          type: 'NamesAccepted',
          status: 'False',
          reason: conflict.reason,
          message: `${JSON.stringify(conflict.name)} is already in use`,
        },
        {
          type: 'Established',
          status: 'False',
          reason: 'NotAccepted',
          message: 'not all names are accepted',
        },
      ]
    : [
        { type: 'NamesAccepted', status: 'True', reason: 'NoConflicts', message: 'no conflicts found' },
        {
          type: 'Established',
          status: 'True',
          reason: 'InitialNamesAccepted',
          message: 'the initial names have been accepted',
        },
      ];
  const time = new Date(clock.now()).toISOString().replace(/\.\d+Z$/, 'Z');
  const conditions = wanted.map((condition) => {
    const before = crd.status?.conditions?.find(({ type }) => type === condition.type);
    const since = before?.status === condition.status ? before.lastTransitionTime : undefined;
    return { lastTransitionTime: since ?? time, ...condition };
  });
  const others = (crd.status?.conditions ?? []).filter(({ type }) => !wanted.some((one) => one.type === type));
  const names: CrdNames = conflict ? (crd.status?.acceptedNames ?? { kind: '', plural: '' }) : crd.spec.names;
  const storage = crd.spec.versions.find((version) => version.storage)?.name ?? '';
  const storedVersions = [...new Set([...(crd.status?.storedVersions ?? []), storage])];
  const status = { acceptedNames: names, conditions: [...others, ...conditions], storedVersions };
  return JSON.stringify(status) === JSON.stringify(crd.status) ? undefined : status;
}
