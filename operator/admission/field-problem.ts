/**
 * What is wrong with a field of an object: where, of which sort, and a message as the API server words it, such as
 * `Invalid value: 3: must be ...`.
 *
 * Source: k8s.io/apimachinery/pkg/util/validation/field/errors.go
 */
const titles = {
  FieldValueDuplicate: 'Duplicate value',
  FieldValueForbidden: 'Forbidden',
  FieldValueInvalid: 'Invalid value',
  FieldValueNotSupported: 'Unsupported value',
  FieldValueRequired: 'Required value',
  FieldValueTooLong: 'Too long',
  FieldValueTooMany: 'Too many',
  FieldValueTypeInvalid: 'Invalid value',
} as const;

export type ProblemReason = keyof typeof titles;

export interface FieldProblem {
  readonly reason: ProblemReason;
  /** Such as `spec.ports[0].name` or `data[app.yaml]`; '' is the object as a whole. */
  readonly field: string;
  readonly message: string;
}

/** @param value undefined where the problem is told without one */
export function problem(reason: ProblemReason, field: string, detail = '', value?: unknown): FieldProblem {
  const shown = value === undefined ? '' : JSON.stringify(value);
  return { reason, field, message: [titles[reason], shown, detail].filter((part) => part !== '').join(': ') };
}

export function invalid(field: string, value: unknown, detail: string): FieldProblem {
  return problem('FieldValueInvalid', field, detail, value);
}

export function required(field: string, detail?: string): FieldProblem {
  return problem('FieldValueRequired', field, detail);
}

export function tooLong(field: string, maximum: number): FieldProblem {
  return problem('FieldValueTooLong', field, `may not be more than ${maximum} bytes`);
}

export function tooMany(field: string, count: number, maximum: number): FieldProblem {
  const items = maximum === 1 ? 'item' : 'items';
  return problem('FieldValueTooMany', field, `must have at most ${maximum} ${items}`, count);
}
