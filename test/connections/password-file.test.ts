import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PasswordFile } from '../../operator/connections/password-file.ts';
import { FakeClock } from '../fake-clock.ts';

describe('the password file', () => {
  let dir: string;
  let path: string;
  const clock = new FakeClock();

  before(async () => {
    dir = await mkdtemp(join(tmpdir(), 'password-file-'));
    path = join(dir, 'password');
  });

  after(() => rm(dir, { recursive: true }));

  it('is read without its line break, and told of when it has another content or cannot be read', async () => {
    await writeFile(path, 'first\n');
    const file = new PasswordFile(path, clock);
    let changes = 0;
    const changesAfter = async (change: () => Promise<void>): Promise<number> => {
      changes = 0;
      await change();
      await clock.advance(2000);
      return changes;
    };
    file.watch(() => (changes += 1));
    assert.equal(file.read(), 'first');
    assert.equal(await changesAfter(() => writeFile(path, 'first')), 0);
    assert.equal(await changesAfter(() => writeFile(path, 'second')), 1);
    assert.equal(file.read(), 'second');
    assert.equal(await changesAfter(() => rm(path)), 1);
    assert.throws(() => file.read(), /--nacos-password-file: '.*password' cannot be read/);
    assert.equal(await changesAfter(() => writeFile(path, 'third')), 1);
    file.stop();
    assert.equal(await changesAfter(() => writeFile(path, 'fourth')), 0);
    assert.deepEqual(clock.waitingMs, []);
  });
});
