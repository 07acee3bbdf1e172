import assert from 'node:assert/strict';
import { status } from '@grpc/grpc-js';
import type { ErrorCode } from '../../../operator/errors.ts';
import {
  errorOfAnswer,
  errorOfStatus,
  oneLine,
  shortCause,
} from '../../../operator/nacos/transport/response-errors.ts';

/** [response type, resultCode, errorCode, message, expected] */
const answers: [string, number, number, string, ErrorCode][] = [
  ['ConfigPublishResponse', 500, 500, 'Cas publish fail,server md5 may have changed.', 'NACOS_CAS_FAILED'],
  ['ConfigPublishResponse', 500, 500, 'Cas publish fail, server md5 may have changed.', 'NACOS_CAS_FAILED'],
  ['ConfigPublishResponse', 20_005, 20_005, 'conflict', 'NACOS_CAS_FAILED'],
  ['ConfigPublishResponse', 410, 410, 'config already exist', 'NACOS_CAS_FAILED'],
  ['ConfigPublishResponse', 400, 400, "Param check invalid:Param 'dataId' is illegal", 'NACOS_INVALID'],
  ['ConfigPublishResponse', 500, 500, 'invalid dataId', 'NACOS_INVALID'],
  ['ConfigPublishResponse', 500, 500, 'content is blank, dataId:a', 'NACOS_INVALID'],
  ['ConfigPublishResponse', 500, 403, 'authorization failed!', 'NACOS_FORBIDDEN'],
  ['ErrorResponse', 500, 300, 'Server is starting', 'CONNECTION_NOT_READY'],
  ['ErrorResponse', 500, 301, 'Connection is unregistered.', 'CONNECTION_NOT_READY'],
  ['ErrorResponse', 500, 302, 'RequestHandler Not Found', 'NACOS_UNSUPPORTED'],
  ['ErrorResponse', 500, 501, 'not implemented', 'NACOS_UNSUPPORTED'],
  ['ErrorResponse', 500, 503, 'over limit', 'NACOS_OVERLOADED'],
  ['ErrorResponse', -401, -401, 'Client already disconnect', 'CONNECTION_NOT_READY'],
  ['ErrorResponse', 500, 502, 'Invalid request', 'NACOS_FAILED'],
  ['ConfigQueryResponse', 500, 400, 'requested file is being modified, please try later.', 'NACOS_FAILED'],
  ['ConfigQueryResponse', 500, 0, '', 'NACOS_FAILED'],
  ['ConfigQueryResponse', 22_001, 22_001, "namespace 'x' not exist", 'NACOS_FAILED'],
];

const statuses: [number, ErrorCode][] = [
  [status.UNAVAILABLE, 'NACOS_UNREACHABLE'],
  [status.CANCELLED, 'NACOS_UNREACHABLE'],
  [status.UNIMPLEMENTED, 'NACOS_UNREACHABLE'],
  [status.DEADLINE_EXCEEDED, 'TIMEOUT'],
  [status.RESOURCE_EXHAUSTED, 'NACOS_INVALID'],
  [status.PERMISSION_DENIED, 'NACOS_FORBIDDEN'],
  [status.INTERNAL, 'NACOS_FAILED'],
];

describe('the failures of Nacos', () => {
  for (const [type, resultCode, errorCode, message, expected] of answers) {
    it(`${type} ${resultCode}/${errorCode} '${message}' is ${expected}`, () => {
      const error = errorOfAnswer({ type, resultCode, errorCode, message }, 'publish of g/d');
      assert.equal(error.code, expected);
      assert.match(error.message, /^publish of g\/d: Nacos answered -?\d+/);
    });
  }

  for (const [code, expected] of statuses) {
    it(`gRPC status ${status[code]} is ${expected}`, () => {
      const error = errorOfStatus(
        { code, details: 'Last error: Error: connect ECONNREFUSED 127.0.0.1:1' },
        'h:9848',
        0,
      );
      assert.deepEqual([error.code, error.message], [expected, 'gRPC h:9848: ECONNREFUSED']);
    });
  }

  it('of a large request that was cut off without a word are told as one over the message limit, as by 2.3', () => {
    const failure = { code: status.CANCELLED, details: 'Call cancelled' };
    const error = errorOfStatus(failure, 'h:9848', 2_000_000);
    assert.equal(error.code, 'NACOS_INVALID');
    assert.match(error.message, /2000000 bytes.*max-inbound-message-size/);
    assert.equal(errorOfStatus(failure, 'h:9848', 2_000).code, 'NACOS_UNREACHABLE');
  });

  it('of equal causes are equal, whenever they were: grpc-js puts the time into some', () => {
    const at = (time: string) =>
      errorOfStatus(
        { code: status.UNAVAILABLE, details: `Last error: closed (${time}). Resolution note: ` },
        'h:9848',
        0,
      );
    assert.equal(at('2026-01-01T00:00:00.001Z').message, at('2026-02-03T10:20:30.400Z').message);
    assert.match(at('2026-01-01T00:00:00.001Z').message, /closed/);
  });

  it('are cut to one line', () => {
    assert.equal(oneLine(`  a\n b ${'x'.repeat(300)}`).length, 201);
    assert.equal(shortCause('getaddrinfo ENOTFOUND nowhere'), 'ENOTFOUND');
  });
});
