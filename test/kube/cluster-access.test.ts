import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadClusterAccess } from '../../operator/kube/cluster-access.ts';
import { ConnectionPools } from '../../operator/kube/connection-pools.ts';

describe('access to a cluster by kubeconfig', () => {
  let dir: string;
  before(async () => (dir = await mkdtemp(join(tmpdir(), 'kubeconfig-'))));
  after(() => rm(dir, { recursive: true }));

  async function load(cluster: object, user: object, context: object = {}) {
    const file = join(dir, 'config');
    const config = {
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [{ name: 'c', cluster }],
      users: [{ name: 'u', user }],
      contexts: [{ name: 'x', context: { cluster: 'c', user: 'u', ...context } }],
      'current-context': 'x',
    };
    await writeFile(file, JSON.stringify(config));
    return loadClusterAccess(file);
  }
  const base64 = (text: string) => Buffer.from(text).toString('base64');
  const server = 'https://api.example:6443';

  it('takes server, namespace and proxy', async () => {
    const cluster = { server: `${server}/prefix/`, 'proxy-url': 'http://proxy.example:3128' };
    const access = await load(cluster, { token: 't' }, { namespace: 'team' });
    assert.equal(access.server, `${server}/prefix`);
    assert.equal(access.defaultNamespace, 'team');
    assert.equal(access.proxyUrl, 'http://proxy.example:3128');
    assert.equal((await load({ server }, { token: 't' })).defaultNamespace, 'default');
  });

  const headers: [what: string, user: object, authorization: string][] = [
    ['a token', { token: 't' }, 'Bearer t'],
    ['a password', { username: 'a', password: 'b' }, `Basic ${base64('a:b')}`],
    [
      'an exec plugin',
      { exec: { apiVersion: 'client.authentication.k8s.io/v1', command: 'echo', args: [execAnswer('e')] } },
      'Bearer e',
    ],
  ];
  for (const [what, user, authorization] of headers) {
    it(`sends ${what}`, async () => {
      const { headers: sent } = await (await load({ server }, user)).credentials();
      assert.equal(sent['Authorization'], authorization);
    });
  }

  it('reads a token file again, without its newline', async () => {
    const tokenFile = join(dir, 'token');
    await writeFile(tokenFile, 'first\n');
    const access = await load({ server }, { 'auth-provider': { name: 'tokenFile', config: { tokenFile } } });
    assert.equal((await access.credentials()).headers['Authorization'], 'Bearer first');
    await writeFile(tokenFile, 'second\n');
    assert.equal((await access.credentials()).headers['Authorization'], 'Bearer second');
  });

  it('takes certificates from data and from files beside the kubeconfig, and reads these again', async () => {
    await writeFile(join(dir, 'ca.crt'), 'first ca');
    const user = { 'client-certificate-data': base64('cert'), 'client-key-data': base64('key') };
    const access = await load({ server, 'certificate-authority': 'ca.crt', 'tls-server-name': 'name' }, user);
    const { tls } = await access.credentials();
    assert.deepEqual([tls.ca, tls.cert, tls.key].map(String), ['first ca', 'cert', 'key']);
    assert.equal(tls.servername, 'name');
    assert.equal(tls.rejectUnauthorized, undefined);
    await writeFile(join(dir, 'ca.crt'), 'second ca');
    assert.equal(String((await access.credentials()).tls.ca), 'second ca');
  });

  it('verifies certificates unless it is told not to', async () => {
    const access = await load({ server, 'insecure-skip-tls-verify': true }, { token: 't' });
    assert.equal((await access.credentials()).tls.rejectUnauthorized, false);
  });

  it('works with a server without TLS', async () => {
    const access = await load({ server: 'http://127.0.0.1:8001' }, { token: 't' });
    assert.equal((await access.credentials()).headers['Authorization'], 'Bearer t');
  });

  it('says which file cannot be read', () => {
    const file = join(dir, 'absent');
    assert.throws(() => loadClusterAccess(file), { code: 'INVALID_OPTION', message: new RegExp(`'${file}'`) });
  });
});

describe('connection pools', () => {
  it('are kept while certificates are the same byte for byte, and renewed when they change', async () => {
    const pools = new ConnectionPools({ maxConnections: 2, connectTimeoutMs: 1000 });
    const first = pools.for({ servername: 'a', rejectUnauthorized: false });
    assert.equal(pools.for({ servername: 'a', rejectUnauthorized: false }), first);
    assert.notEqual(pools.for({ servername: 'b', rejectUnauthorized: false }), first);
    const withCert = pools.for({ passphrase: 'x' });
    assert.equal(pools.for({ passphrase: 'x' }), withCert);
    await pools.close();
    assert.throws(() => pools.for({}), /closed/);
  });
});

function execAnswer(token: string): string {
  return JSON.stringify({ apiVersion: 'client.authentication.k8s.io/v1', kind: 'ExecCredential', status: { token } });
}
