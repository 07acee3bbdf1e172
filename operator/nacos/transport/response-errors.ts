/**
 * The one place where failures that Nacos or gRPC report become codes of the catalogue.
 *
 * Nacos answers failures inside a successful gRPC call: an `ErrorResponse`, or the expected response with a result code
 * other than 200. Codes are those of NacosException and ErrorCode (Nacos 2.0 to 3.1); where only the wording tells
 * (a lost compare-and-swap, bad parameters on 2.x) the wording is matched, since it is all that the protocol offers.
 */
import { status } from '@grpc/grpc-js';
import { BridgeError, type ErrorCode, isBridgeError, messageOf } from '../../errors.ts';

export interface FailedAnswer {
  readonly type: string;
  readonly resultCode: number;
  readonly errorCode: number;
  readonly message: string;
}

/** Codes that the connection itself acts on. */
export const serverCodes = {
  starting: 300,
  unregistered: 301,
  clientDisconnected: -401,
  forbidden: 403,
  configAbsent: 300,
} as const;

/** ErrorCode of Nacos: the same over gRPC and in the `Result` of HTTP. */
export const byResultCode: Readonly<Record<number, ErrorCode>> = {
  10_000: 'NACOS_INVALID',
  10_001: 'NACOS_FORBIDDEN',
  20_001: 'NACOS_INVALID',
  20_002: 'NACOS_INVALID',
  20_005: 'NACOS_CAS_FAILED',
  20_008: 'NACOS_INVALID',
  22_000: 'NACOS_INVALID',
  // The namespace does not exist, which somebody may mend without a word to us: it is tried again.
  22_001: 'NACOS_FAILED',
  40_000: 'NACOS_UNSUPPORTED',
  40_001: 'NACOS_UNSUPPORTED',
  // Too many patterns of fuzzy watches, or too many configs of one.
  50_310: 'NACOS_OVERLOADED',
  50_311: 'NACOS_OVERLOADED',
};

const byServerCode: Readonly<Record<number, ErrorCode>> = {
  ...byResultCode,
  [-401]: 'CONNECTION_NOT_READY',
  [-400]: 'NACOS_INVALID',
  300: 'CONNECTION_NOT_READY',
  301: 'CONNECTION_NOT_READY',
  302: 'NACOS_UNSUPPORTED',
  400: 'NACOS_INVALID',
  401: 'NACOS_UNAUTHENTICATED',
  403: 'NACOS_FORBIDDEN',
  // Nacos 3 names a failed create-only publish CONFIG_ALREADY_EXISTS.
  410: 'NACOS_CAS_FAILED',
  501: 'NACOS_UNSUPPORTED',
  503: 'NACOS_OVERLOADED',
};

const byWording: readonly (readonly [RegExp, ErrorCode])[] = [
  [/cas publish fail/i, 'NACOS_CAS_FAILED'],
  [
    /^(param check invalid|param '.*' is illegal|invalid (dataid|group|tenant|tag|type|param))|content is blank/i,
    'NACOS_INVALID',
  ],
];

/** The failure that `answer` stands for; `operation` says in words what was asked. */
export function errorOfAnswer(answer: FailedAnswer, operation: string): BridgeError {
  const code = answer.errorCode === 0 ? answer.resultCode : answer.errorCode;
  const message = `${operation}: Nacos answered ${code} ${oneLine(answer.message)}`.trimEnd();
  if (isBeingWritten(answer, code)) return new BridgeError('NACOS_FAILED', message, { retryAfterMs: 50 });
  return new BridgeError(codeOf(answer, code), message);
}

/** In this response 400 says that the config is being written at this moment (ConfigQueryResponse.CONFIG_QUERY_CONFLICT). */
function isBeingWritten({ type }: FailedAnswer, code: number): boolean {
  return type === 'ConfigQueryResponse' && code === 400;
}

function codeOf(answer: FailedAnswer, code: number): ErrorCode {
  const worded = byWording.find(([wording]) => wording.test(answer.message));
  if (worded) return worded[1];
  return byServerCode[code] ?? 'NACOS_FAILED';
}

const byGrpcStatus: Readonly<Record<number, ErrorCode>> = {
  [status.DEADLINE_EXCEEDED]: 'TIMEOUT',
  [status.CANCELLED]: 'NACOS_UNREACHABLE',
  [status.UNAVAILABLE]: 'NACOS_UNREACHABLE',
  [status.UNIMPLEMENTED]: 'NACOS_UNREACHABLE',
  // Over the message limit of either side, 10 MiB by default.
  [status.RESOURCE_EXHAUSTED]: 'NACOS_INVALID',
  [status.UNAUTHENTICATED]: 'NACOS_UNAUTHENTICATED',
  [status.PERMISSION_DENIED]: 'NACOS_FORBIDDEN',
};

/** No server is given a lower limit for its messages; the default is 10 MiB. */
const leastMessageLimitBytes = 512 * 1024;

/**
 * A call that failed below Nacos. `target` is HOST:PORT of the gRPC port, `sentBytes` the size of the request.
 *
 * A server over whose message limit a request is says so (3.1), or cuts it off without a word (2.3.2: CANCELLED, while the
 * connection stays).
 */
export function errorOfStatus(
  failure: { code: number; details: string },
  target: string,
  sentBytes: number,
): BridgeError {
  const cause = shortCause(failure.details);
  const code: status = failure.code;
  if (code === status.CANCELLED && sentBytes > leastMessageLimitBytes) {
    const limit = 'its message limit (`nacos.remote.server.grpc.sdk.max-inbound-message-size`, 10 MiB unless set)';
    const words = `the server cut off a request of ${sentBytes} bytes, as 2.x does over ${limit}`;
    return new BridgeError('NACOS_INVALID', `gRPC ${target}: ${words} (${cause})`);
  }
  if (cause.startsWith('Received HTTP status code')) {
    const words = 'an HTTP server or a proxy answers there in the place of Nacos';
    return new BridgeError('NACOS_FAILED', `gRPC ${target}: ${words} (${cause})`);
  }
  return new BridgeError(byGrpcStatus[failure.code] ?? 'NACOS_FAILED', `gRPC ${target}: ${cause}`);
}

/** What was thrown, as it is or as a failure of no known kind. */
export function bridgeErrorOf(error: unknown): BridgeError {
  return isBridgeError(error) ? error : new BridgeError('NACOS_FAILED', messageOf(error), { cause: error });
}

/**
 * `ECONNREFUSED` and its kin where the text has one, else its beginning. Equal for equal causes: grpc-js puts the time into
 * some, by which each failure would be news.
 */
export function shortCause(text: string): string {
  const timeless = text.replaceAll(/ ?\(\d{4}-\d{2}-\d{2}T[\d:.]+Z\)/g, '');
  return /\b(E[A-Z]{4,}|ENOTFOUND|EAI_AGAIN)\b/.exec(timeless)?.[0] ?? oneLine(timeless, 120);
}

/** Answers may hold whole pages: one line, cut. */
export function oneLine(text: string, limit = 200): string {
  const line = text.replace(/\s+/g, ' ').trim();
  return line.length > limit ? `${line.slice(0, limit)}…` : line;
}
