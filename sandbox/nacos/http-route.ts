/**
 * What the parts of the embedded Nacos see of HTTP. `http-server.ts` does the rest: it reads parameters from the query and
 * from a form or JSON body alike, checks the token, and answers what a handler returns as JSON, or as text when it is one.
 */
export interface HttpRequest {
  readonly method: string;
  /** Below the context path, such as `/v3/admin/cs/config`. */
  readonly path: string;
  /** Query and form together. */
  readonly parameters: Readonly<Record<string, string>>;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly clientIp: string;
  readonly username: string | undefined;
  readonly stale: boolean;
}

export interface HttpAnswer {
  /** @default 200 */
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** A string is sent as it is, anything else as JSON. */
  readonly body: unknown;
}

export interface HttpRoute {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly path: string;
  /** @default a login is needed when authentication is on */
  readonly open?: boolean;
  handle(request: HttpRequest): HttpAnswer | Promise<HttpAnswer>;
}
