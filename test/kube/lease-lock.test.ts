import assert from 'node:assert/strict';
import type { KubeClient } from '../../operator/kube/client.ts';
import { KubeLeaseLock } from '../../operator/kube/lease-lock.ts';
import { clientFor } from './client-for.ts';
import { FakeApiServer, status } from './fake-api-server.ts';

const time = '2026-01-01T00:00:00.000000Z';
const spec = {
  holderIdentity: 'me',
  leaseDurationSeconds: 15,
  acquireTime: time,
  renewTime: time,
  leaseTransitions: 2,
};
const metadata = { name: 'lock', namespace: 'n', resourceVersion: '7', labels: { team: 'a' } };

describe('a lease lock', () => {
  let server: FakeApiServer;
  let client: KubeClient;
  let lock: KubeLeaseLock;
  beforeEach(async () => {
    server = await FakeApiServer.start();
    client = clientFor(server);
    lock = new KubeLeaseLock({ client, namespace: 'n', name: 'lock', fieldManager: 'ours' });
  });
  afterEach(async () => {
    await client.close();
    await server.stop();
  });

  it('reads what is there, and nothing when there is none', async () => {
    server.answer(() => ({ status: 200, body: { metadata, spec } }));
    assert.deepEqual(await lock.get(), { ...spec, resourceVersion: '7' });
    server.answer(() => ({ status: 404, body: status(404, 'NotFound', 'none', { name: 'lock' }) }));
    assert.equal(await lock.get(), undefined);
    assert.equal(lock.describe(), 'n/lock');
  });

  it('updates with the version as precondition, without a holder when released, and keeps what others put on it', async () => {
    server.answer(() => ({ status: 200, body: { metadata, spec } }));
    const record = await lock.get();
    assert.ok(record);
    await lock.update({ ...record, holderIdentity: '' });
    const request = server.requests[1];
    assert.equal(`${request?.method} ${request?.path}`, 'PUT /apis/coordination.k8s.io/v1/namespaces/n/leases/lock');
    const { holderIdentity: _, ...released } = spec;
    assert.deepEqual(JSON.parse(request?.body ?? ''), {
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata,
      spec: released,
    });
  });

  for (const [title, act] of [
    ['creates', () => lock.create(spec)],
    ['updates', () => lock.update({ ...spec, resourceVersion: '6' })],
  ] as const) {
    it(`says so when somebody else ${title} it first`, async () => {
      server.answer(() => ({ status: 409, body: status(409, 'Conflict') }));
      await assert.rejects(act(), { code: 'KUBE_CONFLICT' });
      assert.equal(server.requests.length, 1);
    });
  }
});
