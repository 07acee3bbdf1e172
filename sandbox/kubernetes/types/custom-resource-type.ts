/**
 * One served version of a CRD as a type: what is admitted is pruned, filled in and judged by its schema, its list
 * invariants and its CEL rules, in the order of the API server.
 */
import type { KubeObject } from '../object.ts';
import type { AdmitOptions, Admitted, Column, ResourceType, ScalePaths, Verb } from '../resource-type.ts';
import type { Schema } from '../schema.ts';
import { CelRules } from '../validation/cel/rules.ts';
import { decode, prune } from '../validation/decode.ts';
import { applyDefaults } from '../validation/defaults.ts';
import { FieldErrors } from '../validation/field-errors.ts';
import { reportFields } from '../validation/field-report.ts';
import type { JsonObject } from '../validation/json.ts';
import { checkLists } from '../validation/list-invariants.ts';
import { checkMetadata, finalizerWarnings } from '../validation/metadata.ts';
import { SchemaValidator } from '../validation/schema-validator.ts';
import { builtInSchema, objectMetaDefinition } from './built-in-facts.ts';
import { columnsOf, customCells, printerColumns } from './custom-cells.ts';
import type { CrdVersion, CustomResourceDefinition, PrinterColumn } from './custom-resource-definition.ts';

const verbs: readonly Verb[] = ['delete', 'deletecollection', 'get', 'list', 'patch', 'create', 'update', 'watch'];
const metadataSchema = builtInSchema(objectMetaDefinition);

/** Defects after which the rules are not run: what they would read may not be what they expect. */
const blocking: ReadonlySet<string> = new Set([
  'FieldValueNotSupported',
  'FieldValueRequired',
  'FieldValueTooLong',
  'FieldValueTooMany',
  'FieldValueTypeInvalid',
]);

const notChecked =
  'some validation rules were not checked because the object was invalid; correct the existing errors to complete ' +
  'validation';

/** @param crd one that was admitted */
export function customResourceType(crd: CustomResourceDefinition, version: CrdVersion): ResourceType {
  return new CustomResourceType(crd, version);
}

class CustomResourceType implements ResourceType {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly listKind: string;
  readonly plural: string;
  readonly singular: string;
  readonly shortNames: readonly string[];
  readonly categories: readonly string[];
  readonly namespaced: boolean;
  readonly verbs = verbs;
  readonly hasStatus: boolean;
  readonly scale: ScalePaths | undefined;
  readonly schema: Schema;
  readonly hasGeneration = true;
  readonly isCustom = true;
  readonly columns: readonly Column[];
  readonly definition: string;
  readonly #printed: readonly PrinterColumn[];
  readonly #validator: SchemaValidator;
  readonly #deprecation: string | undefined;
  #rules: CelRules | undefined;

  constructor({ spec: { group, names, scope } }: CustomResourceDefinition, version: CrdVersion) {
    this.group = group;
    this.version = version.name;
    this.kind = names.kind;
    this.listKind = names.listKind ?? `${names.kind}List`;
    this.plural = names.plural;
    this.singular = names.singular ?? names.kind.toLowerCase();
    this.shortNames = names.shortNames ?? [];
    this.categories = names.categories ?? [];
    this.namespaced = scope === 'Namespaced';
    this.hasStatus = version.subresources?.status !== undefined;
    this.scale = scaleOf(version);
    const own = version.schema?.openAPIV3Schema ?? {};
    this.schema = { ...own, properties: { ...own.properties, ...typeMeta, metadata: metadataSchema } };
    this.definition = `${group.split('.').reverse().join('.')}.${version.name}.${names.kind}`;
    this.#printed = printerColumns(version.additionalPrinterColumns);
    this.columns = columnsOf(this.#printed);
    this.#validator = new SchemaValidator(withoutMetadata(own));
    this.#deprecation = deprecationOf(this, version);
  }

  admit(object: KubeObject, previous: KubeObject | undefined, options: AdmitOptions): Admitted {
    const { kind, version } = this;
    if (typeof object.metadata === 'object') decodeMetadata(object, { kind, version });
    const { value, unknownFields } = prune(object, this.schema, metadataSchema);
    const warnings = reportFields(this, unknownFields, options);
    const admitted = value as JsonObject;
    applyDefaults(admitted, this.schema);
    const errors = new FieldErrors();
    const { namespaced } = this;
    checkMetadata(admitted, previous, errors, { namespaced, nameForm: 'subdomain', qualifiedFinalizers: false });
    this.#validator.validate(admitted, previous, errors, options.subresource);
    checkLists(admitted, this.schema, '', errors);
    if (errors.list.some(({ reason }) => blocking.has(reason))) errors.invalid('<nil>', null, notChecked);
    else this.#rulesOf().check(admitted, previous, this.schema, errors);
    errors.throwIfAny(this, object.metadata.name);
    warnings.push(...finalizerWarnings(admitted, previous));
    if (this.#deprecation !== undefined) warnings.push(this.#deprecation);
    return { object: admitted as unknown as KubeObject, warnings };
  }

  cells(object: KubeObject, nowMs: number): readonly unknown[] {
    return customCells(this.#printed, object, nowMs);
  }

  #rulesOf(): CelRules {
    return (this.#rules ??= new CelRules(this.schema));
  }
}

const typeMeta: Readonly<Record<string, Schema>> = { apiVersion: { type: 'string' }, kind: { type: 'string' } };

/** What a CRD says of metadata (its name only) is judged; the rest of it has its own rules. */
function withoutMetadata(schema: Schema): Schema {
  const { metadata, ...properties } = schema.properties ?? {};
  const { name, generateName } = metadata?.properties ?? {};
  const kept = { ...(name ? { name } : {}), ...(generateName ? { generateName } : {}) };
  return { ...schema, properties: { ...properties, metadata: { type: 'object', properties: kept } } };
}

function decodeMetadata({ metadata }: KubeObject, type: { kind: string; version: string }): void {
  decode({ metadata }, { type: 'object', properties: { metadata: metadataSchema } }, type);
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

function deprecationOf({ group, kind }: ResourceType, { deprecated, deprecationWarning, name }: CrdVersion) {
  return deprecated ? (deprecationWarning ?? `${group}/${name} ${kind} is deprecated`) : undefined;
}
