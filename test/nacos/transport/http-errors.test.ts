import assert from 'node:assert/strict';
import type { ErrorCode } from '../../../operator/errors.ts';
import { errorOfHttp } from '../../../operator/nacos/transport/http-errors.ts';
import { parseServerAddresses } from '../../../operator/nacos/transport/server-address.ts';

const [server] = parseServerAddresses('http://nacos:8848/registry');

/** [status, body, expected code, what the message says] */
const answers: readonly [number, string, ErrorCode, RegExp][] = [
  [301, '', 'NACOS_FAILED', /HTTP 301; redirects are not followed/],
  [302, '<html>moved</html>', 'NACOS_FAILED', /HTTP 302; redirects are not followed/],
  [400, '{"code":10000,"message":"parameter missing","data":"Param \'a\' is required."}', 'NACOS_INVALID', /Param 'a'/],
  [401, '', 'NACOS_UNAUTHENTICATED', /HTTP 401/],
  [403, '{"message":"authorization failed!"}', 'NACOS_FORBIDDEN', /authorization failed!/],
  [404, '<html>not found</html>', 'NACOS_UNSUPPORTED', /contextPath than '\/registry'/],
  [405, '', 'NACOS_UNSUPPORTED', /HTTP 405/],
  [409, '', 'NACOS_FAILED', /HTTP 409/],
  [410, '{"code":40000,"message":"API deprecated"}', 'NACOS_UNSUPPORTED', /HTTP 410; API deprecated/],
  [410, '', 'NACOS_UNSUPPORTED', /HTTP 410/],
  [413, '', 'NACOS_INVALID', /HTTP 413/],
  [429, '', 'NACOS_OVERLOADED', /HTTP 429/],
  [500, '{"code":20005,"message":"resource conflict"}', 'NACOS_CAS_FAILED', /resource conflict/],
  [500, '{"code":30000,"message":"server error"}', 'NACOS_FAILED', /server error/],
  [500, 'a page', 'NACOS_FAILED', /nacos:8848 answered HTTP 500$/],
  [502, '', 'NACOS_UNREACHABLE', /HTTP 502/],
  [503, 'server is DOWN now, please try again later!', 'NACOS_OVERLOADED', /HTTP 503/],
  [300, '', 'NACOS_FAILED', /HTTP 300/],
];

describe('the failures of Nacos over HTTP', () => {
  for (const [status, text, code, message] of answers) {
    it(`${status} '${text}' is ${code}`, () => {
      const error = errorOfHttp({ status, text, server: server! }, 'read of g/d');
      assert.equal(error.code, code);
      assert.match(error.message, /^read of g\/d: nacos:8848 answered HTTP \d+/);
      assert.match(error.message, message);
    });
  }
});
