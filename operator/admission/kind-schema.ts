/**
 * A kind as its schema and its rules describe it, and the judgement of its objects: what the API server does with an
 * object between the request and the storage.
 *
 * An object is pruned, filled in and judged: by the rules of all metadata, by its schema, by the rules of its kind, and by
 * the CEL rules, which may rely on what the schema says and are not run where it is broken.
 */
import { CelRules } from './cel-rules.ts';
import { applyDefaults } from './defaults.ts';
import type { FieldProblem, ProblemReason } from './field-problem.ts';
import type { JsonObject } from './json.ts';
import { metadataProblems, type MetadataRules, metadataSchema } from './metadata.ts';
import { prune } from './prune.ts';
import { regularExpression } from './regular-expression.ts';
import { type Schema, schemasBelow } from './schema.ts';
import { schemaProblems } from './schema-problems.ts';

/** What a kind of the API server's own does beyond its schema. */
export interface KindRules {
  /** Fills in, in place, after the defaults of the schema. `previous` is undefined on creation. */
  readonly fillIn?: (object: JsonObject, previous: JsonObject | undefined) => void;
  readonly problems?: (object: JsonObject, previous: JsonObject | undefined) => Iterable<FieldProblem>;
}

interface KindOptions extends MetadataRules {
  readonly rules?: KindRules;
}

export interface Judgement {
  /** A copy with every default, and without the fields that the schema does not know. */
  readonly object: JsonObject;
  /** Paths of those, sorted. Whether they are a problem is for who asks. */
  readonly unknownFields: readonly string[];
  /** None: the object is admitted. */
  readonly problems: readonly FieldProblem[];
}

/** Problems after which CEL rules are not run: what they would read may not be what they expect. */
const blocking: ReadonlySet<ProblemReason> = new Set([
  'FieldValueNotSupported',
  'FieldValueRequired',
  'FieldValueTooLong',
  'FieldValueTooMany',
  'FieldValueTypeInvalid',
]);

export class KindSchema {
  /** Of the whole object, with that of its metadata. */
  readonly schema: Schema;
  readonly #options: KindOptions;
  readonly #celRules: CelRules;

  /**
   * @param schema as a CRD says it, which knows of apiVersion, kind and metadata no more than rules for the name
   * @throws Error for a pattern that is no regular expression, and for a rule that is no CEL
   */
  constructor(schema: Schema, options: KindOptions) {
    this.schema = { ...schema, properties: { ...schema.properties, ...typeMeta, metadata: withNameRules(schema) } };
    this.#options = options;
    compilePatterns(this.schema);
    this.#celRules = new CelRules(this.schema);
  }

  /** @param previous what an update replaces, for rules about changes; its own defects are no problem of the update */
  admit(given: JsonObject, previous?: JsonObject): Judgement {
    const { schema } = this;
    const { value, unknownFields } = prune(given, schema);
    const object = value as JsonObject;
    applyDefaults(object, schema);
    const node = { value: object, previous, schema, path: '' };
    const problems = [...metadataProblems(object, previous, this.#options), ...schemaProblems(node)];
    const { rules = {} } = this.#options;
    rules.fillIn?.(object, previous);
    problems.push(...(rules.problems?.(object, previous) ?? []));
    if (!problems.some(({ reason }) => blocking.has(reason))) problems.push(...this.#celRules.problems(node));
    return { object, unknownFields, problems };
  }
}

function compilePatterns(schema: Schema): void {
  if (schema.pattern !== undefined) regularExpression(schema.pattern);
  for (const below of schemasBelow(schema)) compilePatterns(below);
}

const typeMeta: Readonly<Record<string, Schema>> = { apiVersion: { type: 'string' }, kind: { type: 'string' } };

function withNameRules({ properties }: Schema): Schema {
  const { name, generateName } = properties?.['metadata']?.properties ?? {};
  const rules = { ...(name ? { name } : {}), ...(generateName ? { generateName } : {}) };
  return { ...metadataSchema, properties: { ...metadataSchema.properties, ...rules } };
}
