/**
 * What a built-in kind does beyond its schema: defaults that depend on other fields, what the API server gives to its
 * objects, and the rules that they obey. Few kinds have rules: see docs/sandbox.md.
 */
import type { JsonObject } from '../../../operator/admission/json.ts';
import type { KindRules } from '../../../operator/admission/kind-schema.ts';
import type { MetadataRules } from '../../../operator/admission/metadata.ts';

export interface BuiltInRules extends KindRules, Omit<MetadataRules, 'namespaced'> {
  /** The object with what nobody owns: see ResourceType.allot. */
  readonly allot?: (object: JsonObject, previous: JsonObject | undefined) => JsonObject;
}
