/**
 * A real Nacos server without authentication, as many run it: it starts, takes everything from anybody, and refuses what is
 * over its limit.
 */
import assert from 'node:assert/strict';
import { isBridgeError } from '../../operator/errors.ts';
import { startAuthorClient } from '../scenarios/author-client.ts';
import { startNacos } from '../testbed/nacos.ts';
import { eventually } from '../eventually.ts';

for (const version of ['3.1', '2.3'] as const) {
  it(`a real Nacos ${version} without authentication starts and serves clients that do not log in`, async () => {
    await using started = new AsyncDisposableStack();
    const nacos = await startNacos(version, { auth: false, maxMessageBytes: 1024 * 1024 });
    started.defer(() => nacos.stop());
    const { host, port, grpcPort } = nacos;
    const client = startAuthorClient({ host, port, grpcPort });
    started.defer(() => client.stop());
    const key = { namespaceId: '', group: 'open', dataId: 'a' };
    await client.config.publish(key, 'text', { type: 'text', cas: 'create-only' });
    assert.equal((await nacos.admin.getConfig('', 'open', 'a'))?.content, 'text');
    await nacos.admin.publish('', 'open', 'a', 'by the admin API');
    const large = client.config.publish(key, 'x'.repeat(2 * 1024 * 1024), { type: 'text', cas: 'none' });
    // Tried again it could only be refused again.
    await assert.rejects(
      large,
      (error) => isBridgeError(error, 'NACOS_INVALID') && /limit|maximum/.test(error.message),
    );
    await eventually(20_000, async () => assert.equal((await client.config.query(key))?.content, 'by the admin API'));
  });
}
