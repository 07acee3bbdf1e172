/** A start that fails when caches are filled and connections to the API server are open: the process must end. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { readManifests } from '../../operator/admission/package-files.ts';
import { systemClock } from '../../operator/clock.ts';
import { silentLogger } from '../../operator/logger.ts';
import { startEmbeddedKubernetes } from '../../sandbox/kubernetes/embedded-kubernetes.ts';
import { mainFile } from '../operator-process.ts';
import type { KubeObject } from '../scenarios/backends.ts';
import { RestKubernetes } from '../scenarios/kubernetes-backend.ts';

describe('an operator whose start fails', () => {
  const started = new AsyncDisposableStack();

  after(() => started.disposeAsync());

  it('ends by itself, with its exit code and what to do', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'nacos-bridge-failed-start-'));
    started.defer(() => rm(dir, { recursive: true, force: true }));
    const kubernetes = await startEmbeddedKubernetes({ clock: systemClock, log: silentLogger });
    started.defer(() => kubernetes.stop());
    const kubeconfig = join(dir, 'kubeconfig');
    await writeFile(kubeconfig, kubernetes.kubeconfig, { mode: 0o600 });
    const rest = new RestKubernetes(kubeconfig);
    started.defer(() => rest.close());
    for (const object of await readManifests('crds')) await rest.apply(object as KubeObject);
    const args = [
      `--kubeconfig=${kubeconfig}`,
      '--nacos=127.0.0.1:9',
      '--nacos-username=nacos',
      `--nacos-password-file=${join(dir, 'missing')}`,
      '--lease-namespace=default',
      '--bind-address=127.0.0.1',
      '--metrics-port=0',
      '--health-port=0',
    ];
    const child = spawn(process.execPath, [mainFile, 'run', ...args], { stdio: ['ignore', 'ignore', 'pipe'] });
    started.defer(() => void child.kill('SIGKILL'));
    const [[code, signal], said] = await Promise.all([once(child, 'exit'), text(child.stderr)]);
    assert.deepEqual([code, signal], [2, null], said);
    assert.match(said, /cluster id/, 'the start must have begun');
    assert.match(said, /--nacos-password-file: '.*missing' cannot be read/);
  });
});
