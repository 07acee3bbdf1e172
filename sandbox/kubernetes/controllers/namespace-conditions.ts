/**
 * What holds up the deletion of a namespace, in the words of the namespace controller.
 *
 * Source: k8s.io/kubernetes/pkg/controller/namespace/deletion/status_condition_utils.go
 */
import type { ResourceType } from '../resource-type.ts';
import type { Entry } from './cluster-view.ts';
import type { Condition } from './shapes.ts';

export function deletionConditions(contents: readonly Entry[]): Condition[] {
  const remaining = counted(contents.map(({ resource }) => groupResource(resource)));
  const held = counted(contents.flatMap(({ object }) => object.metadata.finalizers ?? []));
  const resources = remaining.map(([name, count]) => `${name} has ${count} resource instances`).join(', ');
  const finalizers = held.map(([name, count]) => `${name} in ${count} resource instances`).join(', ');
  return [
    {
      type: 'NamespaceDeletionDiscoveryFailure',
      status: 'False',
      reason: 'ResourcesDiscovered',
      message: 'All resources successfully discovered',
    },
    {
      type: 'NamespaceDeletionGroupVersionParsingFailure',
      status: 'False',
      reason: 'ParsedGroupVersions',
      message: 'All legacy kube types successfully parsed',
    },
    {
      type: 'NamespaceDeletionContentFailure',
      status: 'False',
      reason: 'ContentDeleted',
      message: 'All content successfully deleted, may be waiting on finalization',
    },
    remaining.length > 0
      ? {
          type: 'NamespaceContentRemaining',
          status: 'True',
          reason: 'SomeResourcesRemain',
          message: `Some resources are remaining: ${resources}`,
        }
      : {
          type: 'NamespaceContentRemaining',
          status: 'False',
          reason: 'ContentRemoved',
          message: 'All content successfully removed',
        },
    held.length > 0
      ? {
          type: 'NamespaceFinalizersRemaining',
          status: 'True',
          reason: 'SomeFinalizersRemain',
          message: `Some content in the namespace has finalizers remaining: ${finalizers}`,
        }
      : {
          type: 'NamespaceFinalizersRemaining',
          status: 'False',
          reason: 'ContentHasNoFinalizers',
          message: 'All content-preserving finalizers finished',
        },
  ];
}

function groupResource({ group, plural }: ResourceType): string {
  // The real one joins with a dot in any case, so a core resource ends with one.
  return `${plural}.${group}`;
}

function counted(names: readonly string[]): [string, number][] {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  return [...counts].sort(([a], [b]) => (a < b ? -1 : 1));
}
