/**
 * What the server refuses, and the codes that it is refused with; how that is put over gRPC says rpc-dispatcher.ts, over
 * HTTP http-server.ts. The codes are those of Nacos, which clients act upon, the words mostly our own.
 */
interface Codes {
  /** Over gRPC. */
  readonly errorCode: number;
  /** Over HTTP. */
  readonly status: number;
  /** In the answers of v3, whose title is the name of the kind. */
  readonly code: number;
  /** Over gRPC an `ErrorResponse`, not the answer type of the request. */
  readonly isErrorResponse?: true;
}

const kinds = {
  'parameter missing': { errorCode: 400, status: 400, code: 10_000 },
  'parameter validate error': { errorCode: 400, status: 400, code: 20_002 },
  'resource not found': { errorCode: 300, status: 404, code: 20_004 },
  'resource conflict': { errorCode: 500, status: 500, code: 20_005 },
  'namespace already exist': { errorCode: 500, status: 400, code: 22_002 },
  'too many patterns': { errorCode: 50_310, status: 400, code: 50_310 },
  'too many matches': { errorCode: 50_311, status: 400, code: 50_311 },
  'server error': { errorCode: 400, status: 400, code: 30_000, isErrorResponse: true },
  'client disconnected': { errorCode: -401, status: 400, code: 30_000, isErrorResponse: true },
  'access denied': { errorCode: 403, status: 403, code: 403 },
  'API deprecated': { errorCode: 500, status: 410, code: 40_000 },
  'not embedded': { errorCode: 501, status: 501, code: 501 },
} as const satisfies Readonly<Record<string, Codes>>;

export class Refusal extends Error {
  readonly kind: keyof typeof kinds;

  constructor(kind: keyof typeof kinds, message: string) {
    super(message);
    this.name = 'Refusal';
    this.kind = kind;
  }

  get codes(): Codes {
    return kinds[this.kind];
  }
}

/** In what words the embedded server says that it leaves something out. */
export function leftOutText(what: string): string {
  return `the embedded Nacos does not have this: ${what}`;
}

export function leftOut(what: string): Refusal {
  return new Refusal('not embedded', leftOutText(what));
}
