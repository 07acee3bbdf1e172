/** The process as a kubelet and a person at a terminal see it: arguments, signals, exit codes. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { eventually } from '../eventually.ts';
import { Fleet } from '../acceptance/fleet.ts';
import { mainFile } from '../operator-process.ts';
import { nacosVersion, sharedWorld, startLimitMs } from './shared-world.ts';
import type { RealWorld } from './world.ts';

const drainLimitMs = 15_000;

describe(`the operator's process with Nacos ${nacosVersion}`, function () {
  this.timeout(60_000);
  let world: RealWorld;

  before(async function () {
    this.timeout(startLimitMs);
    world = await sharedWorld();
  });

  it('ends with 0 on SIGTERM while work is under way, and makes up for the rest after its next start', async () => {
    const fleet = await Fleet.create(world, 'drain');
    for (let number = 0; number < 20; number += 1) await fleet.declare(`config-${number}`, `content ${number}`);
    const beganMs = performance.now();
    const exit = await world.operator.end('SIGTERM');
    assert.deepEqual(exit, { code: 0, signal: null });
    assert.ok(performance.now() - beganMs < drainLimitMs);

    await world.operator.start();
    await eventually(15_000, () => fleet.assertConverged());
    await fleet.delete();
  });

  const refused: { args: string[]; env: Record<string, string>; names: string }[] = [
    { args: ['run', '--no-such-option=1'], env: {}, names: '--no-such-option' },
    { args: ['run', '--metrics-port=many'], env: {}, names: '--metrics-port' },
    { args: ['run'], env: { NACOS_BRIDGE_METRICS_PORT: '70000' }, names: 'NACOS_BRIDGE_METRICS_PORT' },
    { args: ['run', '--nacos=ftp://nacos:8848'], env: {}, names: '--nacos' },
    { args: ['run', '--nacos-password-file=/does/not/exist'], env: {}, names: '--nacos-password-file' },
    { args: ['no-such-command'], env: {}, names: 'no-such-command' },
    { args: ['validat'], env: {}, names: 'Did you mean validate?' },
    { args: ['run', '--metric-port=1'], env: {}, names: 'did you mean --metrics-port?' },
  ];
  for (const { args, env, names } of refused) {
    it(`ends with 2 and names ${names} when started as: ${[...Object.keys(env), ...args].join(' ')}`, async () => {
      const { code, stderr } = await runOperator(args, env);
      assert.equal(code, 2, stderr);
      assert.ok(stderr.includes(names), stderr);
    });
  }

  it('prints its version and its help and ends with 0', async () => {
    const version = await runOperator(['--version'], {});
    assert.equal(version.code, 0, version.stderr);
    assert.match(version.stdout, /\d+\.\d+\.\d+/);
    const help = await runOperator(['run', '-h'], {});
    assert.equal(help.code, 0, help.stderr);
    assert.match(help.stdout, /--nacos-password-file/);
  });
});

interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

function runOperator(args: readonly string[], env: Readonly<Record<string, string>>): Promise<Ended> {
  return new Promise((resolve) => {
    const options = { env: { ...process.env, ...env }, timeout: 20_000 };
    execFile(process.execPath, [mainFile, ...args], options, (error, stdout, stderr) => {
      const code = error === null ? 0 : typeof error.code === 'number' ? error.code : 1;
      resolve({ code, stdout, stderr });
    });
  });
}
