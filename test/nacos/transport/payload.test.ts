import assert from 'node:assert/strict';
import fc from 'fast-check';
import { decodePayload, encodePayload } from '../../../operator/nacos/transport/payload.ts';

const unicode = fc.string({ unit: 'binary' });
const payloads = fc.record({
  type: unicode,
  clientIp: unicode,
  headers: fc.dictionary(unicode, unicode),
  body: fc.oneof(fc.json(), unicode),
});

describe('the codec of a payload', () => {
  it('gives back what was encoded, whatever the JSON and the Unicode', () => {
    fc.assert(
      fc.property(payloads, (payload) => {
        const decoded = decodePayload(encodePayload(payload));
        assert.deepEqual(
          { ...decoded, headers: { ...decoded.headers } },
          { ...payload, headers: { ...payload.headers } },
        );
      }),
    );
  });

  it('writes the bytes that protobuf prescribes', () => {
    const bytes = encodePayload({ type: 'T', clientIp: 'i', headers: { k: 'v' }, body: '{}' });
    assert.equal(
      bytes.toString('hex'),
      ['120e', '1a0154', '3a06', '0a016b', '120176', '420169', '1a04', '12027b7d'].join(''),
    );
  });

  it('survives a body of nine megabytes', () => {
    const body = JSON.stringify({ content: 'ü😀\r\n'.repeat(1_000_000) });
    assert.equal(decodePayload(encodePayload({ type: 'T', clientIp: '', headers: {}, body })).body, body);
  });

  it('skips fields that it does not know', () => {
    const unknown = fc.constantFrom(
      Buffer.from([0x78, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01]), // number 15, a 64-bit varint
      Buffer.from([0x79, 1, 2, 3, 4, 5, 6, 7, 8]), // 64 bits
      Buffer.from([0x7a, 2, 9, 9]), // bytes
      Buffer.from([0x7d, 1, 2, 3, 4]), // 32 bits
    );
    fc.assert(
      fc.property(payloads, unknown, unknown, (payload, before, after) => {
        const decoded = decodePayload(Buffer.concat([before, encodePayload(payload), after]));
        assert.deepEqual(
          { ...decoded, headers: { ...decoded.headers } },
          { ...payload, headers: { ...payload.headers } },
        );
      }),
    );
  });

  it('refuses input that is cut short', () => {
    const whole = encodePayload({
      type: 'ConfigQueryRequest',
      clientIp: '10.0.0.1',
      headers: { a: 'b' },
      body: '{"a":1}',
    });
    // The two outer fields are complete messages of their own.
    const boundaries = [0, whole.length - 11];
    for (let length = 1; length < whole.length; length += 1) {
      if (boundaries.includes(length)) continue;
      assert.throws(() => decodePayload(whole.subarray(0, length)), RangeError, `cut after ${length} bytes`);
    }
  });

  it('never gives a half of what it cannot read', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
        try {
          decodePayload(bytes);
        } catch (error) {
          assert.ok(error instanceof RangeError || error instanceof TypeError);
        }
      }),
    );
  });

  it('refuses text that is not UTF-8', () => {
    assert.throws(() => decodePayload(Buffer.from([0x12, 0x03, 0x1a, 0x01, 0xff])), TypeError);
  });
});
