/** The sandbox on embedded servers: as a person starts it, and with a Nacos that does something wrong. */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { isBridgeError } from '../../../operator/errors.ts';
import { runSandbox } from '../../../sandbox/demonstration/command.ts';
import { roundTrip, setUp } from '../../../sandbox/demonstration/round-trip/round-trip.ts';
import { FaultScript } from '../../../sandbox/fault-script.ts';
import { compileSandboxOptions, createSandboxCommand } from '../../../sandbox/sandbox-options.ts';
import { SandboxProcess } from './sandbox-process.ts';

describe('the sandbox', function () {
  this.slow(10_000);

  it('checks the whole round trip once and ends with 0', async () => {
    const { code, stdout, stderr } = await SandboxProcess.start(['--once']).ended;
    assert.equal(code, 0, stdout + stderr);
    const lines = stdout.trimEnd().split('\n');
    const names = [...setUp, ...roundTrip].map(({ name }) => name);
    assert.deepEqual(
      lines.slice(0, -1).map((line) => /^ok {4}(.*) \(\d+ ms\)/.exec(line)?.[1]),
      names,
    );
    assert.match(lines.at(-1) ?? '', new RegExp(`^${names.length} ok, 0 failed, in [\\d.]+ s$`));
  });

  it('ends with 1 and names what failed when Nacos takes no instances and removes no configs', async () => {
    const refused = { kind: 'status', status: 500 } as const;
    const faults = new FaultScript([
      { on: 'BatchInstanceRequest', fault: refused },
      { on: 'ConfigRemoveRequest', fault: refused },
    ]);
    const { code, printed } = await runInProcess(['--once'], faults);
    assert.match(
      printed,
      /^FAIL {2}the instances of an exported Service are in Nacos .*: shop\/shop.orders has no instance/m,
    );
    assert.match(
      printed,
      /^FAIL {2}the dataId of a NacosConfig that is deleted leaves Nacos .*: NacosConfig orders.yaml is/m,
    );
    assert.match(printed, /^the operator says: /m);
    assert.match(printed, /^\d+ ok, [1-9]\d* failed/m);
    assert.equal(code, 1);
  });

  it('runs beside another one but not in its folder, shows every change, and leaves nothing behind', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'nacos-bridge-test-'));
    const [one, other] = [SandboxProcess.start(['--dir', dir]), SandboxProcess.start([])];
    const [, folder = ''] = await other.printed(/export KUBECONFIG=(\S+)\/kubeconfig/);
    await one.printed(new RegExp(`export KUBECONFIG=${dir}/kubeconfig`));
    for (const sandbox of [one, other]) {
      await sandbox.printed(
        /ncfg\/orders\.yaml {2}Kubernetes: InSync; Nacos: 57 bytes at shop\/orders\.yaml \(lag \d+ ms\)/,
      );
      await sandbox.printed(/svc\/storefront {2}Kubernetes: 1 ready; Nacos: 1 healthy at shop\/storefront/);
    }
    const intruder = await SandboxProcess.start(['--dir', dir]).ended;
    assert.match(intruder.stderr, /--dir: '.*' is in use by another sandbox \(process \d+\); choose another by --dir/);
    assert.equal(intruder.code, 2);

    assert.ok(existsSync(folder));
    one.signal('SIGTERM');
    other.signal('SIGINT');
    for (const { code, stdout, stderr } of [await one.ended, await other.ended]) assert.equal(code, 0, stdout + stderr);
    assert.equal(existsSync(folder), false);
    // It was there before.
    assert.deepEqual(await readdir(dir), ['operator.log']);
    await rm(dir, { recursive: true });
  });

  describe('with a port that is taken', () => {
    let taken: Server;
    let port: number;

    before(async () => {
      const { promise, resolve } = Promise.withResolvers<void>();
      taken = createServer().listen(0, '127.0.0.1', resolve);
      await promise;
      ({ port } = taken.address() as AddressInfo);
    });

    after(() => {
      taken.close();
    });

    const flags: { flag: string; offset?: number }[] = [
      { flag: '--kubernetes-port' },
      { flag: '--nacos-port' },
      { flag: '--nacos-port', offset: -1000 },
      { flag: '--metrics-port' },
      { flag: '--health-port' },
    ];
    for (const { flag, offset = 0 } of flags) {
      it(`is refused with ${flag}${offset || ''}, and the port and the flag are named`, async () => {
        await assert.rejects(runInProcess([flag, String(port + offset)]), (error: unknown) => {
          assert.ok(isBridgeError(error, 'INVALID_OPTION'));
          assert.ok(error.message.includes(flag) && error.message.includes(`port ${port}`), error.message);
          assert.match(error.message, /is taken; choose another, or 0 for a free one/);
          return true;
        });
      });
    }
  });
});

/** What fails here fails soon. */
async function runInProcess(args: string[], nacosFaults?: FaultScript): Promise<{ code: number; printed: string }> {
  const options = compileSandboxOptions(createSandboxCommand().parse(args, { from: 'user' }), {});
  const output = new PassThrough();
  const printed = text(output);
  const { signal } = new AbortController();
  try {
    const code = await runSandbox({ options, version: 'test', signal, output, nacosFaults, limitMs: 3000 });
    output.end();
    return { code, printed: await printed };
  } finally {
    output.end();
  }
}
