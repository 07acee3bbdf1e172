/** The deliberate defects still fit the source, so that a change shows at once which of them it has moved. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { loadScenarios } from '../scenarios/parse-scenarios.ts';
import { loadDefects } from './defect.ts';

describe('the deliberate defects', () => {
  it('stand once in the file that they name', async () => {
    for (const { defect, file, replace } of await loadDefects()) {
      const source = await readFile(join(import.meta.dirname, '../../operator', file), 'utf8');
      assert.equal(source.split(replace).length, 2, `'${defect}' in operator/${file}: ${replace}`);
    }
  });

  it('are to be noticed by scenarios that there are', async () => {
    const scenarios = await loadScenarios(join(import.meta.dirname, '../scenarios'));
    const titles = new Set(scenarios.map(({ title }) => title));
    for (const { defect, noticedBy } of await loadDefects())
      assert.ok(titles.has(noticedBy), `'${defect}': ${noticedBy}`);
  });
});
