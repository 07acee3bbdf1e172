/**
 * An object that cannot be read as its type: a value of another type, or fields that `fieldValidation` refuses. What the
 * API server says of it depends on how the object came: whole, or as the result of a patch.
 */
import { ApiFailure } from './api-failure.ts';
import { invalid } from './refusals.ts';

export class DecodingFailure extends ApiFailure {
  readonly #why: string;
  readonly #whyOfStrategicPatch: string;

  /** @param whyOfStrategicPatch the same in the words of the converter that reads strategic patches */
  constructor({ kind, version }: { kind: string; version: string }, why: string, whyOfStrategicPatch = why) {
    super('BadRequest', `${kind} in version "${version}" cannot be handled as a ${kind}: ${why}`);
    this.#why = why;
    this.#whyOfStrategicPatch = whyOfStrategicPatch;
  }

  /** @param shown of a strategic patch the patch, of others the object that came of it */
  ofPatch(isStrategic: boolean, shown: string): ApiFailure {
    const why = isStrategic ? this.#whyOfStrategicPatch : this.#why;
    const message = `Invalid value: ${JSON.stringify(shown)}: ${why}`;
    return invalid({ group: '', kind: '' }, '', { reason: 'FieldValueInvalid', message, field: 'patch' });
  }
}
