/**
 * An ordinary kubectl against the embedded Kubernetes API, step by step as a person works, and the same steps against a
 * real cluster: both must print the same. Where a command fails, each server has its own words: what these must name is
 * in the step.
 */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { contains, runStep } from './kubectl.ts';
import type { KubectlPlace, Printed } from './kubectl.ts';
import { startEmbeddedPlace, startRealPlace } from './kubectl-places.ts';
import type { RunningPlace } from './kubectl-places.ts';
import { chapters } from './kubectl-steps/chapters.ts';
import type { Step } from './kubectl-steps/step.ts';

const oldest = [1, 32] as const;

describe('an ordinary kubectl on the embedded cluster and on a real one', function () {
  this.timeout(60_000);

  let dir: string;
  let running: RunningPlace[] = [];
  let places: KubectlPlace[] = [];

  before(async function () {
    this.timeout(120_000);
    dir = await mkdtemp(join(tmpdir(), 'nacos-bridge-kubectl-'));
    running = await Promise.all([startRealPlace(), startEmbeddedPlace()]);
    places = running.map(({ title, kubeconfig }) => ({ title, kubeconfig, dir: join(dir, title) }));
    for (const { namespace } of chapters) {
      const input = JSON.stringify({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } });
      const step = { title: 'creates a namespace', run: 'create -f -', input };
      for (const place of places) assertShown(place.title, step, await runStep(place, 'default', step));
    }
  });

  after(async () => {
    for (const place of running) await place.stop();
    await rm(dir, { recursive: true, force: true });
  });

  it(`is of version ${oldest.join('.')} or newer`, async () => {
    const { stdout } = await promisify(execFile)('kubectl', ['version', '--client', '--output=json']);
    const { major, minor } = (JSON.parse(stdout) as { clientVersion: { major: string; minor: string } }).clientVersion;
    const isNewEnough = Number(major) > oldest[0] || Number.parseInt(minor) >= oldest[1];
    assert.ok(isNewEnough, `the kubectl on PATH is ${major}.${minor}`);
  });

  for (const { title, namespace, steps } of chapters) {
    describe(title, () => {
      for (const step of steps) {
        it(`kubectl ${step.title}`, async () => {
          const asked = places.filter(({ title }) => step.only === undefined || step.only === title);
          const printed = await Promise.all(asked.map((place) => runStep(place, namespace, step)));
          for (const [index, one] of printed.entries()) assertShown(asked[index]!.title, step, one);
          if (step.compare === 'shown' || asked.length === 1) return;
          const [real, ...others] = printed.map(({ code, stdout, stderr }) =>
            code === 0 ? { stdout, stderr } : { stdout },
          );
          for (const other of others)
            assert.deepEqual(other, real, `kubectl ${step.run}: the embedded cluster differs`);
        });
      }
    });
  }
});

function assertShown(place: string, { run, code = 0, shows = [], hides = [] }: Step, printed: Printed): void {
  const text = `${printed.stdout}${printed.stderr}`;
  const where = `${place}: kubectl ${run}\n${text}`;
  assert.equal(printed.code, code, where);
  for (const part of shows) assert.ok(contains(text, part), `${String(part)} is missing\n${where}`);
  for (const part of hides) assert.ok(!contains(text, part), `${part} must not be there\n${where}`);
}
