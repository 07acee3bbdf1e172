/**
 * The one place where answers and failures of the API server become errors of ours.
 *
 *   answer                        code              what follows
 *   400 405 406 413 415 422 ...   KUBE_INVALID      waits for a change
 *   401 403                       KUBE_FORBIDDEN    retried: RBAC may arrive later
 *   403 in a namespace that goes  KUBE_TERMINATING  retried: the namespace may be made anew
 *   404                           KUBE_NOT_FOUND    retried: the CRD may arrive later
 *   409, 422 about metadata.uid   KUBE_CONFLICT     decided again on the new state
 *   410                           KUBE_EXPIRED      a new list follows
 *   408 429 5xx, no answer        KUBE_UNAVAILABLE  retried, not before Retry-After
 *
 * Messages are made of the operation and of `reason` and `message` of the Status that the server sent, cut to a
 * length that fits a condition; bodies and headers never appear in them.
 */
import { BridgeError, isBridgeError } from '../errors.ts';
import type { ErrorCode } from '../errors.ts';

/** The part of `meta/v1 Status` that is read. */
export interface ApiStatus {
  kind?: string;
  message?: string;
  reason?: string;
  code?: number;
  details?: {
    name?: string;
    kind?: string;
    retryAfterSeconds?: number;
    causes?: readonly { field?: string; reason?: string }[];
  };
}

/** What was asked: the verb as RBAC knows it and the resource as `kubectl` writes it. */
export interface Operation {
  readonly verb: string;
  readonly resource: string;
  readonly name?: string;
}

/** A failure that the API server answered with; failures without an answer are plain BridgeErrors. */
export class ApiError extends BridgeError {
  readonly httpStatus: number;
  /** `reason` of the Status, e.g. `AlreadyExists`; '' when the answer was no Status. */
  readonly statusReason: string;
  /** True when the type exists and the object does not. */
  readonly objectMissing: boolean;

  constructor(
    code: ErrorCode,
    message: string,
    details: { httpStatus: number; status: ApiStatus; retryAfterMs?: number; objectMissing: boolean },
  ) {
    super(code, message, { retryAfterMs: details.retryAfterMs });
    this.httpStatus = details.httpStatus;
    this.statusReason = details.status.reason ?? '';
    this.objectMissing = details.objectMissing;
  }
}

export interface FailedAnswer {
  readonly httpStatus: number;
  readonly body: string;
  /** The header as it came: seconds or an HTTP date. */
  readonly retryAfter?: string;
  readonly operation: Operation;
  /** For a Retry-After that is a date. */
  readonly nowMs: number;
}

const messageLimit = 400;

export function answerError(answer: FailedAnswer): ApiError {
  const status = parseStatus(answer.body);
  return statusError(status, {
    httpStatus: answer.httpStatus,
    operation: answer.operation,
    retryAfterMs: retryAfterMs(answer.retryAfter, answer.nowMs),
  });
}

/** Also for the Status objects that arrive as ERROR events of a watch. */
export function statusError(
  status: ApiStatus,
  answer: { httpStatus: number; operation: Operation; retryAfterMs?: number },
): ApiError {
  const { httpStatus, operation } = answer;
  const text = (status.message ?? '').trim() || status.reason || 'no reason given';
  const message = `${describe(operation)}: ${shorten(text)} (${httpStatus}${status.reason ? ` ${status.reason}` : ''})`;
  const seconds = status.details?.retryAfterSeconds;
  return new ApiError(codeOf(status, httpStatus), message, {
    httpStatus,
    status,
    retryAfterMs: answer.retryAfterMs ?? (seconds ? seconds * 1000 : undefined),
    objectMissing: httpStatus === 404 && status.reason === 'NotFound' && Boolean(status.details?.name),
  });
}

/** A failure below HTTP: refused, reset, silent, an untrusted certificate, an answer that is not JSON. */
export function transportError(error: unknown, host: string, operation: Operation): BridgeError {
  if (error instanceof BridgeError) return error;
  const code = systemCode(error);
  const what = certificateCodes.test(code) ? `the certificate of ${host} is not accepted` : `no answer from ${host}`;
  const detail = code || (error instanceof Error ? shorten(error.message) : '');
  const message = `${describe(operation)}: ${what}${detail && ` (${detail})`}`;
  return new BridgeError('KUBE_UNAVAILABLE', message, { cause: error });
}

