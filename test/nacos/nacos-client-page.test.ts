/**
 * The example of docs/nacos-client.md runs as it stands there, and prints what the page says.
 */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { nacosServer, stopAll } from './client-for.ts';

const docs = path.join(import.meta.dirname, '../../docs');
const page = readFileSync(path.join(docs, 'nacos-client.md'), 'utf8');

function block(language: string): string {
  const found = new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\``, 'ms').exec(page)?.[1];
  assert.ok(found !== undefined, `the page has a block of '${language}'`);
  return found;
}

describe('the page about the Nacos client', () => {
  afterEach(stopAll);

  it('has an example that does what it says', async () => {
    const { host, port } = await nacosServer({ pushDelayMs: 20, dumpDelayMs: 20 });
    const { stdout } = await promisify(execFile)(
      process.execPath,
      ['--input-type=module-typescript', '--disable-warning=ExperimentalWarning', '-e', block('ts')],
      { cwd: docs, env: { ...process.env, NACOS: `${host}:${port}` } },
    );
    const printed = block('text').trimEnd();
    assert.ok(stdout.trimEnd().endsWith(printed), stdout);
  });
});
