import assert from 'node:assert/strict';
import { setImmediate } from 'node:timers/promises';
import fc from 'fast-check';
import { examine } from '../../../operator/config-sync/content/examine.ts';
import { configFormats } from '../../../operator/config-sync/formats/format.ts';

/** What the formats are made of, so that some of it is nearly right. */
const parts = [
  'a',
  'b',
  '1',
  ' ',
  '  ',
  '\n',
  '\t',
  ':',
  ': ',
  '- ',
  '? ',
  '{',
  '}',
  '[',
  ']',
  ',',
  '"',
  "'",
  '=',
  '#',
].concat(
  [
    '&a',
    '*a',
    '<<: ',
    '!!set',
    '!!binary ',
    '!!omap',
    '|',
    '>',
    '---',
    '...',
    '%',
    '\\',
    '\\u00',
    '<',
    '>',
    '/',
    '<!',
    '<!--',
  ],
  [
    '-->',
    '<![CDATA[',
    '<!DOCTYPE ',
    ']]',
    '<?',
    '?>',
    '&',
    ';',
    '__proto__',
    'constructor',
    '1979-05-27',
    '[[',
    '\u0000',
  ],
);
const schemas = [
  undefined,
  '{}',
  '{"$ref": "#"}',
  '{"items": {"$ref": "#"}, "properties": {"a": {"$ref": "#"}}}',
  '{"pattern": "("}',
  '7',
];

describe('an examination', () => {
  it('has a finding for whatever a content and a schema are', () => {
    const text = fc
      .array(fc.oneof({ weight: 9, arbitrary: fc.constantFrom(...parts) }, fc.string()))
      .map((all) => all.join(''));
    const tasks = fc.oneof(
      fc.record({
        kind: fc.constant('check'),
        content: text,
        format: fc.constantFrom(...configFormats),
        schema: fc.constantFrom(...schemas),
      }),
      fc.record({
        kind: fc.constant('entries'),
        content: text,
        format: fc.constantFrom(...configFormats),
        target: fc.constantFrom('Secret', 'ConfigMap'),
      }),
    );
    fc.assert(
      fc.property(tasks, (task) => {
        assert.ok(['valid', 'entries', 'refused'].includes(examine(task).kind));
      }),
      { numRuns: 2_000 },
    );
  });

  it('prints nothing of a content', async () => {
    const warnings: Error[] = [];
    const heard = (warning: Error) => void warnings.push(warning);
    process.on('warning', heard);
    examine({ kind: 'check', content: '? {marker: 1}\n: 2\n', format: 'yaml', schema: '{}' });
    await setImmediate();
    process.off('warning', heard);
    assert.deepEqual(warnings, []);
  });
});
