/**
 * What the API server refuses, as a `Status` object: code, reason and causes are those of a real one, and the message names
 * the same field in words of ours.
 *
 * Source: k8s.io/apimachinery/pkg/api/errors
 */
export interface FailureCause {
  /** Such as `FieldValueInvalid`, `FieldManagerConflict`. */
  readonly reason: string;
  readonly message: string;
  /** Path of the field, such as `spec.content`. */
  readonly field?: string;
}

export interface FailureDetails {
  readonly name?: string;
  readonly group?: string;
  /** The plural of the resource, or the kind where the API server says so (invalid objects). */
  readonly kind?: string;
  readonly causes?: readonly FailureCause[];
  readonly retryAfterSeconds?: number;
}

/** `''` is 500 without a reason: failures that the API server has no name for. */
export type FailureReason =
  | ''
  | 'AlreadyExists'
  | 'BadRequest'
  | 'Conflict'
  | 'Expired'
  | 'Forbidden'
  | 'Invalid'
  | 'InternalError'
  | 'MethodNotAllowed'
  | 'NotAcceptable'
  | 'NotFound'
  | 'RequestEntityTooLarge'
  | 'ServiceUnavailable'
  | 'Timeout'
  | 'TooManyRequests'
  | 'Unauthorized'
  | 'UnsupportedMediaType';

const codes: Readonly<Record<FailureReason, number>> = {
  '': 500,
  AlreadyExists: 409,
  BadRequest: 400,
  Conflict: 409,
  Expired: 410,
  Forbidden: 403,
  Invalid: 422,
  InternalError: 500,
  MethodNotAllowed: 405,
  NotAcceptable: 406,
  NotFound: 404,
  RequestEntityTooLarge: 413,
  ServiceUnavailable: 503,
  Timeout: 504,
  TooManyRequests: 429,
  Unauthorized: 401,
  UnsupportedMediaType: 415,
};

/** The most common reason of a code. */
export function reasonOf(code: number): FailureReason {
  return (Object.keys(codes) as FailureReason[]).findLast((reason) => codes[reason] === code) ?? '';
}

export class ApiFailure extends Error {
  readonly reason: FailureReason;
  readonly details: FailureDetails | undefined;

  constructor(reason: FailureReason, message: string, details?: FailureDetails) {
    super(message);
    this.name = 'ApiFailure';
    this.reason = reason;
    this.details = details;
  }

  get code(): number {
    return codes[this.reason];
  }

  /** The body of the answer. */
  toStatus(): object {
    const { code, message, details } = this;
    const reason = this.reason || undefined;
    return { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', message, reason, details, code };
  }
}
