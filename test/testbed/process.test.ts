import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { ServerProcess, waitUntil } from './process.ts';

describe('a server process', () => {
  let dir: string;

  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'testbed-process-'));
  });

  afterEach(async () => {
    await rm(dir, { recursive: true, force: true });
  });

  const shell = (script: string, onDeath?: (report: string) => void): ServerProcess =>
    new ServerProcess({ name: 'a server', command: 'sh', args: ['-c', script], logFile: join(dir, 'log'), onDeath });

  it('reports a death that nobody asked for, with the end of its log', async () => {
    const report = await new Promise<string>((resolve) => shell('echo first; echo cannot bind >&2; exit 3', resolve));
    assert.match(report, /^a server ended with code 3; the end of .*log:\nfirst\ncannot bind$/);
  });

  it('reports nothing when it is ended on request', async () => {
    const reports: string[] = [];
    const server = shell('sleep 60', (report) => reports.push(report));
    await server.end();
    assert.deepEqual(await server.exited, { code: null, signal: 'SIGTERM' });
    assert.deepEqual(reports, []);
  });

  it('is killed when it does not heed the signal within the grace', async () => {
    const server = shell("trap '' TERM; echo ready; while :; do sleep 1; done");
    await waitUntil('trap', [server], async () => (await server.tail()) === 'ready');
    await server.end('SIGTERM', 50);
    assert.deepEqual(await server.exited, { code: null, signal: 'SIGKILL' });
  });

  it('ends although it is frozen', async () => {
    const server = shell('sleep 60');
    server.signal('SIGSTOP');
    await server.end('SIGTERM');
    assert.equal(server.isRunning, false);
  });

  it('says so when its command does not exist', async () => {
    const missing = { name: 'no server', command: join(dir, 'absent'), args: [], logFile: join(dir, 'log') };
    const server = new ServerProcess(missing);
    await assert.rejects(
      waitUntil('start', [server], async () => false),
      /no server ended with code 127/,
    );
  });

  it('stops a wait as soon as it dies', async () => {
    const server = shell('echo no space left; exit 1');
    await assert.rejects(
      waitUntil('start', [server], async () => false),
      /a server ended with code 1.*no space left/s,
    );
  });

  it('does not outlive a test process that is killed', async () => {
    const script = `
      import { ServerProcess } from ${JSON.stringify(join(import.meta.dirname, 'process.ts'))};
      const server = new ServerProcess({ name: 's', command: 'sleep', args: ['60'], logFile: ${JSON.stringify(join(dir, 'log'))} });
      console.log(server.pid);
      setInterval(() => {}, 1000);`;
    const test = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [line] = (await once(createInterface(test.stdout), 'line')) as [string];
    const pid = Number(line);
    assert.ok(isAlive(pid));
    test.kill('SIGKILL');
    await waitUntil('end of the server', [], async () => !isAlive(pid));
  });
});

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
