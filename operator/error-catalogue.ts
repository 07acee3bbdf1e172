/**
 * The error catalogue: every failure that the operator tells somebody about has one code here.
 *
 * A code fixes three things once: what the work queue does with it, the reason that conditions, events and metrics
 * carry, and one line of explanation. `docs/errors.md` lists the same codes for users, and a test compares the two.
 * Messages name the field, the value and the rule, or what to do next; never a secret, never a whole response body.
 */

/**
 * What the controller does after a failure.
 * - `retry`: again with growing delays; the cause is expected to pass.
 * - `await-change`: not again until something that the object depends on changes (or the next resync).
 */
export type Behaviour = 'retry' | 'await-change';

interface CatalogueEntry {
  readonly behaviour: Behaviour;
  /** CamelCase reason of conditions and events. */
  readonly reason: string;
  readonly explanation: string;
}

export const catalogue = {
  // What users wrote
  INVALID_OPTION: {
    behaviour: 'await-change',
    reason: 'InvalidOption',
    explanation: 'A flag or environment variable is unknown or its value breaks a rule.',
  },
  INVALID_SPEC: {
    behaviour: 'await-change',
    reason: 'Invalid',
    explanation: 'A field of the resource breaks a rule that the API server could not check.',
  },
  INVALID_CONTENT: {
    behaviour: 'await-change',
    reason: 'InvalidContent',
    explanation: 'The content is blank, too large or not valid in its declared format; nothing was written.',
  },
  REFERENCE_MISSING: {
    behaviour: 'await-change',
    reason: 'ReferenceMissing',
    explanation: 'An object or key that the resource refers to does not exist (yet).',
  },
  CONFLICT: {
    behaviour: 'await-change',
    reason: 'Conflict',
    explanation: 'The dataId is claimed by another owner, or both sides changed; nothing was written.',
  },
  NOT_OWNED: {
    behaviour: 'await-change',
    reason: 'NotOwned',
    explanation: 'The target object exists and belongs to somebody else; it was left as it is.',
  },
  // The Kubernetes API
  KUBE_UNAVAILABLE: {
    behaviour: 'retry',
    reason: 'ApiServerUnavailable',
    explanation: 'The API server did not answer, or answered with a failure of its own.',
  },
  KUBE_CONFLICT: {
    behaviour: 'retry',
    reason: 'ApiConflict',
    explanation: 'The object changed between reading and writing; the write is decided again on the new state.',
  },
  KUBE_NOT_FOUND: {
    behaviour: 'retry',
    reason: 'ApiNotFound',
    explanation: 'The API server does not know the object, or the resource type is not installed.',
  },
  KUBE_FORBIDDEN: {
    behaviour: 'retry',
    reason: 'ApiForbidden',
    explanation: 'The ServiceAccount may not do this; the missing verb and resource are in the message.',
  },
  KUBE_TERMINATING: {
    behaviour: 'retry',
    reason: 'NamespaceTerminating',
    explanation: 'The namespace is being deleted and takes no new objects; what is in it goes with it.',
  },
  KUBE_INVALID: {
    behaviour: 'await-change',
    reason: 'ApiInvalid',
    explanation: 'The API server refused the object as invalid.',
  },
  KUBE_EXPIRED: {
    behaviour: 'retry',
    reason: 'ApiExpired',
    explanation: 'The resourceVersion of a list or watch is too old; a new list follows.',
  },
  // Nacos
  NACOS_UNREACHABLE: {
    behaviour: 'retry',
    reason: 'Unreachable',
    explanation: 'No server of the connection answers.',
  },
  NACOS_GRPC_UNREACHABLE: {
    behaviour: 'retry',
    reason: 'GrpcPortUnreachable',
    explanation:
      'The HTTP port answers and the gRPC port does not: it is the HTTP port + 1000 unless `grpcPort` says else.',
  },
  NACOS_UNAUTHENTICATED: {
    behaviour: 'retry',
    reason: 'AuthenticationFailed',
    explanation: 'Nacos refused the user name or password.',
  },
  NACOS_FORBIDDEN: {
    behaviour: 'retry',
    reason: 'Forbidden',
    explanation: 'Nacos knows the user and does not allow the operation on this resource.',
  },
  NACOS_INVALID: {
    behaviour: 'await-change',
    reason: 'RefusedByNacos',
    explanation:
      'Nacos refused a parameter, or something stands in the way there; services are tried again within a minute.',
  },
  NACOS_CAS_FAILED: {
    behaviour: 'retry',
    reason: 'ChangedMeanwhile',
    explanation: 'The config changed between reading and writing; the write is decided again on the new content.',
  },
  NACOS_OVERLOADED: {
    behaviour: 'retry',
    reason: 'Overloaded',
    explanation: 'Nacos sheds load; the request is repeated later.',
  },
  NACOS_UNSUPPORTED: {
    behaviour: 'await-change',
    reason: 'Unsupported',
    explanation: 'The server version lacks the operation.',
  },
  NACOS_FAILED: {
    behaviour: 'retry',
    reason: 'NacosError',
    explanation: 'Nacos answered with a failure of its own.',
  },
  // The operator itself
  CONNECTION_NOT_READY: {
    behaviour: 'retry',
    reason: 'ConnectionNotReady',
    explanation: 'The Nacos connection of the resource is not established.',
  },
  TIMEOUT: {
    behaviour: 'retry',
    reason: 'Timeout',
    explanation: 'The operation did not end within its time limit.',
  },
  INTERNAL: {
    behaviour: 'retry',
    reason: 'InternalError',
    explanation:
      'A defect of the operator. The log has the details; please report it. It is tried again with growing pauses.',
  },
  ABORTED: {
    behaviour: 'retry',
    reason: 'Aborted',
    explanation: 'The operation was given up because the operator stops.',
  },
} as const satisfies Record<string, CatalogueEntry>;

export type ErrorCode = keyof typeof catalogue;

export function behaviourOf(code: ErrorCode): Behaviour {
  return catalogue[code].behaviour;
}

export function reasonOf(code: ErrorCode): string {
  return catalogue[code].reason;
}
