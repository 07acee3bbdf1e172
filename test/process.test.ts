import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

const processFile = join(import.meta.dirname, '../operator/process.ts');

/** A program whose work is over, and that something keeps alive that nobody ends. */
const program = `
  import { endSoon, onceSignalled } from '${processFile}';
  onceSignalled();
  setInterval(() => {}, 1000);
  process.exitCode = 1;
  endSoon();
  process.stdout.write('over');
`;

describe('a process whose work is over', () => {
  async function start() {
    const child = spawn(process.execPath, ['--input-type=module', '--eval', program], { stdio: ['ignore', 'pipe', 2] });
    await once(child.stdout!, 'data');
    return child;
  }

  it('ends with its exit code, whatever keeps it alive', async () => {
    const child = await start();
    assert.deepEqual(await once(child, 'exit'), [1, null]);
  });

  it('ends at the first signal that it is told to', async () => {
    const child = await start();
    const startedMs = performance.now();
    child.kill('SIGTERM');
    assert.deepEqual(await once(child, 'exit'), [1, null]);
    assert.ok(performance.now() - startedMs < 5000, 'it must not wait for its limit');
  });
});
