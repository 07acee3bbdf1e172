import assert from 'node:assert/strict';
import { BridgeError } from '../../operator/errors.ts';
import type { ErrorCode } from '../../operator/errors.ts';
import { answerError, operationOf, retryAfterMs, transportError } from '../../operator/kube/api-errors.ts';
import { status } from './fake-api-server.ts';

const nowMs = Date.parse('2026-01-01T00:00:00Z');
const operation = { verb: 'patch', resource: 'configmaps', name: 'a' };

describe('an answer of the API server becomes', () => {
  interface Row {
    httpStatus: number;
    body: string | object;
    retryAfter?: string;
    code: ErrorCode;
    message: string;
    retryAfterMs?: number;
    objectMissing?: boolean;
  }
  const uidCause = { name: 'a', causes: [{ field: 'metadata.uid' }] };
  const rows: Row[] = [
    {
      httpStatus: 400,
      body: status(400, 'BadRequest', 'no such parameter'),
      code: 'KUBE_INVALID',
      message: "patch configmaps 'a': no such parameter (400 BadRequest)",
    },
    {
      httpStatus: 401,
      body: status(401, 'Unauthorized', 'Unauthorized'),
      code: 'KUBE_FORBIDDEN',
      message: "patch configmaps 'a': Unauthorized (401 Unauthorized)",
    },
    {
      httpStatus: 403,
      body: 'denied by the proxy',
      code: 'KUBE_FORBIDDEN',
      message: "patch configmaps 'a': denied by the proxy (403)",
    },
    {
      httpStatus: 403,
      body: status(403, 'Forbidden', 'the namespace goes', { causes: [{ reason: 'NamespaceTerminating' }] }),
      code: 'KUBE_TERMINATING',
      message: "patch configmaps 'a': the namespace goes (403 Forbidden)",
    },
    {
      httpStatus: 404,
      body: status(404, 'NotFound', 'configmaps "a" not found', { name: 'a', kind: 'configmaps' }),
      code: 'KUBE_NOT_FOUND',
      message: `patch configmaps 'a': configmaps "a" not found (404 NotFound)`,
      objectMissing: true,
    },
    {
      httpStatus: 404,
      body: '404 page not found\n',
      code: 'KUBE_NOT_FOUND',
      message: "patch configmaps 'a': 404 page not found (404)",
    },
    {
      httpStatus: 409,
      body: status(409, 'AlreadyExists', 'it exists'),
      code: 'KUBE_CONFLICT',
      message: "patch configmaps 'a': it exists (409 AlreadyExists)",
    },
    {
      httpStatus: 422,
      body: status(422, 'Invalid', 'field is immutable', uidCause),
      code: 'KUBE_CONFLICT',
      message: "patch configmaps 'a': field is immutable (422 Invalid)",
    },
    {
      httpStatus: 422,
      body: status(422, 'Invalid', 'must be lower case'),
      code: 'KUBE_INVALID',
      message: "patch configmaps 'a': must be lower case (422 Invalid)",
    },
    {
      httpStatus: 410,
      body: status(410, 'Expired', 'too old'),
      code: 'KUBE_EXPIRED',
      message: "patch configmaps 'a': too old (410 Expired)",
    },
    {
      httpStatus: 429,
      body: status(429, 'TooManyRequests', 'later', { retryAfterSeconds: 7 }),
      retryAfter: '3',
      code: 'KUBE_UNAVAILABLE',
      message: "patch configmaps 'a': later (429 TooManyRequests)",
      retryAfterMs: 3000,
    },
    {
      httpStatus: 504,
      body: status(504, 'Timeout', 'too slow', { retryAfterSeconds: 7 }),
      code: 'KUBE_UNAVAILABLE',
      message: "patch configmaps 'a': too slow (504 Timeout)",
      retryAfterMs: 7000,
    },
    {
      httpStatus: 502,
      body: '<html><body>token=marker</body></html>',
      code: 'KUBE_UNAVAILABLE',
      message: "patch configmaps 'a': no reason given (502)",
    },
    {
      httpStatus: 302,
      body: '',
      code: 'KUBE_UNAVAILABLE',
      message: "patch configmaps 'a': no reason given (302)",
    },
  ];
  for (const row of rows) {
    it(`${row.code} for ${row.httpStatus}: ${row.message}`, () => {
      const body = typeof row.body === 'string' ? row.body : JSON.stringify(row.body);
      const error = answerError({ httpStatus: row.httpStatus, body, retryAfter: row.retryAfter, operation, nowMs });
      assert.equal(error.code, row.code);
      assert.equal(error.message, row.message);
      assert.equal(error.retryAfterMs, row.retryAfterMs);
      assert.equal(error.objectMissing, row.objectMissing ?? false);
    });
  }

  it('a message that fits a condition, however long the reason was', () => {
    const body = JSON.stringify(status(422, 'Invalid', 'x'.repeat(10_000)));
    assert.ok(answerError({ httpStatus: 422, body, operation, nowMs }).message.length < 500);
  });
});

