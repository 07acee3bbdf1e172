import assert from 'node:assert/strict';
import { duplicateFieldsOf } from '../../../../sandbox/kubernetes/validation/duplicate-fields.ts';

describe('Fields that a text holds twice', () => {
  const texts: readonly (readonly [text: string, fields: readonly string[]])[] = [
    ['{"a":1,"b":{"a":1}}', []],
    ['{"a":1,"a":2,"a":3}', ['a']],
    ['{"spec":{"ports":[{"port":1},{"port":2,"name":"x","port":3}],"x":1},"spec":{}}', ['spec.ports[1].port', 'spec']],
    ['[[],[{"a":1,"a":2}]]', ['[1][0].a']],
    ['"a"', []],
  ];
  for (const [text, fields] of texts) {
    it(`are found by their paths: ${text}`, () => assert.deepEqual(duplicateFieldsOf(text), fields));
  }
});
