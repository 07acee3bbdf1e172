/**
 * The one kind of error that the operator tells somebody about. What its code stands for: error-catalogue.ts.
 */
import type { ErrorCode } from './error-catalogue.ts';

export type { ErrorCode };

export interface BridgeErrorOptions {
  cause?: unknown;
  /** Do not try again before this time has passed, e.g. from `Retry-After`. */
  retryAfterMs?: number;
}

export class BridgeError extends Error {
  readonly code: ErrorCode;
  readonly retryAfterMs: number | undefined;

  constructor(code: ErrorCode, message: string, options: BridgeErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'BridgeError';
    this.code = code;
    this.retryAfterMs = options.retryAfterMs;
  }
}

/** Whether `error` is a BridgeError, with one of `codes` if any are given. */
export function isBridgeError(error: unknown, ...codes: ErrorCode[]): error is BridgeError {
  return error instanceof BridgeError && (codes.length === 0 || codes.includes(error.code));
}

/**
 * A lost race is nobody's problem: the watches bring the new state, and the decision is taken again on it. Nor is a turn
 * that has not come yet.
 */
export function isLostRace(error: unknown): boolean {
  return isBridgeError(error, 'NACOS_CAS_FAILED', 'KUBE_CONFLICT', 'ABORTED', 'VALIDATION_BUSY');
}

/** The message of anything that was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
