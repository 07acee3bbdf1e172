/** The image runs what is compiled: there a thread has another file than in the sources. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const root = join(import.meta.dirname, '../../..');

describe('the compiled operator', () => {
  let folder: string;
  before(async () => {
    await mkdir(join(root, 'dist'), { recursive: true });
    folder = await mkdtemp(join(root, 'dist/test-'));
    const compiler = join(root, 'node_modules/.bin/tsc');
    await promisify(execFile)(compiler, ['-p', 'tsconfig.build.json', '--outDir', folder], { cwd: root });
  });
  after(() => rm(folder, { recursive: true, force: true }));

  it('judges contents in threads, and ends by itself', async () => {
    const judge = `
      const { checkContent } = await import(${JSON.stringify(join(folder, 'operator/config-sync/validation.js'))});
      const rules = { format: 'json', validation: { syntax: true, jsonSchema: { type: 'string' } } };
      await checkContent('1', rules, { isSecret: false, namespace: 'ns' }).catch(({ code }) => console.log(code));`;
    const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', judge]);
    assert.equal(stdout, 'INVALID_CONTENT\n');
  });
});
