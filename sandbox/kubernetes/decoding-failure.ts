/**
 * An object that cannot be read as its type: a value of another type, or fields that `fieldValidation` refuses.
 */
import { ApiFailure } from './api-failure.ts';

export class DecodingFailure extends ApiFailure {
  constructor({ kind, version }: { kind: string; version: string }, why: string, _asPatch?: string) {
    super('BadRequest', `${kind} in version "${version}" cannot be handled as a ${kind}: ${why}`);
  }
}
