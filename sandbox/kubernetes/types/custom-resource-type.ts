/**
 * One served version of a CRD as a type: its objects are admitted by its schema, its list invariants and its CEL rules.
 */
import { KindSchema } from '../../../operator/admission/kind-schema.ts';
import type { ResourceType, ScalePaths, Verb } from '../resource-type.ts';
import { admittedOf } from '../validation/admitted.ts';
import { builtInSchema, objectMetaDefinition } from './built-in-facts.ts';
import { customTable } from './custom-table.ts';
import type { CrdVersion, CustomResourceDefinition } from './custom-resource-definition.ts';

/** With what says how its fields are merged. */
const metadataSchema = builtInSchema(objectMetaDefinition);
const verbs: readonly Verb[] = ['delete', 'deletecollection', 'get', 'list', 'patch', 'create', 'update', 'watch'];

/** @throws Error for a version that cannot be served: a pattern, a rule or the path of a column cannot be read */
export function customResourceType({ spec }: CustomResourceDefinition, version: CrdVersion): ResourceType {
  const { group, names, scope } = spec;
  const namespaced = scope === 'Namespaced';
  const kind = new KindSchema(version.schema?.openAPIV3Schema ?? {}, { namespaced, plainFinalizers: true });
  const type = { group, version: version.name, kind: names.kind };
  return {
    ...type,
    listKind: names.listKind ?? `${names.kind}List`,
    plural: names.plural,
    singular: names.singular ?? names.kind.toLowerCase(),
    shortNames: names.shortNames ?? [],
    categories: names.categories ?? [],
    namespaced,
    verbs,
    hasStatus: version.subresources?.status !== undefined,
    scale: scaleOf(version),
    schema: { ...kind.schema, properties: { ...kind.schema.properties, metadata: metadataSchema } },
    hasGeneration: true,
    isCustom: true,
    definition: `${group.split('.').reverse().join('.')}.${version.name}.${names.kind}`,
    admit: (object, previous, options) => admittedOf(type, kind.admit(object, previous), options),
    ...customTable(version.additionalPrinterColumns),
  };
}

function scaleOf({ subresources }: CrdVersion): ScalePaths | undefined {
  const scale = subresources?.scale;
  if (!scale) return undefined;
  const bare = (path: string) => path.replace(/^\./, '');
  return {
    specReplicas: bare(scale.specReplicasPath),
    statusReplicas: bare(scale.statusReplicasPath),
    labelSelector: scale.labelSelectorPath === undefined ? undefined : bare(scale.labelSelectorPath),
  };
}
