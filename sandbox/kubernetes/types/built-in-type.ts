/**
 * A kind of the API server's own: decoded by its schema, filled in, and judged by the rules of its kind (kind-rules.ts).
 */
import type { KubeObject } from '../object.ts';
import type { AdmitOptions, Admitted, Column, ResourceType, ScalePaths, StoredAs, Verb } from '../resource-type.ts';
import type { Schema } from '../schema.ts';
import { decode } from '../validation/decode.ts';
import { applyDefaults } from '../validation/defaults.ts';
import { FieldErrors } from '../validation/field-errors.ts';
import { reportFields } from '../validation/field-report.ts';
import { checkMetadata } from '../validation/metadata.ts';
import type { JsonObject } from '../validation/json.ts';
import { cellsOf } from './cells/cells.ts';
import type { BuiltInFacts } from './built-in-facts.ts';
import { builtInSchema } from './built-in-facts.ts';
import type { KindRules } from './kind-rules.ts';

/** Kinds whose `metadata.generation` counts the changes of their spec. */
const counted: ReadonlySet<string> = new Set([
  'CustomResourceDefinition',
  'DaemonSet',
  'Deployment',
  'EndpointSlice',
  'NetworkPolicy',
  'Pod',
  'PodDisruptionBudget',
  'ReplicaSet',
  'StatefulSet',
]);

const scalePaths: ScalePaths = {
  specReplicas: 'spec.replicas',
  statusReplicas: 'status.replicas',
  labelSelector: 'status.selector',
};

export class BuiltInType implements ResourceType {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly listKind: string;
  readonly plural: string;
  readonly singular: string;
  readonly shortNames: readonly string[];
  readonly categories: readonly string[];
  readonly namespaced: boolean;
  readonly verbs: readonly Verb[];
  readonly hasStatus: boolean;
  readonly scale: ScalePaths | undefined;
  readonly schema: Schema;
  readonly hasGeneration: boolean;
  readonly countsAnnotations: boolean;
  readonly isCustom = false;
  readonly columns: readonly Column[];
  readonly definition: string;
  readonly storedAs: StoredAs | undefined;
  readonly #rules: KindRules;

  constructor(facts: BuiltInFacts, rules: KindRules, storedAs?: StoredAs) {
    this.group = facts.group;
    this.version = facts.version;
    this.kind = facts.kind;
    this.listKind = facts.kind === 'Endpoints' ? 'EndpointsList' : `${facts.kind}List`;
    this.plural = facts.plural;
    this.singular = facts.singular;
    this.shortNames = facts.shortNames;
    this.categories = facts.categories;
    this.namespaced = facts.namespaced;
    this.verbs = facts.verbs;
    this.hasStatus = facts.subresources.includes('status');
    // The selector of a workload is a label selector in its spec; /scale shows it as text.
    this.scale = facts.subresources.includes('scale') ? { ...scalePaths, labelSelector: 'spec.selector' } : undefined;
    this.schema = builtInSchema(facts.definition);
    this.hasGeneration = counted.has(facts.kind);
    this.countsAnnotations = facts.kind === 'Deployment';
    this.columns = facts.columns.map((column) => ({ ...column, description: '' }));
    this.definition = facts.definition;
    this.storedAs = storedAs;
    this.#rules = rules;
  }

  admit(object: KubeObject, previous: KubeObject | undefined, options: AdmitOptions): Admitted {
    const { value, unknownFields } = decode(object, this.schema, this);
    const warnings = reportFields(this, unknownFields, options);
    const admitted = value as JsonObject;
    applyDefaults(admitted, this.schema);
    this.#rules.fillIn?.(admitted, previous);
    const errors = new FieldErrors();
    const { namespaced } = this;
    const { nameForm = 'subdomain' } = this.#rules;
    const qualifiedFinalizers = this.group !== 'apiextensions.k8s.io';
    checkMetadata(admitted, previous, errors, { namespaced, nameForm, qualifiedFinalizers });
    this.#rules.check?.(admitted, errors, previous);
    errors.throwIfAny(this, object.metadata.name ?? '');
    warnings.push(...(this.#rules.warnings?.(admitted) ?? []));
    return { object: admitted as unknown as KubeObject, warnings };
  }

  allot(object: KubeObject, previous: KubeObject | undefined): KubeObject {
    if (!this.#rules.allot) return object;
    return this.#rules.allot(object, previous) as unknown as KubeObject;
  }

  cells(object: KubeObject, nowMs: number): readonly unknown[] {
    return cellsOf(this.kind, object, nowMs);
  }
}
