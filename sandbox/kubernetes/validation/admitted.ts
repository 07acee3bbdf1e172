/**
 * What the API server answers to a judgement: a refusal that names each field, or the object to be stored, with warnings
 * of fields that its schema does not know or that the request held twice, as `fieldValidation` asks for.
 *
 * Source: https://kubernetes.io/docs/reference/using-api/api-concepts/#field-validation
 */
import type { Judgement } from '../../../operator/admission/kind-schema.ts';
import { DecodingFailure } from '../decoding-failure.ts';
import type { KubeObject } from '../object.ts';
import { invalid } from '../refusals.ts';
import type { AdmitOptions, Admitted, ResourceType } from '../resource-type.ts';

/**
 * @throws ApiFailure `Invalid` with one cause for each problem, `BadRequest` for fields that `fieldValidation` does not
 *   allow
 */
export function admittedOf(
  type: Pick<ResourceType, 'group' | 'version' | 'kind'>,
  { object, problems, unknownFields }: Judgement,
  { fieldValidation, duplicateFields = [] }: AdmitOptions,
): Admitted {
  const warnings = [
    ...duplicateFields.map((field) => `duplicate field ${JSON.stringify(field)}`),
    ...unknownFields.map((field) => `unknown field ${JSON.stringify(field)}`),
  ];
  if (fieldValidation === 'Strict' && warnings.length > 0) {
    throw new DecodingFailure(type, `strict decoding error: ${warnings.join(', ')}`);
  }
  const admitted = object as unknown as KubeObject;
  const causes = problems.map(({ field, ...cause }) => (field === '' ? cause : { ...cause, field }));
  if (causes.length > 0) throw invalid(type, admitted.metadata.name, ...causes);
  return { object: admitted, warnings: fieldValidation === 'Ignore' ? [] : warnings };
}
