import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadPodAccess } from '../../operator/kube/pod-access.ts';

describe('access to a cluster from a pod', () => {
  const env = { KUBERNETES_SERVICE_HOST: '10.96.0.1', KUBERNETES_SERVICE_PORT: '6443' };
  let mount: string;
  const put = (files: Record<string, string>) =>
    Promise.all(Object.entries(files).map(([name, text]) => writeFile(join(mount, name), text)));

  beforeEach(async () => {
    mount = await mkdtemp(join(tmpdir(), 'service-account-'));
    await put({ token: 'first\n', 'ca.crt': 'authority\n', namespace: 'team\n' });
  });
  afterEach(() => rm(mount, { recursive: true }));

  it('takes server and namespace', () => {
    const access = loadPodAccess({ mount, env });
    assert.deepEqual([access?.server, access?.defaultNamespace], ['https://10.96.0.1:6443', 'team']);
  });

  it('writes an IPv6 address as a URL has it', () => {
    const access = loadPodAccess({ mount, env: { ...env, KUBERNETES_SERVICE_HOST: 'fd00::1' } });
    assert.equal(access?.server, 'https://[fd00::1]:6443');
  });

  it('takes the namespace default when none is mounted', async () => {
    await rm(join(mount, 'namespace'));
    assert.equal(loadPodAccess({ mount, env })?.defaultNamespace, 'default');
  });

  it('reads token and authority again, without their newlines', async () => {
    const access = loadPodAccess({ mount, env });
    const before = await access?.credentials();
    assert.deepEqual(before, { headers: { Authorization: 'Bearer first' }, tls: { ca: 'authority' } });
    await put({ token: 'second\n', 'ca.crt': 'another' });
    const after = await access?.credentials();
    assert.deepEqual(after, { headers: { Authorization: 'Bearer second' }, tls: { ca: 'another' } });
  });

  it('is none where the environment names no API server', () => {
    assert.equal(loadPodAccess({ mount, env: {} }), undefined);
  });

  it('is none where no token is mounted', async () => {
    await rm(join(mount, 'token'));
    assert.equal(loadPodAccess({ mount, env }), undefined);
  });
});
