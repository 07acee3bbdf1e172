import assert from 'node:assert/strict';
import fc from 'fast-check';
import { LineSplitter } from '../../operator/kube/line-splitter.ts';

describe('a line splitter', () => {
  it('gives the same lines however the bytes are cut', () => {
    const line = fc
      .string({ unit: 'binary', minLength: 1, maxLength: 20 })
      .map((text) => `x${text.replaceAll('\n', ' ')}`);
    const cuts = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 30 });
    fc.assert(
      fc.property(fc.array(line, { maxLength: 12 }), cuts, (lines, sizes) => {
        // A lone surrogate cannot be encoded; what arrives is what the encoder made of it.
        const bytes = Buffer.from(lines.map((text) => `${text}\n`).join(''));
        const splitter = new LineSplitter();
        const seen: string[] = [];
        for (let at = 0, n = 0; at < bytes.length; n++) {
          const end = at + (sizes[n % sizes.length] ?? 1);
          seen.push(...splitter.push(bytes.subarray(at, end)));
          at = end;
        }
        assert.deepEqual(seen, bytes.toString().split('\n').slice(0, -1));
        assert.equal(splitter.incomplete, false);
      }),
    );
  });

  it('leaves blank lines out and says when the end is missing', () => {
    const splitter = new LineSplitter();
    assert.deepEqual(splitter.push(Buffer.from('a\n\n \r\nb')), ['a']);
    assert.equal(splitter.incomplete, true);
    assert.deepEqual(splitter.push(Buffer.from('\n')), ['b']);
    assert.equal(splitter.incomplete, false);
  });
});
