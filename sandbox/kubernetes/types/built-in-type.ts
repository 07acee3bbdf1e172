/**
 * A kind of the API server's own: decoded by its schema, filled in, and judged by the rules of its kind (kind-rules.ts).
 */
import { applyDefaults } from '../../../operator/admission/defaults.ts';
import type { JsonObject } from '../../../operator/admission/json.ts';
import { metadataProblems } from '../../../operator/admission/metadata.ts';
import type { KubeObject } from '../object.ts';
import type { ResourceType, StoredAs } from '../resource-type.ts';
import { admittedOf } from '../validation/admitted.ts';
import { decode } from '../validation/decode.ts';
import { type BuiltInFacts, builtInSchema } from './built-in-facts.ts';
import { builtInCells } from './cells/cells.ts';
import type { BuiltInRules } from './kind-rules.ts';

/** Kinds whose `metadata.generation` counts the changes of their spec. */
const counted: readonly string[] = [
  'CustomResourceDefinition',
  'DaemonSet',
  'Deployment',
  'EndpointSlice',
  'NetworkPolicy',
  'Pod',
  'PodDisruptionBudget',
  'ReplicaSet',
  'StatefulSet',
];

/** The selector of a workload is a label selector in its spec; /scale shows it as text. */
const scalePaths = {
  specReplicas: 'spec.replicas',
  statusReplicas: 'status.replicas',
  labelSelector: 'spec.selector',
} as const;

/** Of kinds without cells of their own. */
const nameAndAge: NonNullable<BuiltInFacts['columns']> = [
  { name: 'Name', type: 'string', format: 'name', priority: 0 },
  { name: 'Age', type: 'string', format: '', priority: 0 },
];

export function builtInType(facts: BuiltInFacts, rules: BuiltInRules, storedAs?: StoredAs): ResourceType {
  const { columns = nameAndAge, kind, namespaced, subresources } = facts;
  const schema = builtInSchema(facts.definition);
  return {
    ...facts,
    listKind: kind === 'Endpoints' ? 'EndpointsList' : `${kind}List`,
    hasStatus: subresources.includes('status'),
    scale: subresources.includes('scale') ? scalePaths : undefined,
    schema,
    hasGeneration: counted.includes(kind),
    countsAnnotations: kind === 'Deployment',
    isCustom: false,
    columns: columns.map((column) => ({ ...column, description: '' })),
    storedAs,
    admit(given, previous, options) {
      const { value, unknownFields } = decode(given, schema, facts);
      const object = value as JsonObject;
      applyDefaults(object, schema);
      rules.fillIn?.(object, previous);
      const problems = [
        ...metadataProblems(object, previous, { ...rules, namespaced }),
        ...(rules.problems?.(object, previous) ?? []),
      ];
      return admittedOf(facts, { object, unknownFields, problems }, options);
    },
    allot: (object, previous) => (rules.allot?.(object, previous) ?? object) as KubeObject,
    cells: (object, nowMs) => builtInCells(kind, object, nowMs),
  };
}
