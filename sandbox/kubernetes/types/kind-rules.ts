/**
 * What a built-in kind does beyond its schema: defaults that depend on other fields, and the rules that its objects obey.
 */
import type { FieldErrors } from '../validation/field-errors.ts';
import type { JsonObject } from '../validation/json.ts';

export interface KindRules {
  /** Fills in, in place, after the defaults of the schema. `previous` is undefined on creation. */
  readonly fillIn?: (object: JsonObject, previous: JsonObject | undefined) => void;
  /** The object with what nobody owns: see ResourceType.allot. */
  readonly allot?: (object: JsonObject, previous: JsonObject | undefined) => JsonObject;
  readonly check?: (object: JsonObject, errors: FieldErrors, previous: JsonObject | undefined) => void;
  /** Texts for `Warning` headers. */
  readonly warnings?: (object: JsonObject) => readonly string[];
  /** How `metadata.name` is formed. @default subdomain */
  readonly nameForm?: 'subdomain' | 'label' | 'service' | 'path';
}
