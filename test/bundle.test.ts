/** The image runs a bundle: there a thread, a library that is loaded late and the CRDs are found in another place. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const root = join(import.meta.dirname, '..');

describe('the bundle', () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'nacos-bridge-bundle-'));
    await promisify(execFile)(process.execPath, [join(root, 'scripts/bundle.ts'), join(folder, 'dist')]);
    for (const name of ['package.json', 'crds']) await cp(join(root, name), join(folder, name), { recursive: true });
  }).timeout(60_000);
  after(() => rm(folder, { recursive: true, force: true }));

  it('judges by the CRDs, and contents in threads', async () => {
    const file = join(folder, 'config.yaml');
    const spec = { group: 'G', content: '1', validation: { jsonSchema: { type: 'string' } } };
    const metadata = { name: 'app.json', namespace: 'shop' };
    const config = { apiVersion: 'bridge.nacos.io/v1alpha1', kind: 'NacosConfig', metadata, spec };
    await writeFile(file, JSON.stringify(config));
    assert.match(
      (await run('validate', file)).stdout,
      /spec\.content: .*`spec\.validation\.jsonSchema`.*must be string/,
    );
    await writeFile(file, JSON.stringify({ ...config, spec: { ...spec, group: 'not legal' } }));
    assert.match((await run('validate', file)).stdout, /spec\.group: .*not legal/);
  });

  it('reads kubeconfigs', async () => {
    const kubeconfig = join(folder, 'kubeconfig');
    await writeFile(kubeconfig, '{');
    const { stderr } = await run('run', '--nacos', '127.0.0.1', '--kubeconfig', kubeconfig);
    assert.match(stderr, /the kubeconfig in '.*' cannot be read/);
  });

  it('names the license of each package that is in it', async () => {
    const text = await readFile(join(folder, 'dist/THIRD-PARTY-LICENSES.txt'), 'utf8');
    assert.match(text, /^@grpc\/grpc-js \S+, license: Apache-2\.0\n[^]*Apache License/m);
    assert.match(text, /^winston \S+, license: MIT\n[^]*Permission is hereby granted/m);
    assert.doesNotMatch(text, /license: undefined/);
  });

  async function run(...args: string[]): Promise<{ stdout: string; stderr: string }> {
    const main = join(folder, 'dist/operator/main.js');
    try {
      return await promisify(execFile)(process.execPath, [main, ...args], { cwd: folder, env: {} });
    } catch (error) {
      return error as { stdout: string; stderr: string };
    }
  }
});