describe('a failure without an answer', () => {
  const withCode = (code: string, message = '') => Object.assign(new Error(message), { code });
  const rows: { title: string; error: unknown; message: string }[] = [
    { title: 'refused', error: withCode('ECONNREFUSED'), message: 'no answer from h:1 (ECONNREFUSED)' },
    {
      title: 'wrapped twice',
      error: new TypeError('failed', { cause: new AggregateError([withCode('EHOSTUNREACH')], '') }),
      message: 'no answer from h:1 (EHOSTUNREACH)',
    },
    {
      title: 'untrusted',
      error: withCode('DEPTH_ZERO_SELF_SIGNED_CERT'),
      message: 'the certificate of h:1 is not accepted (DEPTH_ZERO_SELF_SIGNED_CERT)',
    },
    { title: 'no JSON', error: new SyntaxError('Unexpected end'), message: 'no answer from h:1 (Unexpected end)' },
  ];
  for (const { title, error, message } of rows) {
    it(`says what is wrong: ${title}`, () => {
      const made = transportError(error, 'h:1', operation);
      assert.equal(made.code, 'KUBE_UNAVAILABLE');
      assert.equal(made.message, `patch configmaps 'a': ${message}`);
      assert.equal(made.cause, error);
    });
  }

  it('stays what it is when it is a BridgeError already', () => {
    const error = new BridgeError('ABORTED', 'given up');
    assert.equal(transportError(error, 'h', operation), error);
  });
});

describe('the verb and resource of a request', () => {
  const rows: [method: string, path: string, expected: string][] = [
    ['GET', '/api/v1/configmaps', 'list configmaps'],
    ['GET', '/api/v1/namespaces/a/configmaps', 'list configmaps'],
    ['GET', '/api/v1/namespaces/a/configmaps/b', 'get configmaps b'],
    ['GET', '/api/v1/namespaces', 'list namespaces'],
    ['GET', '/api/v1/namespaces/a', 'get namespaces a'],
    ['POST', '/apis/events.k8s.io/v1/namespaces/a/events', 'create events.events.k8s.io'],
    ['PATCH', '/apis/x.io/v1/namespaces/a/things/b/status', 'patch things.x.io/status b'],
    ['PUT', '/apis/x.io/v1/things/b', 'update things.x.io b'],
    ['DELETE', '/apis/x.io/v1/things/b', 'delete things.x.io b'],
  ];
  for (const [method, path, expected] of rows) {
    it(`${method} ${path} is ${expected}`, () => {
      const { verb, resource, name } = operationOf(method, path);
      assert.equal([verb, resource, name].filter(Boolean).join(' '), expected);
    });
  }
});

describe('Retry-After', () => {
  const rows: [header: string | undefined, expected: number | undefined][] = [
    [undefined, undefined],
    ['', undefined],
    ['soon', undefined],
    ['0', 0],
    ['12', 12_000],
    ['-4', 0],
    ['Thu, 01 Jan 2026 00:00:30 GMT', 30_000],
    ['Wed, 31 Dec 2025 00:00:00 GMT', 0],
  ];
  for (const [header, expected] of rows) {
    it(`'${header}' is ${expected} ms`, () => assert.equal(retryAfterMs(header, nowMs), expected));
  }
});
