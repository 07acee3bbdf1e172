import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isBridgeError } from '../../../operator/errors.ts';
import { SandboxFolder } from '../../../sandbox/demonstration/sandbox-folder.ts';

describe('the folder of a sandbox', () => {
  let parent: string;

  beforeEach(async () => {
    parent = await mkdtemp(join(tmpdir(), 'nacos-bridge-test-'));
  });

  afterEach(() => rm(parent, { recursive: true, force: true }));

  it('is one of its own when none is named, and goes with it', async () => {
    const [one, other] = [await SandboxFolder.open(undefined), await SandboxFolder.open(undefined)];
    await one.writeKubeconfig('a: 1\n');
    assert.notEqual(one.path, other.path);
    await Promise.all([one.close(), other.close()]);
    assert.deepEqual([existsSync(one.path), existsSync(other.path)], [false, false]);
  });

  it('is made where it is missing, and then goes with it', async () => {
    const folder = await SandboxFolder.open(join(parent, 'a/b'));
    await folder.close();
    assert.equal(existsSync(folder.path), false);
  });

  it('stays where it was there, with the log and what is not ours', async () => {
    await writeFile(join(parent, 'mine'), '');
    const folder = await SandboxFolder.open(parent);
    await folder.writeKubeconfig('a: 1\n');
    await writeFile(folder.logFile, '');
    await folder.close();
    assert.deepEqual(await readdir(parent), ['mine', 'operator.log']);
  });

  it('is refused while another sandbox is in it, with what to do about it', async () => {
    const folder = await SandboxFolder.open(parent);
    await assert.rejects(SandboxFolder.open(parent), (error: unknown) => {
      assert.ok(isBridgeError(error, 'INVALID_OPTION'));
      assert.ok(error.message.includes(parent) && error.message.includes(`process ${process.pid}`), error.message);
      assert.match(error.message, /choose another by --dir, or leave --dir out/);
      return true;
    });
    await folder.close();
  });

  const stale: { what: string; lock: string }[] = [
    { what: 'a process that is gone', lock: `${spawnSync(process.execPath, ['--version']).pid}\n` },
    { what: 'a lock that was half written', lock: '' },
  ];
  for (const { what, lock } of stale) {
    it(`is taken over from ${what}`, async () => {
      await writeFile(join(parent, 'sandbox.lock'), lock);
      await (await SandboxFolder.open(parent)).close();
    });
  }

  it('is refused when it is a file', async () => {
    const file = join(parent, 'file');
    await writeFile(file, '');
    await assert.rejects(SandboxFolder.open(file), /--dir: '.*file' cannot be made/);
  });
});
