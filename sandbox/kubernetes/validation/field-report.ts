/**
 * What becomes of fields that a schema does not know, or that a request held twice: an error, a warning or nothing, as
 * `fieldValidation` asks for.
 *
 * Source: https://kubernetes.io/docs/reference/using-api/api-concepts/#field-validation
 */
import { DecodingFailure } from '../decoding-failure.ts';
import type { AdmitOptions, ResourceType } from '../resource-type.ts';

/**
 * @returns the texts for `Warning` headers
 * @throws ApiFailure `BadRequest` when `fieldValidation` is Strict and there is something to report
 */
export function reportFields(
  type: Pick<ResourceType, 'kind' | 'version'>,
  unknownFields: readonly string[],
  { fieldValidation, duplicateFields = [] }: AdmitOptions,
): string[] {
  if (fieldValidation === 'Ignore') return [];
  const texts = [
    ...duplicateFields.map((field) => `duplicate field ${JSON.stringify(field)}`),
    ...unknownFields.map((field) => `unknown field ${JSON.stringify(field)}`),
  ];
  if (fieldValidation === 'Warn' || texts.length === 0) return texts;
  throw new DecodingFailure(type, `strict decoding error: ${texts.join(', ')}`);
}
