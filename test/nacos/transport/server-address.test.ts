import assert from 'node:assert/strict';
import { isBridgeError } from '../../../operator/errors.ts';
import { grpcTarget, httpBase, parseServerAddresses } from '../../../operator/nacos/transport/server-address.ts';

/** [text, [HTTP base, gRPC target] of each] */
const valid: [string, [string, string][]][] = [
  ['nacos:8848', [['http://nacos:8848/nacos', 'nacos:9848']]],
  ['nacos', [['http://nacos:8848/nacos', 'nacos:9848']]],
  [
    '10.0.0.1:80,10.0.0.2:81',
    [
      ['http://10.0.0.1:80/nacos', '10.0.0.1:1080'],
      ['http://10.0.0.2:81/nacos', '10.0.0.2:1081'],
    ],
  ],
  [
    ' a:1 ; b:2 ',
    [
      ['http://a:1/nacos', 'a:1001'],
      ['http://b:2/nacos', 'b:1002'],
    ],
  ],
  ['[::1]:8848', [['http://[::1]:8848/nacos', '[::1]:9848']]],
  ['https://Nacos.Example.org:443/', [['https://nacos.example.org:443', 'nacos.example.org:1443']]],
  ['http://a:80//nacos//', [['http://a:80/nacos', 'a:1080']]],
  ['a:80?grpcPort=9848', [['http://a:80/nacos', 'a:9848']]],
  [
    'https://a:65000/?grpcPort=1,b:2',
    [
      ['https://a:65000', 'a:1'],
      ['http://b:2/nacos', 'b:1002'],
    ],
  ],
  ['http://[fd00::1]:8848/registry/nacos/', [['http://[fd00::1]:8848/registry/nacos', '[fd00::1]:9848']]],
];

/** [text, what the message must say] */
const invalid: [string, RegExp][] = [
  ['', /'' must not be empty/],
  ['a:1,,b:2', /'' must not be empty/],
  ['a:0', /'a:0' must have a port from 1 to 64535/],
  ['a:65000', /'a:65000' must have a port from 1 to 64535/],
  ['a:b', /'a:b' must be HOST\[:PORT\]/],
  ['::1', /'::1' must be HOST\[:PORT\], with an IPv6 address in brackets/],
  ['[1.2.3.4]:1', /must have an IPv6 address between the brackets/],
  ['https://a', /'https:\/\/a' must name its port/],
  ['a:1?grpcPort=0', /must have a grpcPort from 1 to 65535/],
  ['a:1?other=2', /'a:1\?other=2' must be HOST/],
  ['ftp://a:1', /'ftp:\/\/a:1' must be/],
  ['a:1,a:1', /a:1 must be named once/],
  ['http://user:hunter2@a:1', /'http:\/\/\*\*\*@a:1' must be/],
];

describe('server addresses', () => {
  for (const [text, expected] of valid) {
    it(`are read from '${text}'`, () => {
      const addresses = parseServerAddresses(text);
      assert.deepEqual(
        addresses.map((address) => [httpBase(address), grpcTarget(address)]),
        expected,
      );
    });
  }

  for (const [text, message] of invalid) {
    it(`are refused from '${text}', with the piece named`, () => {
      const check = (error: unknown): boolean => isBridgeError(error, 'INVALID_OPTION') && message.test(error.message);
      assert.throws(() => parseServerAddresses(text), check);
    });
  }
});