/** Verb and resource of a request, from its method and path alone: `/api/v1/namespaces/a/configmaps/b`. */
export function operationOf(method: string, path: string, watch = false): Operation {
  const parts = path.split('/').filter((part) => part !== '');
  const group = parts[0] === 'apis' ? parts[1] : '';
  let rest = parts.slice(parts[0] === 'apis' ? 3 : 2);
  if (rest[0] === 'namespaces' && rest.length > 2) rest = rest.slice(2);
  const [plural = path, encodedName, subresource] = rest;
  const name = encodedName === undefined ? undefined : decodeURIComponent(encodedName);
  const resource = `${plural}${group ? `.${group}` : ''}${subresource ? `/${subresource}` : ''}`;
  return { verb: watch ? 'watch' : verbOf(method, name !== undefined), resource, name };
}

/** Milliseconds to wait, from a Retry-After header of either form; undefined when it is absent or unreadable. */
export function retryAfterMs(header: string | undefined, nowMs: number): number | undefined {
  if (header === undefined || header === '') return undefined;
  const seconds = Number(header);
  if (Number.isFinite(seconds)) return Math.max(0, seconds * 1000);
  const date = Date.parse(header);
  return Number.isNaN(date) ? undefined : Math.max(0, date - nowMs);
}

function codeOf({ reason, details }: ApiStatus, httpStatus: number): ErrorCode {
  const causes = details?.causes ?? [];
  // How an apply answers whose `metadata.uid` is not that of the object: to us a failed precondition.
  if (reason === 'Invalid' && causes.some(({ field }) => field === 'metadata.uid')) return 'KUBE_CONFLICT';
  // The admission of namespaces (NamespaceLifecycle) refuses like RBAC, and no right is missing.
  if (reason === 'Forbidden' && causes.some((cause) => cause.reason === 'NamespaceTerminating')) {
    return 'KUBE_TERMINATING';
  }
  return codeOfStatus(httpStatus);
}

function codeOfStatus(httpStatus: number): ErrorCode {
  switch (httpStatus) {
    case 401:
    case 403:
      return 'KUBE_FORBIDDEN';
    case 404:
      return 'KUBE_NOT_FOUND';
    case 409:
      return 'KUBE_CONFLICT';
    case 410:
      return 'KUBE_EXPIRED';
    case 408:
    case 429:
      return 'KUBE_UNAVAILABLE';
    default:
      return httpStatus >= 400 && httpStatus < 500 ? 'KUBE_INVALID' : 'KUBE_UNAVAILABLE';
  }
}

function verbOf(method: string, named: boolean): string {
  switch (method) {
    case 'GET':
      return named ? 'get' : 'list';
    case 'POST':
      return 'create';
    case 'PUT':
      return 'update';
    case 'DELETE':
      return named ? 'delete' : 'deletecollection';
    default:
      return method.toLowerCase();
  }
}

function describe(operation: Operation): string {
  return `${operation.verb} ${operation.resource}${operation.name === undefined ? '' : ` '${operation.name}'`}`;
}

/** What a proxy or a shutting-down server sends instead of a Status is plain text; its first line is the message. */
function parseStatus(body: string): ApiStatus {
  try {
    const parsed: unknown = JSON.parse(body);
    return isStatus(parsed) ? parsed : {};
  } catch {
    return body.trimStart().startsWith('<') ? {} : { message: body.trim().split('\n')[0] };
  }
}

const certificateCodes = /CERT|SELF_SIGNED|UNABLE_TO_|ERR_TLS|SSL/;

/** Node puts the code on the error, on its cause, or on the members of an AggregateError with an empty message. */
function systemCode(error: unknown): string {
  for (let current = error, depth = 0; current instanceof Error && depth < 4; depth++) {
    const { code } = current as { code?: unknown };
    if (typeof code === 'string') return code;
    current = current instanceof AggregateError ? current.errors[0] : current.cause;
  }
  return '';
}

function shorten(text: string): string {
  return text.length <= messageLimit ? text : `${text.slice(0, messageLimit - 1)}…`;
}

function isStatus(value: unknown): value is ApiStatus {
  return typeof value === 'object' && value !== null && 'kind' in value && value.kind === 'Status';
}

/** Whether it may work as soon as the API server answers again, or grants what it refused. */
export function isForWantOfApiServer(error: unknown): boolean {
  return isBridgeError(error, 'KUBE_UNAVAILABLE', 'KUBE_FORBIDDEN', 'KUBE_NOT_FOUND');
}
