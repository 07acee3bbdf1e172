/**
 * Defects of an object, collected and said as the API server says them: `spec.x: Invalid value: 3: must be ...`.
 *
 * Source: k8s.io/apimachinery/pkg/util/validation/field/errors.go
 */
import { ApiFailure } from '../api-failure.ts';
import type { FailureCause } from '../api-failure.ts';

type FieldErrorReason =
  | 'FieldValueDuplicate'
  | 'FieldValueForbidden'
  | 'FieldValueInvalid'
  | 'FieldValueNotFound'
  | 'FieldValueNotSupported'
  | 'FieldValueRequired'
  | 'FieldValueTooLong'
  | 'FieldValueTooMany'
  | 'FieldValueTypeInvalid';

const titles: Readonly<Record<FieldErrorReason, string>> = {
  FieldValueDuplicate: 'Duplicate value',
  FieldValueForbidden: 'Forbidden',
  FieldValueInvalid: 'Invalid value',
  FieldValueNotFound: 'Not found',
  FieldValueNotSupported: 'Unsupported value',
  FieldValueRequired: 'Required value',
  FieldValueTooLong: 'Too long',
  FieldValueTooMany: 'Too many',
  FieldValueTypeInvalid: 'Invalid value',
};

const withoutValue: ReadonlySet<FieldErrorReason> = new Set([
  'FieldValueForbidden',
  'FieldValueRequired',
  'FieldValueTooLong',
]);

/** In place of a value: the defect is told without one. */
export const unsaid = Symbol('unsaid');

export interface FieldError {
  readonly reason: FieldErrorReason;
  readonly field: string;
  readonly message: string;
}

export class FieldErrors {
  readonly #errors: FieldError[] = [];

  get list(): readonly FieldError[] {
    return this.#errors;
  }

  add(reason: FieldErrorReason, field: string, value: unknown, detail = ''): void {
    const title =
      withoutValue.has(reason) || value === unsaid ? titles[reason] : `${titles[reason]}: ${valueText(value)}`;
    this.#errors.push({ reason, field, message: detail === '' ? title : `${title}: ${detail}` });
  }

  addAll(errors: Iterable<FieldError>): void {
    this.#errors.push(...errors);
  }

  invalid(field: string, value: unknown, detail: string): void {
    this.add('FieldValueInvalid', field, value, detail);
  }

  required(field: string, detail = ''): void {
    this.add('FieldValueRequired', field, '', detail);
  }

  forbidden(field: string, detail: string): void {
    this.add('FieldValueForbidden', field, '', detail);
  }

  duplicate(field: string, value: unknown): void {
    this.add('FieldValueDuplicate', field, value);
  }

  notSupported(field: string, value: unknown, supported: readonly unknown[]): void {
    this.add('FieldValueNotSupported', field, value, `supported values: ${supported.map(valueText).join(', ')}`);
  }

  tooLong(field: string, maximum: number): void {
    this.add('FieldValueTooLong', field, '', `may not be more than ${maximum} bytes`);
  }

  tooMany(field: string, count: number, maximum: number): void {
    const items = maximum === 1 ? 'item' : 'items';
    this.add('FieldValueTooMany', field, count, `must have at most ${maximum} ${items}`);
  }

  /** @throws ApiFailure `Invalid` with a cause for each defect */
  throwIfAny({ group, kind }: { readonly group: string; readonly kind: string }, name: string): void {
    if (this.#errors.length === 0) return;
    const causes: FailureCause[] = this.#errors.map(({ reason, field, message }) => ({ reason, message, field }));
    const texts = [...new Set(this.#errors.map(({ field, message }) => `${field}: ${message}`))];
    const text = texts.length === 1 ? texts[0] : `[${texts.join(', ')}]`;
    const of = group === '' ? kind : `${kind}.${group}`;
    const details = { name: name || undefined, group: group || undefined, kind, causes };
    throw new ApiFailure('Invalid', `${of} "${name}" is invalid: ${text}`, details);
  }
}

function valueText(value: unknown): string {
  if (value === null || value === undefined) return 'null';
  return JSON.stringify(value);
}
