import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { globSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '../..');
const isWritten = (file: string) => !file.includes('/generated/');

async function linesOf(folder: string): Promise<[file: string, lines: number][]> {
  const files = globSync(`${folder}/**/*.ts`, { cwd: root }).filter(isWritten);
  const texts = await Promise.all(files.map((file) => readFile(join(root, file), 'utf8')));
  return files.map((file, index) => [file, (texts[index] ?? '').split('\n').length - 1]);
}

describe('the size of the code', () => {
  for (const folder of ['operator', 'sandbox']) {
    it(`is at most 400 lines for each file of ${folder}`, async () => {
      const lines = await linesOf(folder);
      assert.ok(lines.length > 100);
      assert.deepEqual(
        lines.filter(([, count]) => count > 400),
        [],
      );
    });
  }

  it('is at most 16,000 lines for the sandbox (ADR 0009)', async () => {
    const total = (await linesOf('sandbox')).reduce((sum, [, count]) => sum + count, 0);
    assert.ok(total > 1_000 && total <= 16_000, `${total} lines`);
  });
});
