/**
 * A client in a process of its own, which has nothing else to do: it stays alive while it waits for a server, and ends when
 * the client is stopped.
 */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { nacosServer, stopAll } from './client-for.ts';
import { until } from './until.ts';

const door = path.join(import.meta.dirname, '../../operator/nacos/index.ts');
const program = `
  import { NacosClient } from ${JSON.stringify(door)};
  const client = new NacosClient({ servers: [process.argv[1]] });
  client.onStateChange(({ kind }) => console.log(kind));
  process.once('SIGTERM', () => client.stop());
  client.start();
`;

describe('a process that only waits for Nacos', () => {
  let child: ChildProcess | undefined;

  afterEach(async () => {
    child?.kill('SIGKILL');
    await stopAll();
  });

  it('stays alive and tries again until it is told to stop', async () => {
    const nacos = await nacosServer();
    await nacos.stopServing();
    child = spawn(process.execPath, ['--input-type=module', '-e', program, `${nacos.host}:${nacos.port}`], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let told = '';
    child.stdout?.on('data', (text) => (told += String(text)));
    await until('no server', () => told.endsWith('disconnected\n'));
    await nacos.startServing();
    await until('found', () => told.endsWith('\nconnected\n'));
    await nacos.stopServing();
    await until('lost', () => told.endsWith('disconnected\n'));
    assert.equal(child.exitCode, null);
    const ended = once(child, 'exit');
    child.kill('SIGTERM');
    assert.deepEqual(await ended, [0, null]);
  });
});
