/**
 * What the naming part refuses, in the server's words. Requests and HTTP calls say the same in different envelopes:
 *
 *   gRPC              a typed response for a parameter that breaks a rule, an ErrorResponse otherwise
 *   v3                {code, message, data: detail}
 *   v1 and v2 of 2.3  `caused: detail;` as text
 *   v1 of 3.1         the detail as text
 *   a bad parameter   the detail and a line end, everywhere over HTTP
 */
type RefusalKind = keyof typeof kinds;

/** Code and title of the server's catalogue of errors (v2 and v3 answers), and the HTTP status. */
const kinds = {
  'parameter missing': { code: 10_000, status: 400 },
  'parameter validate error': { code: 20_002, status: 400 },
  'resource not found': { code: 20_004, status: 404 },
  'weight error': { code: 21_001, status: 400 },
  /** Of a heartbeat, which succeeds all the same. */
  'instance not found': { code: 21_003, status: 200 },
  'instance error': { code: 21_004, status: 400 },
  'service metadata error': { code: 21_005, status: 400 },
  'selector error': { code: 21_006, status: 400 },
  'service already exist': { code: 21_007, status: 400 },
  'service not exist': { code: 21_008, status: 400 },
  'service delete failure': { code: 21_009, status: 400 },
  'server error': { code: 30_000, status: 400 },
  'not found': { code: 30_000, status: 404 },
} as const;

export class Refusal extends Error {
  readonly kind: RefusalKind;

  constructor(kind: RefusalKind, detail: string) {
    super(detail);
    this.name = 'Refusal';
    this.kind = kind;
  }

  get status(): number {
    return kinds[this.kind].status;
  }

  get code(): number {
    return kinds[this.kind].code;
  }

  get title(): string {
    return this.kind === 'not found' ? 'server error' : this.kind;
  }
}

/** A parameter breaks a rule, which is found before anything else is looked at. */
export class IllegalParameter extends Error {
  constructor(name: string, rule: string) {
    super(`Param '${name}' is illegal, ${rule}.`);
    this.name = 'IllegalParameter';
  }
}

/** v2 says so of what is read, before it is looked at. */
export class MissingParameter extends Error {
  constructor(name: string) {
    super(`Parameter '${name}' is missing`);
    this.name = 'MissingParameter';
  }
}

/** What the request changes belongs to the other kind of services, or its connection has no naming client. */
export class RefusedOperation extends Error {
  readonly errorCode: number;

  constructor(errorCode: number, detail: string) {
    super(`errCode: ${errorCode}, errMsg: ${detail} `);
    this.name = 'RefusedOperation';
    this.errorCode = errorCode;
  }
}

/** The server fails inside over it, which it answers with 500. */
export class MalformedRequest extends Error {
  constructor(detail: string) {
    super(detail);
    this.name = 'MalformedRequest';
  }
}
