import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { freePortBlock, freePorts } from './ports.ts';

describe('free ports', () => {
  it('are all different, and below the ports that the system gives to outgoing connections', async () => {
    const ports = await freePorts(50);
    assert.equal(new Set(ports).size, 50);
    for (const port of ports) assert.ok(port >= 1024 && port < 32_768, String(port));
  });

  it('come as a block around one base, none of which is given out again', async () => {
    const offsets = [0, 1000, 1001, -1000];
    const blocks = await Promise.all([freePortBlock(offsets), freePortBlock(offsets), freePortBlock(offsets)]);
    const all = blocks.flatMap((base) => offsets.map((offset) => base + offset));
    assert.equal(new Set(all).size, all.length);
    for (const port of all) assert.ok(port >= 1024 && port < 32_768, String(port));
  });

  it('can be listened on', async () => {
    const [port = 0] = await freePorts(1);
    const server = createServer();
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject).listen({ host: '127.0.0.1', port }, resolve);
    });
    assert.equal((server.address() as AddressInfo).port, port);
    await new Promise((resolve) => server.close(resolve));
  });
});
